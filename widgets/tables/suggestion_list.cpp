#include "widgets/tables/suggestion_list.h"

#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QEvent>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QStandardItemModel>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>

namespace athanor::widgets {
namespace {

constexpr int kDetail = Qt::UserRole + 1;
constexpr int kRow = 28;
constexpr int kMostRows = 9;
constexpr int kWidth = 460;
constexpr int kLeastText = 100;

class SuggestionCell final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
    return {kLeastText, kRow};
  }
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Theme& theme = current_theme();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (option.state & QStyle::State_Selected) {
      painter->setPen(Qt::NoPen);
      painter->setBrush(theme.color(Role::accent_soft));
      painter->drawRoundedRect(option.rect.adjusted(4, 1, -4, -1), 5, 5);
    }
    const QRect box = option.rect.adjusted(12, 0, -12, 0);
    painter->setFont(option.font);
    painter->setPen(theme.color(Role::text));
    const QString text = index.data().toString();
    painter->drawText(box, Qt::AlignLeft | Qt::AlignVCenter, text);
    const int used = painter->fontMetrics().horizontalAdvance(text) + 16;
    painter->setFont(scaled(option.font, 0.88));
    painter->setPen(theme.color(Role::muted));
    paint_elided(*painter, box.adjusted(used, 0, 0, 0), Qt::AlignRight | Qt::AlignVCenter,
                 index.data(kDetail).toString());
    painter->restore();
  }
};

}  // namespace

SuggestionList::SuggestionList(QLineEdit* line, Source source)
    : QFrame(line, Qt::ToolTip), line_(line), source_(std::move(source)) {
  setObjectName(QStringLiteral("suggestions"));
  setFocusPolicy(Qt::NoFocus);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(1, 4, 1, 4);
  model_ = new QStandardItemModel(this);
  list_ = new QListView(this);
  list_->setModel(model_);
  list_->setItemDelegate(new SuggestionCell(list_));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setUniformItemSizes(true);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setAccessibleName(tr("What could be written here"));
  layout->addWidget(list_);
  connect(list_, &QListView::clicked, this, [this](const QModelIndex& index) {
    choose(index.row());
    accept();
  });
  connect(line_, &QLineEdit::textEdited, this, [this] { show_suggestions(false); });
  line_->installEventFilter(this);
  hide();
}

void SuggestionList::offer() { show_suggestions(true); }

void SuggestionList::show_suggestions(bool also_for_nothing) {
  if (accepting_) return;
  now_ = source_(line_->text(), line_->cursorPosition());
  if (now_.all.empty() || (now_.begin == now_.end && !also_for_nothing)) return hide();
  model_->clear();
  for (const Suggestion& each : now_.all) {
    auto* item = new QStandardItem(each.text);
    item->setData(each.detail, kDetail);
    item->setAccessibleText(each.detail.isEmpty() ? each.text : each.text + QStringLiteral(": ") + each.detail);
    model_->appendRow(item);
  }
  list_->clearSelection();
  list_->setCurrentIndex({});
  place();
  show();
}

void SuggestionList::place() {
  const int rows = std::min(kMostRows, model_->rowCount());
  resize(std::max(kWidth, line_->width()), rows * kRow + 12);
  move(line_->mapToGlobal(QPoint(line_->width() - width(), line_->height() + 3)));
}

int SuggestionList::count() const { return isVisible() ? model_->rowCount() : 0; }

QString SuggestionList::chosen() const {
  return isVisible() && list_->currentIndex().isValid() ? list_->currentIndex().data().toString() : QString();
}

void SuggestionList::choose(int row) {
  const int rows = model_->rowCount();
  const QModelIndex index = model_->index((row + rows) % rows, 0);
  list_->setCurrentIndex(index);
  list_->scrollTo(index);
}

bool SuggestionList::take_key(int key) {
  if (!isVisible()) return false;
  const int row = list_->currentIndex().row();
  switch (key) {
    case Qt::Key_Down: choose(row + 1); return true;
    case Qt::Key_Up: choose(row < 0 ? -1 : row - 1); return true;
    case Qt::Key_Escape: hide(); return true;
    case Qt::Key_Tab:
      if (row < 0) choose(0);
      accept();
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (row < 0) {
        hide();
        return false;
      }
      accept();
      return true;
    default: return false;
  }
}

void SuggestionList::accept() {
  const QString text = chosen();
  hide();
  if (text.isEmpty()) return;
  accepting_ = true;
  line_->setSelection(now_.begin, now_.end - now_.begin);
  line_->insert(text);  // one step of the line's undo
  accepting_ = false;
}

bool SuggestionList::eventFilter(QObject* watched, QEvent* event) {
  if (watched == line_ && (event->type() == QEvent::FocusOut || event->type() == QEvent::Hide)) hide();
  return QFrame::eventFilter(watched, event);
}

}  // namespace athanor::widgets
