#include "widgets/lineage/lineage_view.h"

#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <utility>

namespace athanor::widgets {
namespace {

constexpr int kAxis = 28;  // above the rows
constexpr int kRow = 32;
constexpr int kNames = 260;  // at the left
constexpr int kIndent = 16;
constexpr int kBar = 8;
constexpr double kBend = 10;  // of a line that leaves its parent

}  // namespace

LineageView::LineageView(QWidget* parent) : QWidget(parent) {
  announce_painted_items();
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Lineage"));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void LineageView::show(std::vector<LineageBar> bars) {
  bars_ = std::move(bars);
  rows_ = lineage_rows(bars_);
  last_step_ = 1;
  for (const LineageBar& bar : bars_) last_step_ = std::max({last_step_, bar.end, bar.goal});
  updateGeometry();
  update();
}

void LineageView::set_current(std::int64_t id) {
  if (id == current_) return;
  current_ = id;
  update();
}

QSize LineageView::sizeHint() const { return {720, kAxis + kRow * static_cast<int>(rows_.size()) + kGrid}; }
QSize LineageView::minimumSizeHint() const { return {kNames + 160, sizeHint().height()}; }

QRect LineageView::row_box(std::size_t row) const { return {0, kAxis + kRow * static_cast<int>(row), width(), kRow}; }
QRectF LineageView::field() const { return QRectF(kNames, kAxis, std::max(1, width() - kNames - 2 * kGrid), height()); }
double LineageView::x_of(double step) const { return field().left() + field().width() * step / last_step_; }

std::optional<std::size_t> LineageView::row_of(std::int64_t id) const {
  for (std::size_t row = 0; row < rows_.size(); ++row)
    if (bar_of(row).id == id) return row;
  return std::nullopt;
}

std::vector<PaintedItem> LineageView::painted_items() const {
  std::vector<PaintedItem> items;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    const LineageBar& bar = bar_of(row);
    QString value = tr("step %1").arg(bar.end);
    if (rows_[row].parent >= 0)
      value = tr("from %1 at step %2 to step %3")
                  .arg(bar_of(static_cast<std::size_t>(rows_[row].parent)).name)
                  .arg(bar.begin)
                  .arg(bar.end);
    items.push_back({bar.name, value, row_box(row), QAccessible::TreeItem, bar.id == current_});
  }
  return items;
}

void LineageView::paint_axis(QPainter& painter) const {
  const Theme& theme = current_theme();
  painter.setFont(tabular_font(scaled(font(), 0.85)));
  const double each = std::pow(10, std::floor(std::log10(last_step_)));
  const double stride = last_step_ / each < 2 ? each / 5 : last_step_ / each < 5 ? each / 2 : each;
  for (double step = 0; step <= last_step_; step += stride) {
    painter.setPen(theme.color(Role::grid));
    painter.drawLine(QPointF(x_of(step), kAxis - 4), QPointF(x_of(step), height()));
    painter.setPen(theme.color(Role::muted));
    painter.drawText(QRectF(x_of(step) - 50, 2, 100, kAxis - 8), Qt::AlignHCenter | Qt::AlignVCenter, si_text(step));
  }
}

// Along the parent up to where it was left, then down to its own row.
void LineageView::paint_descent(QPainter& painter, std::size_t row) const {
  if (rows_[row].parent < 0) return;
  const QRect above = row_box(static_cast<std::size_t>(rows_[row].parent));
  const double y = row_box(row).center().y();
  const double x = x_of(bar_of(row).begin);
  QPainterPath path(QPointF(x - kBend, above.center().y()));
  path.quadTo(QPointF(x, above.center().y()), QPointF(x, above.center().y() + kBend));
  path.lineTo(x, y);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(current_theme().color(Role::muted), 1.2));
  painter.drawPath(path);
  painter.setPen(QPen(current_theme().color(Role::faint), 1.2, Qt::DotLine));
  painter.drawLine(QPointF(x_of(0), y), QPointF(x, y));
}

