#include "widgets/relations/ranked_bars.h"

#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <utility>

namespace athanor::widgets {
namespace {

constexpr int kRow = 36;
constexpr int kBar = 5;
constexpr int kSide = 8;

}  // namespace

RankedBars::RankedBars(QWidget* parent) : QWidget(parent) {
  announce_painted_items();
  setFocusPolicy(Qt::StrongFocus);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Minimum);
}

void RankedBars::show(std::vector<RankedBar> bars) {
  bars_ = std::move(bars);
  current_ = std::min(current_, static_cast<int>(bars_.size()) - 1);
  updateGeometry();
  update();
}

void RankedBars::set_empty_text(const QString& text) {
  empty_text_ = text;
  update();
}

void RankedBars::set_current(int index) {
  current_ = index < static_cast<int>(bars_.size()) ? index : -1;
  update();
}

QSize RankedBars::sizeHint() const { return {280, kRow * std::max(2, static_cast<int>(bars_.size()))}; }
QSize RankedBars::minimumSizeHint() const { return {180, sizeHint().height()}; }

QRect RankedBars::row(int index) const { return {0, kRow * index, width(), kRow}; }

std::vector<PaintedItem> RankedBars::painted_items() const {
  std::vector<PaintedItem> items;
  for (int i = 0; i < static_cast<int>(bars_.size()); ++i) {
    const RankedBar& bar = bars_[static_cast<std::size_t>(i)];
    items.push_back({bar.title, bar.text, row(i), QAccessible::ListItem, i == current_});
  }
  return items;
}

void RankedBars::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  if (bars_.empty()) {
    painter.setPen(theme.color(Role::muted));
    painter.drawText(rect().adjusted(kSide, 0, -kSide, 0), Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap,
                     empty_text_);
    return;
  }
  for (int i = 0; i < static_cast<int>(bars_.size()); ++i) {
    const RankedBar& bar = bars_[static_cast<std::size_t>(i)];
    if (i == current_) {
      painter.setPen(hasFocus() ? QPen(theme.color(Role::accent), theme.focus_line()) : QPen(Qt::NoPen));
      painter.setBrush(theme.color(Role::accent_soft));
      painter.drawRoundedRect(QRectF(row(i)).adjusted(0.5, 0.5, -0.5, -2.5), 4, 4);
    }
    const QRect box = row(i).adjusted(kSide, 3, -kSide, -3);
    const QRect words(box.left(), box.top(), box.width(), 20);
    painter.setFont(tabular_font(font()));
    painter.setPen(theme.color(Role::muted));
    painter.drawText(words, Qt::AlignRight | Qt::AlignVCenter, bar.text);
    const int used = painter.fontMetrics().horizontalAdvance(bar.text) + kSide;
    painter.setFont(font());
    painter.setPen(theme.color(Role::text));
    paint_elided(painter, words.adjusted(0, 0, -used, 0), Qt::AlignLeft | Qt::AlignVCenter, bar.title);
    const QRectF track(box.left(), box.bottom() - kBar - 1, box.width(), kBar);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.color(Role::grid));
    painter.drawRoundedRect(track, kBar / 2.0, kBar / 2.0);
    painter.setBrush(theme.series(bar.colour));
    const double width = std::max<double>(kBar, track.width() * std::clamp(bar.share, 0.0, 1.0));
    painter.drawRoundedRect(QRectF(track.left(), track.top(), width, kBar), kBar / 2.0, kBar / 2.0);
  }
}

void RankedBars::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) update();
}

void RankedBars::choose(int index) {
  if (index < 0 || index >= static_cast<int>(bars_.size())) return;
  current_ = index;
  update();
  Q_EMIT chosen(index);
}

void RankedBars::mousePressEvent(QMouseEvent* event) { choose(static_cast<int>(event->position().y()) / kRow); }

void RankedBars::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Up: return choose(current_ - 1);
    case Qt::Key_Down: return choose(current_ + 1);
    default: QWidget::keyPressEvent(event);
  }
}

}  // namespace athanor::widgets
