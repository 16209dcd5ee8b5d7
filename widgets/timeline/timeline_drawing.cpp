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
constexpr double kNear = 0.05;      // of what lies before it: a shorter range is told from its own beginning on
constexpr double kLongRuler = 120;  // seconds
constexpr double kPauseSize = 4;

}  // namespace

void TimelineView::paintEvent(QPaintEvent* event) {
  if (data_.rows.empty()) return;
  const Theme& theme = current_theme();
  QPainter painter(this);
  const QRect area = lanes();
  paint_ruler(painter);
  paint_stretches(painter);
  paint_groups(painter);
  painter.save();
  painter.setClipRect(QRect(area.left(), kRuler, area.width(), area.bottom() - kRuler + 1));
  paint_rows(painter, event->rect());
  paint_selection(painter);
  paint_current(painter);
  painter.restore();
  paint_marks(painter);
  paint_readout(painter);
  if (!hasFocus()) return;
  painter.setPen(QPen(theme.color(Role::accent), theme.focus_line()));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(QRectF(area.left() - 0.5, area.top() - 2.5, area.width(), area.height() + 4));
}

void TimelineView::paint_ruler(QPainter& painter) const {
  const Theme& theme = current_theme();
  const QRect area = lanes();
  painter.setFont(tabular_font(scaled(font(), 0.8)));
  const double length = range_.second - range_.first;
  const std::vector<double> times = ruler_times(range_.first, range_.second, area.width(), kTickGap);
  const bool is_near = !times.empty() && length < kNear * range_.first;
  for (const double time : times) {
    const double x = std::floor(x_of(time)) + 0.5;
    painter.setPen(QPen(theme.color(Role::grid), 1));
    painter.drawLine(QPointF(x, kRuler - 4), QPointF(x, area.bottom()));
    QString text = range_.second > kLongRuler ? duration_text(time) : time_text(time, range_.second);
    if (is_near) text = u'+' + time_text(time - times.front(), length);
    if (is_near && time == times.front()) text = exact_time(time, length);
    const int width = painter.fontMetrics().horizontalAdvance(text);
    const double middle = x - width / 2.0;
    const double left =
        std::clamp(middle, double(area.left()), std::max(double(area.left()), double(area.right() - width)));
    // The first may be long: those below it give way.
    if (is_near && time != times.front() && left < x_of(times.front()) + kTickGap) {
      const int first = painter.fontMetrics().horizontalAdvance(exact_time(times.front(), length));
      if (left < std::max(double(area.left()), x_of(times.front()) - first / 2.0) + first + kTickGap / 6) continue;
    }
    painter.setPen(theme.color(Role::muted));
    painter.drawText(QRectF(left, 0, width + 1, kRuler - 5), Qt::AlignLeft | Qt::AlignVCenter, text);
  }
}

// Bounds of the stretches in sight, with their names where these have room.
void TimelineView::paint_stretches(QPainter& painter) const {
  if (data_.step_word.isEmpty()) return;
  const Theme& theme = current_theme();
  const QRect area = lanes();
  painter.save();
  painter.setClipRect(QRect(area.left(), kRuler, area.width(), area.bottom() - kRuler + 1));
  painter.setFont(tabular_font(mark_font()));
  for (const TimelineStretch& stretch : data_.stretches) {
    if (stretch.end < range_.first || stretch.begin > range_.second) continue;
    const double left = std::floor(x_of(stretch.begin)) + 0.5;
    const double right = x_of(stretch.end);
    painter.setPen(QPen(theme.color(Role::border), 1));
    painter.drawLine(QPointF(left, kRuler), QPointF(left, area.bottom()));
    const double seen = std::max(left, double(area.left())) + 4;
    const double room = std::min(right, double(area.right())) - seen;
    const auto fits = [&](const QString& text) {
      return !text.isEmpty() && painter.fontMetrics().horizontalAdvance(text) <= room;
    };
    const QString& text = fits(stretch.longer) ? stretch.longer : stretch.name;
    if (!fits(text)) continue;
    painter.setPen(theme.color(Role::muted));
    painter.drawText(QRectF(seen, kRuler, room + 1, kStretchText), Qt::AlignLeft | Qt::AlignVCenter, text);
  }
  painter.restore();
}

void TimelineView::paint_selection(QPainter& painter) const {
  if (!selection_) return;
  const Theme& theme = current_theme();
  const QRect area = lanes();
  QColor veil = theme.color(Role::accent);
  veil.setAlphaF(0.18F);
  const QRectF box(x_of(selection_->first), kRuler, x_of(selection_->second) - x_of(selection_->first),
                   area.bottom() + 1 - kRuler);
  painter.fillRect(box, veil);
  painter.setPen(QPen(theme.color(Role::accent), 1));
  painter.drawLine(box.topLeft(), box.bottomLeft());
  painter.drawLine(box.topRight(), box.bottomRight());
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
  const Looks full = looks_of(painter.fontMetrics(), false);
  const Looks pale = looks_of(painter.fontMetrics(), true);
  const Theme& theme = current_theme();
  const QRect area = lanes();
  if (laid_range_ != range_ || laid_width_ != area.width()) laid_.clear();
  laid_range_ = range_;
  laid_width_ = area.width();
  const bool has_window = is_part();
  const int from = has_window ? static_cast<int>(std::lround(x_of(std::max(range_.first, data_.from)))) : area.left();
  const int to = has_window ? static_cast<int>(std::lround(x_of(std::min(range_.second, data_.to)))) : area.right() + 1;
  for (std::size_t row = 0; row < data_.rows.size(); ++row) {
    const TimelineRow& data = data_.rows[row];
    const QRect box(area.left(), area.top() + places_.rows[row].top, area.width(), places_.rows[row].height);
    if (!dirty.intersects(box)) continue;
    painter.fillRect(box, mix(theme.color(Role::surface), theme.color(Role::grid), data.pale ? 0.35 : 0.7));
    const Looks& looks = data.pale ? pale : full;
    const auto within = [&](int left, int right, const TimelineRow& shown, int key) {
      if (right <= left) return;
      painter.save();
      painter.setClipRect(QRect(left, box.top(), right - left, box.height()), Qt::IntersectClip);
      paint_row(painter, shown, key, box, looks);
      painter.restore();
    };
    within(from, to, data, static_cast<int>(row) + 1);
    if (!has_window || row_behind_[row] < 0) continue;
    const TimelineRow& behind = backdrop_->rows[static_cast<std::size_t>(row_behind_[row])];
    const int middle = std::clamp(from, area.left(), area.right() + 1);
    within(area.left(), to > from ? middle : area.right() + 1, behind, -static_cast<int>(row) - 1);
    if (to > from) within(std::max(to, area.left()), area.right() + 1, behind, -static_cast<int>(row) - 1);
  }
}