void LineageView::paint_row(QPainter& painter, std::size_t row) const {
  const Theme& theme = current_theme();
  const LineageBar& bar = bar_of(row);
  const QRect box = row_box(row);
  if (bar.id == current_) {
    painter.setPen(hasFocus() ? QPen(theme.color(Role::accent), theme.focus_line()) : QPen(Qt::NoPen));
    painter.setBrush(theme.color(Role::accent_soft));
    painter.drawRoundedRect(QRectF(box).adjusted(0.5, 1.5, -0.5, -1.5), 4, 4);
  }
  paint_descent(painter, row);
  const QColor color = bar.is_marked    ? theme.color(Role::text)
                       : bar.colour < 0 ? theme.color(Role::faint)
                                        : theme.series(bar.colour);
  const double y = box.center().y() - kBar / 2.0;
  painter.setPen(Qt::NoPen);
  if (bar.goal > bar.end) {
    QColor open = color;
    open.setAlphaF(0.25F);
    painter.setBrush(open);
    painter.drawRoundedRect(QRectF(x_of(bar.begin), y, x_of(bar.goal) - x_of(bar.begin), kBar), 3, 3);
  }
  painter.setBrush(color);
  painter.drawRoundedRect(QRectF(x_of(bar.begin), y, std::max(3.0, x_of(bar.end) - x_of(bar.begin)), kBar), 3, 3);
  const int left = kGrid + kIndent * rows_[row].depth;
  painter.setFont(scaled(font(), 1.0, bar.colour >= 0 ? QFont::DemiBold : QFont::Normal));
  painter.setPen(theme.color(bar.colour >= 0 ? Role::text : Role::muted));
  const QRectF words(left, box.top(), kNames - left - kGrid, kRow);
  paint_elided(painter, words, Qt::AlignLeft | Qt::AlignVCenter, bar.name);
  const double used = painter.fontMetrics().horizontalAdvance(bar.name) + kGrid;
  painter.setFont(scaled(font(), 0.9));
  painter.setPen(theme.color(Role::muted));
  if (painter.fontMetrics().horizontalAdvance(bar.detail) <= words.width() - used)
    painter.drawText(words.adjusted(used, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, bar.detail);
}

void LineageView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  paint_axis(painter);
  for (std::size_t row = 0; row < rows_.size(); ++row) paint_row(painter, row);
}

void LineageView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) update();
}

void LineageView::choose(std::size_t row) {
  if (row >= rows_.size()) return;
  set_current(bar_of(row).id);
  Q_EMIT chosen(current_);
  Q_EMIT current_moved(row_box(row));
}

void LineageView::mousePressEvent(QMouseEvent* event) {
  const double y = event->position().y() - kAxis;
  if (y >= 0) choose(static_cast<std::size_t>(y / kRow));
}

void LineageView::mouseDoubleClickEvent(QMouseEvent*) {
  if (row_of(current_)) Q_EMIT opened(current_);
}

void LineageView::keyPressEvent(QKeyEvent* event) {
  const auto here = row_of(current_);
  switch (event->key()) {
    case Qt::Key_Up: return choose(here && *here > 0 ? *here - 1 : 0);
    case Qt::Key_Down: return choose(here ? std::min(*here + 1, rows_.size() - 1) : 0);
    case Qt::Key_Left:
      if (here && rows_[*here].parent >= 0) choose(static_cast<std::size_t>(rows_[*here].parent));
      return;
    case Qt::Key_Right:
      if (here && *here + 1 < rows_.size() && rows_[*here + 1].parent == static_cast<std::ptrdiff_t>(*here))
        choose(*here + 1);
      return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (here) Q_EMIT opened(current_);
      return;
    default: QWidget::keyPressEvent(event);
  }
}

}  // namespace athanor::widgets
