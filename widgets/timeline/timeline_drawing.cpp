#include "widgets/common/numbers.h"
#include "widgets/parts/text_paint.h"
#include "widgets/timeline/timeline_view.h"

#include <QPaintEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace athanor::widgets {
namespace {

constexpr double kMarkGap = 4;  // between the line of a mark and its words
constexpr double kTickGap = 72;
constexpr int kDivision = 4;  // pixels of width from which on neighbours are set apart
constexpr int kLabelHeight = 12;

}  // namespace

void TimelineView::paintEvent(QPaintEvent* event) {
  if (data_.rows.empty()) return;
  const Theme& theme = current_theme();
  QPainter painter(this);
  const QRect area = lanes();
  paint_ruler(painter);
  paint_groups(painter);
  painter.save();
  painter.setClipRect(QRect(area.left(), kRuler, area.width(), area.bottom() - kRuler + 1));
  paint_rows(painter, event->rect());
  paint_current(painter);
  if (drag_) {
    QColor veil = theme.color(Role::accent);
    veil.setAlphaF(0.18F);
    const auto [from, to] = std::minmax(x_of(drag_->first), x_of(drag_->second));
    painter.fillRect(QRectF(from, area.top(), to - from, area.height()), veil);
  }
  painter.restore();
  paint_marks(painter);
  paint_readout(painter);
  if (!hasFocus()) return;
  painter.setPen(QPen(theme.color(Role::accent), 1));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(QRectF(area.left() - 0.5, area.top() - 2.5, area.width(), area.height() + 4));
}

void TimelineView::paint_ruler(QPainter& painter) const {
  const Theme& theme = current_theme();
  const QRect area = lanes();
  painter.setFont(tabular_font(scaled(font(), 0.8)));
  for (const double time : ruler_times(range_.first, range_.second, area.width(), kTickGap)) {
    const double x = std::floor(x_of(time)) + 0.5;
    painter.setPen(QPen(theme.color(Role::grid), 1));
    painter.drawLine(QPointF(x, kRuler - 4), QPointF(x, area.bottom()));
    const QString text = time_text(time, range_.second);
    const int width = painter.fontMetrics().horizontalAdvance(text);
    const double left = std::clamp(x - width / 2.0, double(area.left()), double(area.right() - width));
    painter.setPen(theme.color(Role::muted));
    painter.drawText(QRectF(left, 0, width + 1, kRuler - 5), Qt::AlignLeft | Qt::AlignVCenter, text);
  }
}

void TimelineView::paint_groups(QPainter& painter) const {
  const QRect area = lanes();
  painter.setFont(font());
  for (const auto& group : places_.groups) {
    painter.setPen(current_theme().color(group.tone));
    paint_elided(painter, QRectF(0, area.top() + group.top, area.left() - kLabelGap + 4, group.height),
                 Qt::AlignRight | Qt::AlignVCenter, group.name);
  }
}

void TimelineView::paint_rows(QPainter& painter, const QRect& dirty) {
  painter.setFont(tabular_font(scaled(font(), 0.75)));
  const std::vector<BarLook> full = looks_of(painter.fontMetrics(), false);
  const std::vector<BarLook> pale = looks_of(painter.fontMetrics(), true);
  const QRect area = lanes();
  for (std::size_t row = 0; row < data_.rows.size(); ++row) {
    const QRect box(area.left(), area.top() + places_.rows[row].top, area.width(), places_.rows[row].height);
    if (dirty.intersects(box)) paint_row(painter, static_cast<int>(row), box, data_.rows[row].pale ? pale : full);
  }
}

void TimelineView::paint_row(QPainter& painter, int row, const QRect& box, const std::vector<BarLook>& looks) {
  const TimelineRow& data = data_.rows[static_cast<std::size_t>(row)];
  const Theme& theme = current_theme();
  painter.fillRect(box, mix(theme.color(Role::surface), theme.color(Role::grid), data.pale ? 0.35 : 0.7));
  for (const BarBox& each : boxes(row)) {
    const BarLook& look = looks[static_cast<std::size_t>(each.kind)];
    const int left = box.left() + static_cast<int>(std::lround(each.left));
    const int right = box.left() + static_cast<int>(std::lround(each.right));
    const int gap = right - left >= kDivision ? 1 : 0;
    const QRect bar(left, box.top(), std::max(1, right - left - gap), box.height());
    look.brush.paint(painter, bar);
    if (each.bar >= 0 && box.height() >= kLabelHeight && bar.width() >= look.number_width)
      paint_label(painter, bar, look, data.bars[static_cast<std::size_t>(each.bar)].number);
  }
}