void TimelineView::paint_row(QPainter& painter, const TimelineRow& row, int key, const QRect& box, const Looks& looks) {
  paint_gaps(painter, row, box);
  const auto [found, is_new] = laid_.try_emplace(key);
  Laid& laid = found->second;
  if (row.columns.count() > 0) {
    if (is_new) laid.columns = columns_picture(row.columns, looks.columns, range_.first, range_.second, box.size());
    painter.drawImage(box.topLeft(), laid.columns);
    paint_pauses(painter, row, box);
    return;
  }
  if (is_new) laid.boxes = bar_boxes(row.bars, range_.first, range_.second, box.width());
  for (const BarBox& each : laid.boxes) {
    const BarLook& look = looks.bars[static_cast<std::size_t>(each.kind)];
    const int left = box.left() + static_cast<int>(std::lround(each.left));
    const int right = box.left() + static_cast<int>(std::lround(each.right));
    const int gap = right - left >= kDivision ? 1 : 0;
    const QRect bar(left, box.top(), std::max(1, right - left - gap), box.height());
    look.brush.paint(painter, bar);
    if (each.bar >= 0 && box.height() >= kLabelHeight && bar.width() >= look.number_width)
      paint_label(painter, bar, look, row.bars[static_cast<std::size_t>(each.bar)].number);
  }
}

void TimelineView::paint_gaps(QPainter& painter, const TimelineRow& row, const QRect& box) const {
  for (const TimelineGap& gap : row.unknown) {
    if (gap.end <= range_.first || gap.begin >= range_.second) continue;
    const int left = static_cast<int>(std::lround(std::max(x_of(gap.begin), double(box.left()))));
    const int right = static_cast<int>(std::lround(std::min(x_of(gap.end), double(box.right() + 1))));
    paint_unknown(painter, QRect(left, box.top(), right - left, box.height()), static_cast<double>(gap.share));
  }
}

// Pauses that would vanish in their columns.
void TimelineView::paint_pauses(QPainter& painter, const TimelineRow& row, const QRect& box) const {
  painter.setPen(Qt::NoPen);
  painter.setBrush(current_theme().color(Role::text));
  for (const Pause& pause : hidden_pauses(row.columns, range_.first, range_.second, box.width())) {
    const double x = x_of(pause.at);
    const double top = box.top();
    painter.drawPolygon(
        QPolygonF({QPointF(x - kPauseSize / 2, top), QPointF(x + kPauseSize / 2, top), QPointF(x, top + kPauseSize)}));
  }
}

TimelineView::Looks TimelineView::looks_of(const QFontMetrics& metrics, bool pale) const {
  // Room for two digits is asked for of one as well, so that neighbours are all numbered or none is.
  const int digits = metrics.horizontalAdvance(QStringLiteral("88")) + 4;
  Looks looks;
  for (const TimelineKind& kind : data_.kinds) {
    looks.bars.push_back({BarBrush(kind, pale), kind.sign, digits, digits + metrics.horizontalAdvance(kind.sign)});
    looks.columns.push_back(looks.bars.back().brush.fill());
  }
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
  const auto outline = [&](int row, double begin, double end) {
    const auto& at = places_.rows[static_cast<std::size_t>(row)];
    const double left = x_of(begin);
    painter.drawRect(QRectF(left, area.top() + at.top, std::max(2.0, x_of(end) - left - 1), at.height));
  };
  painter.setPen(QPen(current_theme().color(Role::text), 2));
  painter.setBrush(Qt::NoBrush);
  const TimelineBar* bar = bar_of(*current_);
  if (!bar) {
    const auto [begin, end] = pixel_of(*current_);
    return outline(current_->row, begin, end);
  }
  outline(current_->row, bar->begin, bar->end);
  const TimelineRow& row = data_.rows[static_cast<std::size_t>(current_->row)];
  if (row.twin < 0) return;
  const auto& among = data_.rows[static_cast<std::size_t>(row.twin)].bars;
  const int twin = twin_of(row.bars, current_->bar, among);
  if (twin >= 0)
    outline(row.twin, among[static_cast<std::size_t>(twin)].begin, among[static_cast<std::size_t>(twin)].end);
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
    painter.drawText(QRectF(label.left, marks_top(), area.right() + 1 - label.left, kMarkText),
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
