#include "widgets/parts/painted_items.h"

#include <QAccessibleWidget>
#include <QWidget>

#include <algorithm>

namespace athanor::widgets {
namespace {

class ItemAccess;

// The widget's own interface: its painted items first, then its child widgets.
class ItemsAccess final : public QAccessibleWidget {
 public:
  ItemsAccess(QWidget* widget, const PaintedItems* items)
      : QAccessibleWidget(widget, items->painted_role()), items_(items) {}
  ~ItemsAccess() override {
    for (const QAccessible::Id id : made_) QAccessible::deleteAccessibleInterface(id);
  }

  [[nodiscard]] std::vector<PaintedItem> items() const {
    return widget() ? items_->painted_items() : std::vector<PaintedItem>();
  }
  [[nodiscard]] int item_count() const { return static_cast<int>(items().size()); }
  [[nodiscard]] QRect on_screen(const QRect& box) const { return {widget()->mapToGlobal(box.topLeft()), box.size()}; }

  [[nodiscard]] int childCount() const override { return item_count() + QAccessibleWidget::childCount(); }
  [[nodiscard]] QAccessibleInterface* child(int index) const override;
  [[nodiscard]] QAccessibleInterface* childAt(int x, int y) const override;
  [[nodiscard]] int indexOfChild(const QAccessibleInterface* child) const override;
  [[nodiscard]] QString text(QAccessible::Text kind) const override {
    if (kind == QAccessible::Value && widget()) return items_->painted_value();
    return QAccessibleWidget::text(kind);
  }

 private:
  const PaintedItems* items_;
  mutable std::vector<QAccessible::Id> made_;  // by index; made when asked for
};

class ItemAccess final : public QAccessibleInterface {
 public:
  ItemAccess(const ItemsAccess* owner, int index) : owner_(owner), index_(index) {}

  [[nodiscard]] bool isValid() const override { return owner_->isValid() && index_ < owner_->item_count(); }
  [[nodiscard]] QObject* object() const override { return nullptr; }
  [[nodiscard]] QWindow* window() const override { return owner_->window(); }
  [[nodiscard]] QAccessibleInterface* parent() const override { return const_cast<ItemsAccess*>(owner_); }
  [[nodiscard]] QAccessibleInterface* child(int) const override { return nullptr; }
  [[nodiscard]] QAccessibleInterface* childAt(int, int) const override { return nullptr; }
  [[nodiscard]] int childCount() const override { return 0; }
  [[nodiscard]] int indexOfChild(const QAccessibleInterface*) const override { return -1; }
  [[nodiscard]] QString text(QAccessible::Text kind) const override {
    if (kind == QAccessible::Name) return item().name;
    if (kind == QAccessible::Value || kind == QAccessible::Description) return item().value;
    return {};
  }
  void setText(QAccessible::Text, const QString&) override {}
  [[nodiscard]] QRect rect() const override { return isValid() ? owner_->on_screen(item().box) : QRect(); }
  [[nodiscard]] QAccessible::Role role() const override { return item().role; }
  [[nodiscard]] QAccessible::State state() const override {
    QAccessible::State state;
    state.readOnly = true;
    state.invisible = !isValid();
    state.selected = isValid() && item().current;
    return state;
  }
  [[nodiscard]] int index() const { return index_; }
  [[nodiscard]] const ItemsAccess* owner() const { return owner_; }

 private:
  [[nodiscard]] PaintedItem item() const {
    const std::vector<PaintedItem> all = owner_->items();
    return index_ < static_cast<int>(all.size()) ? all[static_cast<std::size_t>(index_)] : PaintedItem();
  }

  const ItemsAccess* owner_;
  int index_;
};

QAccessibleInterface* ItemsAccess::child(int index) const {
  const int own = item_count();
  if (index >= own) return QAccessibleWidget::child(index - own);
  if (index < 0) return nullptr;
  while (static_cast<int>(made_.size()) <= index)
    made_.push_back(QAccessible::registerAccessibleInterface(new ItemAccess(this, static_cast<int>(made_.size()))));
  return QAccessible::accessibleInterface(made_[static_cast<std::size_t>(index)]);
}

QAccessibleInterface* ItemsAccess::childAt(int x, int y) const {
  if (QAccessibleInterface* inner = QAccessibleWidget::childAt(x, y)) return inner;
  const std::vector<PaintedItem> all = items();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const PaintedItem& item) { return on_screen(item.box).contains(x, y); });
  return found == all.end() ? nullptr : child(static_cast<int>(found - all.begin()));
}

int ItemsAccess::indexOfChild(const QAccessibleInterface* child) const {
  if (const auto* item = dynamic_cast<const ItemAccess*>(child)) return item->owner() == this ? item->index() : -1;
  const int inner = QAccessibleWidget::indexOfChild(child);
  return inner < 0 ? -1 : inner + item_count();
}

QAccessibleInterface* interface_for(const QString& class_name, QObject* object) {
  auto* widget = qobject_cast<QWidget*>(object);
  // Asked once per class a widget derives from: answered for its own.
  if (!widget || class_name != QLatin1String(object->metaObject()->className())) return nullptr;
  const auto* items = dynamic_cast<const PaintedItems*>(widget);
  return items ? new ItemsAccess(widget, items) : nullptr;
}

}  // namespace

void announce_painted_items() {
  static const bool kInstalled = [] {
    QAccessible::installFactory(interface_for);
    return true;
  }();
  static_cast<void>(kInstalled);
}

}  // namespace athanor::widgets
