#include "widgets/log/log_view.h"

#include "widgets/common/glyph.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/log/log_ring.h"
#include "widgets/parts/text_paint.h"
#include "widgets/tables/search_line.h"

#include <QClipboard>
#include <QDateTime>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QListView>
#include <QPainter>
#include <QScrollBar>
#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr int kRow = 20;

constexpr int kPad = 8;
constexpr int kGap = 12;   // after the time
constexpr int kMark = 20;  // before what is not information

class LogDelegate final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  // Of the widest line so far: all rows are as wide, and the list scrolls to its end.
  int widest = 0;
  [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
    return {std::max(200, widest), kRow};
  }
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Theme& theme = current_theme();
    painter->save();
    if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, theme.color(Role::accent_soft));
    const auto level = static_cast<LogLevel>(index.data(LogRing::level_role).toInt());
    painter->setFont(option.font);
    painter->setPen(theme.color(Role::muted));
    const QString time =
        QDateTime::fromMSecsSinceEpoch(index.data(LogRing::time_role).toLongLong()).toString(u"HH:mm:ss"_s);
    QRect box = option.rect.adjusted(kPad, 0, -kPad, 0);
    const int time_width = painter->fontMetrics().horizontalAdvance(u"00:00:00"_s);
    painter->drawText(box, Qt::AlignLeft | Qt::AlignVCenter, time);
    box.setLeft(box.left() + time_width + kGap);
    if (level != LogLevel::info) {
      const QColor tone = theme.color(level == LogLevel::error ? Role::bad : Role::warning);
      paint_glyph(*painter, QRectF(box.left(), box.center().y() - 6, 14, 14),
                  level == LogLevel::error ? Glyph::error : Glyph::warning, tone);
      painter->setPen(tone);
      box.setLeft(box.left() + kMark);
    } else {
      painter->setPen(theme.color(Role::text));
    }
    paint_elided(*painter, box, Qt::AlignLeft | Qt::AlignVCenter, index.data().toString());
    painter->restore();
  }
};

}  // namespace

LogView::LogView(LogRing* ring, QWidget* parent) : QWidget(parent), ring_(ring) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  auto* top = new QHBoxLayout;
  search_ = new SearchLine(tr("Search the log"), this);
  top->addWidget(search_, 1);
  count_ = new QLabel(this);
  count_->setForegroundRole(QPalette::PlaceholderText);
  top->addWidget(count_);
  layout->addLayout(top);
  filter_ = new QSortFilterProxyModel(this);
  filter_->setFilterCaseSensitivity(Qt::CaseInsensitive);
  filter_->setSourceModel(ring_);
  list_ = new QListView(this);
  list_->setModel(filter_);
  list_->setUniformItemSizes(true);
  delegate_ = new LogDelegate(list_);
  list_->setItemDelegate(delegate_);
  list_->setFont(monospace_font(font().pointSizeF() * 0.9));
  list_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  list_->setAccessibleName(tr("Log lines"));
  list_->setMinimumHeight(96);
  list_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  layout->addWidget(list_, 1);
  connect(search_, &SearchLine::search_changed, this, [this](const QString& text) {
    filter_->setFilterFixedString(text);
    update_count();
  });
  connect(filter_, &QAbstractItemModel::rowsAboutToBeInserted, this, [this] {
    const QScrollBar* bar = list_->verticalScrollBar();
    follow_ = bar->value() >= bar->maximum() - 2;
  });
  connect(filter_, &QAbstractItemModel::rowsInserted, this, [this] {
    update_count();
    if (follow_) list_->scrollToBottom();
  });
  connect(ring_, &QAbstractItemModel::rowsInserted, this,
          [this](const QModelIndex&, int first, int last) { make_room(first, last); });
  connect(ring_, &QAbstractItemModel::modelReset, this, [this] {
    update_count();
    static_cast<LogDelegate*>(delegate_)->widest = 0;
    make_room(0, ring_->rowCount() - 1);
  });
  make_room(0, ring_->rowCount() - 1);
  update_count();
}

void LogView::make_room(int first, int last) {
  auto* delegate = static_cast<LogDelegate*>(delegate_);
  const QFontMetrics metrics(list_->font());
  const int before = kPad + metrics.horizontalAdvance(u"00:00:00"_s) + kGap + kMark;
  int widest = delegate->widest;
  for (int row = first; row <= last; ++row)
    widest = std::max(widest, before + metrics.horizontalAdvance(ring_->index(row).data().toString()) + kPad);
  if (widest == delegate->widest) return;
  delegate->widest = widest;
  Q_EMIT delegate->sizeHintChanged({});
  // A bar that appears below covers the last line.
  QTimer::singleShot(0, this, [this] {
    if (follow_) list_->scrollToBottom();
  });
}

int LogView::shown_rows() const { return filter_->rowCount(); }

void LogView::update_count() {
  const int all = ring_->rowCount();
  const int shown = filter_->rowCount();
  count_->setText(all == 0       ? QString()
                  : shown == all ? tr("%n line(s)", nullptr, all)
                                 : tr("%1 of %2 lines").arg(shown).arg(all));
}

void LogView::keyPressEvent(QKeyEvent* event) {
  if (event->matches(QKeySequence::Copy))
    copy_selection();
  else
    QWidget::keyPressEvent(event);
}

void LogView::copy_selection() {
  QModelIndexList rows = list_->selectionModel()->selectedRows();
  std::sort(rows.begin(), rows.end());
  QStringList lines;
  for (const QModelIndex& row : rows) lines << row.data(Qt::ToolTipRole).toString();
  if (!lines.isEmpty()) QGuiApplication::clipboard()->setText(lines.join(u'\n'));
}

}  // namespace athanor::widgets