std::vector<TimelineView::BarLook> TimelineView::looks_of(const QFontMetrics& metrics, bool pale) const {
  // Room for two digits is asked for of one as well, so that neighbours are all numbered or none is.
  const int digits = metrics.horizontalAdvance(QStringLiteral("88")) + 4;
  std::vector<BarLook> looks;
  for (const TimelineKind& kind : data_.kinds)
    looks.push_back({BarBrush(kind, pale), kind.sign, digits, digits + metrics.horizontalAdvance(kind.sign)});
  return looks;
}

void TimelineView::paint_label(QPainter& painter, const QRect& bar, const BarLook& look, int number) {
  QString text = number >= 0 ? QString::number(number) : QString();
  if (bar.width() >= look.whole_width) text.prepend(look.sign);
  if (text.isEmpty()) return;
  if (look.brush.has_pattern()) {
    const int width = painter.fontMetrics().horizontalAdvance(text) + 3;
    look.brush.paint_plain(painter, QRect(bar.center().x() - width / 2, bar.top(), width, bar.height()));
  }
  painter.setPen(look.brush.text_colour());
  painter.drawText(bar, Qt::AlignCenter, text);
}

void TimelineView::paint_current(QPainter& painter) const {
  if (!current_) return;
  const QRect area = lanes();
  const auto outline = [&](const Place& place) {
    const TimelineBar& bar = data_.rows[static_cast<std::size_t>(place.row)].bars[static_cast<std::size_t>(place.bar)];
    const auto& at = places_.rows[static_cast<std::size_t>(place.row)];
    const double left = x_of(bar.begin);
    painter.drawRect(QRectF(left, area.top() + at.top, std::max(2.0, x_of(bar.end) - left - 1), at.height));
  };
  painter.setPen(QPen(current_theme().color(Role::text), 2));
  painter.setBrush(Qt::NoBrush);
  outline(*current_);
  const TimelineRow& row = data_.rows[static_cast<std::size_t>(current_->row)];
  if (row.twin < 0) return;
  const int twin = twin_of(row.bars, current_->bar, data_.rows[static_cast<std::size_t>(row.twin)].bars);
  if (twin >= 0) outline({row.twin, twin});
}

std::vector<MarkerLabel> TimelineView::mark_labels() const {
  const QRect area = lanes();
  const QFontMetricsF metrics(mark_font());
  std::vector<MarkedPlace> places;
  for (const TimelineMark& mark : data_.marks)
    if (mark.at >= range_.first && mark.at <= range_.second) places.push_back({x_of(mark.at) + kMarkGap, mark.text});
  const auto width = [&](const QString& text) { return metrics.horizontalAdvance(text) + kMarkGap; };
  std::vector<MarkerLabel> labels = marker_labels(std::move(places), area.left(), area.right() + 1 + kMarkGap, width);
  for (MarkerLabel& label : labels)
    label.text = metrics.elidedText(label.text, Qt::ElideRight, area.right() + 1 - label.left);
  return labels;
}

QFont TimelineView::mark_font() const { return scaled(font(), 0.8); }

void TimelineView::paint_marks(QPainter& painter) const {
  const QRect area = lanes();
  const Theme& theme = current_theme();
  for (const TimelineMark& mark : data_.marks) {
    if (mark.at < range_.first || mark.at > range_.second) continue;
    const double x = std::floor(x_of(mark.at)) + 0.5;
    painter.setPen(QPen(theme.color(mark.tone), 1, Qt::DashLine));
    painter.drawLine(QPointF(x, kRuler), QPointF(x, area.bottom()));
  }
  painter.setFont(mark_font());
  painter.setPen(theme.color(Role::text));
  for (const MarkerLabel& label : mark_labels())
    painter.drawText(QRectF(label.left, kRuler, area.right() + 1 - label.left, kMarkText),
                     Qt::AlignLeft | Qt::AlignVCenter, label.text);
}

void TimelineView::paint_readout(QPainter& painter) const {
  const QRect area = lanes();
  painter.setFont(tabular_font(scaled(font(), 0.9)));
  painter.setPen(current_theme().color(current_ ? Role::text : Role::muted));
  paint_elided(painter, QRectF(area.left(), area.bottom() + 1, area.width(), kReadout),
               Qt::AlignLeft | Qt::AlignVCenter, readout());
}

}  // namespace athanor::widgets
