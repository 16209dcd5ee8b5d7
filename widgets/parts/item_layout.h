// What every layout of a list of items has in common: keeping them. A layout adds where they go.
#pragma once

#include <QLayout>

#include <vector>

namespace athanor::widgets {

class ItemLayout : public QLayout {
 public:
  explicit ItemLayout(QWidget* parent) : QLayout(parent) { setContentsMargins(0, 0, 0, 0); }
  ~ItemLayout() override {
    for (QLayoutItem* item : items_) delete item;
  }
  void addItem(QLayoutItem* item) final { items_.push_back(item); }  // takes ownership
  [[nodiscard]] int count() const final { return static_cast<int>(items_.size()); }
  [[nodiscard]] QLayoutItem* itemAt(int index) const final {
    return index >= 0 && index < count() ? items_[static_cast<std::size_t>(index)] : nullptr;
  }
  QLayoutItem* takeAt(int index) final {
    QLayoutItem* item = itemAt(index);
    if (item) items_.erase(items_.begin() + index);
    return item;
  }
  [[nodiscard]] bool hasHeightForWidth() const final { return true; }

 protected:
  [[nodiscard]] const std::vector<QLayoutItem*>& items() const { return items_; }

 private:
  std::vector<QLayoutItem*> items_;
};

}  // namespace athanor::widgets
