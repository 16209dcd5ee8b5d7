#include "widgets/timeline/timeline_view.h"

#include "widgets/common/numbers.h"
#include "widgets/parts/range.h"
#include "widgets/parts/text_paint.h"

#include <QAccessible>
#include <QKeyEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace athanor::widgets {
namespace {

constexpr int kRuler = 20;
constexpr int kReadout = 22;
constexpr int kMarkText = 16;
constexpr double kMarkGap = 4;  // between the line of a mark and its words
constexpr int kLabelGap = 12;
constexpr double kTickGap = 72;
constexpr double kHoverPixels = 2;
constexpr double kDragPixels = 4;
constexpr int kDivision = 4;  // pixels of width from which on neighbours are set apart
constexpr int kLabelHeight = 12;
constexpr double kLeastRange = 1e-9;  // a nanosecond

}  // namespace

TimelineView::TimelineView(const QString& name, QWidget* parent) : QWidget(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  announce_painted_items();
  setAccessibleName(name);
  describe();
}

void TimelineView::set_data(TimelineData data) {
  const double before = whole();
  const bool had_all = range_ == std::pair(0.0, before);
  for (const TimelineRow& row : data.rows)
    if (!row.bars.empty()) data.end = std::max(data.end, row.bars.back().end);
  if (current_ && !has_alike(data, *current_)) current_.reset();
  data_ = std::move(data);
  places_ = place_rows(data_.rows);
  measure_labels();
  boxes_.clear();
  const bool alike = whole() > before / 2 && whole() < before * 2;
  range_ = had_all || !alike ? std::pair(0.0, whole()) : panned(range_, 0, {0, whole()});
  updateGeometry();
  describe();
  update();
}

// Whether the same piece of work stands at the same place.
bool TimelineView::has_alike(const TimelineData& data, const Place& place) const {
  if (static_cast<std::size_t>(place.row) >= data.rows.size()) return false;
  const auto& bars = data.rows[static_cast<std::size_t>(place.row)].bars;
  const auto at = static_cast<std::size_t>(place.bar);
  if (at >= bars.size()) return false;
  const TimelineBar& before = data_.rows[static_cast<std::size_t>(place.row)].bars[at];
  return bars[at].kind == before.kind && bars[at].number == before.number && bars[at].part == before.part;
}

double TimelineView::whole() const { return data_.end > 0 ? data_.end : 1; }

void TimelineView::set_range(double from, double to) {
  const auto next = panned({from, std::min(to, from + whole())}, 0, {0, whole()});
  if (!(next.second > next.first) || next == range_) return;
  range_ = next;
  update();
  Q_EMIT range_changed(range_.first, range_.second);
}

void TimelineView::reset_range() { set_range(0, whole()); }

void TimelineView::measure_labels() {
  int widest = 0;
  for (const auto& group : places_.groups) widest = std::max(widest, fontMetrics().horizontalAdvance(group.name));
  label_width_ = std::min(widest, std::max(60, width() / 5)) + kLabelGap;
}

QRect TimelineView::lanes() const {
  const int top = kRuler + (data_.marks.empty() ? 0 : kMarkText);
  return {label_width_, top, std::max(1, width() - label_width_ - 1), places_.height};
}

double TimelineView::x_of(double time) const {
  const QRect area = lanes();
  return area.left() + (time - range_.first) / (range_.second - range_.first) * area.width();
}

double TimelineView::time_at(double x) const {
  const QRect area = lanes();
  return range_.first + (x - area.left()) / area.width() * (range_.second - range_.first);
}

double TimelineView::time_in_sight(double x) const { return std::clamp(time_at(x), range_.first, range_.second); }

std::optional<TimelineView::Place> TimelineView::place_at(const QPointF& point) const {
  const QRect area = lanes();
  if (point.x() < area.left()) return std::nullopt;
  for (std::size_t row = 0; row < data_.rows.size(); ++row) {
    const auto& place = places_.rows[row];
    const double y = point.y() - area.top() - place.top;
    if (y < 0 || y > place.height) continue;
    const double tolerance = kHoverPixels * (range_.second - range_.first) / area.width();
    const int bar = bar_at(data_.rows[row].bars, time_at(point.x()), tolerance);
    if (bar >= 0) return Place{static_cast<int>(row), bar};
  }
  return std::nullopt;
}

const std::vector<BarBox>& TimelineView::boxes(int row) {
  const int width = lanes().width();
  if (boxes_range_ != range_ || boxes_width_ != width) boxes_.clear();
  boxes_range_ = range_;
  boxes_width_ = width;
  const auto [found, is_new] = boxes_.try_emplace(row);
  if (is_new)
    found->second = bar_boxes(data_.rows[static_cast<std::size_t>(row)].bars, range_.first, range_.second, width);
  return found->second;
}

QString TimelineView::bar_text(const Place& place) const {
  const TimelineRow& row = data_.rows[static_cast<std::size_t>(place.row)];
  const TimelineBar& bar = row.bars[static_cast<std::size_t>(place.bar)];
  QStringList words = {row.group, row.name, data_.kinds[static_cast<std::size_t>(bar.kind)].name};
  if (bar.number >= 0) words << data_.number_word.arg(bar.number);
  if (bar.part >= 0) words << data_.part_word.arg(bar.part);
  const double length = bar.end - bar.begin;
  words << tr("%1, from %2 on").arg(time_text(length), time_text(bar.begin, whole()));
  if (row.twin >= 0) {
    const TimelineRow& other = data_.rows[static_cast<std::size_t>(row.twin)];
    if (const int twin = twin_of(row.bars, place.bar, other.bars); twin >= 0) {
      const TimelineBar& one = other.bars[static_cast<std::size_t>(twin)];
      const double its = one.end - one.begin;
      words << tr("%1: %2, from %3 on").arg(other.name, time_text(its), time_text(one.begin, whole()));
    }
  }
  words.removeAll(QString());
  return words.join(QStringLiteral(" · "));
}

QString TimelineView::readout() const {
  if (current_) return bar_text(*current_);
  if (data_.rows.empty()) return {};
  if (range_ != std::pair(0.0, whole()))
    return tr("%1 to %2 of %3")
        .arg(time_text(range_.first, whole()), time_text(range_.second, whole()), time_text(whole()));
  return tr("%1 in all. Drag to zoom; Control + ← → goes from bar to bar").arg(time_text(whole()));
}

void TimelineView::go(std::optional<Place> place) {
  if (place == current_) return;
  current_ = place;
  describe();
  update();
}

void TimelineView::describe() {
  const QString said = current_ ? bar_text(*current_) : tr("%n row(s)", nullptr, static_cast<int>(data_.rows.size()));
  if (said == accessibleDescription()) return;
  setAccessibleDescription(said);
  QAccessibleEvent changed(this, QAccessible::DescriptionChanged);
  QAccessible::updateAccessibility(&changed);
}

void TimelineView::reveal(const TimelineBar& bar) {
  const double length = range_.second - range_.first;
  if (bar.begin >= range_.first && bar.end <= range_.second) return;
  const double middle = (bar.begin + bar.end) / 2;
  set_range(middle - length / 2, middle + length / 2);
}

void TimelineView::step_bar(int by) {
  if (data_.rows.empty()) return;
  if (!current_) {
    const auto first = std::ranges::find_if(data_.rows, [](const TimelineRow& row) { return !row.bars.empty(); });
    if (first != data_.rows.end()) go(Place{static_cast<int>(first - data_.rows.begin()), 0});
    return;
  }
  const auto& bars = data_.rows[static_cast<std::size_t>(current_->row)].bars;
  const int bar = std::clamp(current_->bar + by, 0, static_cast<int>(bars.size()) - 1);
  reveal(bars[static_cast<std::size_t>(bar)]);
  go(Place{current_->row, bar});
}

// To the bar of the next row that is nearest in time.
void TimelineView::step_row(int by) {
  if (!current_) return step_bar(0);
  const auto& from = data_.rows[static_cast<std::size_t>(current_->row)].bars[static_cast<std::size_t>(current_->bar)];
  for (int row = current_->row + by; row >= 0 && row < static_cast<int>(data_.rows.size()); row += by) {
    const int bar = bar_at(data_.rows[static_cast<std::size_t>(row)].bars, (from.begin + from.end) / 2, whole());
    if (bar < 0) continue;
    go(Place{row, bar});
    return;
  }
}

QSize TimelineView::sizeHint() const {
  return {600, data_.rows.empty() ? kRuler + kReadout + 40 : lanes().bottom() + 1 + kReadout};
}
QSize TimelineView::minimumSizeHint() const { return {240, sizeHint().height()}; }

std::vector<PaintedItem> TimelineView::painted_items() const {
  std::vector<PaintedItem> out;
  const QRect area = lanes();
  for (std::size_t i = 0; i < data_.rows.size(); ++i) {
    const TimelineRow& row = data_.rows[i];
    double busy = 0;
    for (const TimelineBar& bar : row.bars) busy += bar.end - bar.begin;
    out.push_back({row.name.isEmpty() ? row.group : QStringLiteral("%1, %2").arg(row.group, row.name),
                   tr("%n bar(s), %1 in all", nullptr, static_cast<int>(row.bars.size())).arg(time_text(busy)),
                   QRect(area.left(), area.top() + places_.rows[i].top, area.width(), places_.rows[i].height),
                   QAccessible::Row});
  }
  for (const TimelineMark& mark : data_.marks)
    out.push_back({mark.text, time_text(mark.at, whole()),
                   QRect(static_cast<int>(x_of(mark.at)), kRuler, 1, area.height()), QAccessible::StaticText});
  return out;
}

void TimelineView::keyPressEvent(QKeyEvent* event) {
  const double length = range_.second - range_.first;
  const double middle = (range_.first + range_.second) / 2;
  const bool control = event->modifiers() & Qt::ControlModifier;
  const auto pan = [&](double share) { set_range(range_.first + share * length, range_.second + share * length); };
  const auto zoom = [&](double factor) {
    const auto next = zoomed(range_, middle, factor, {0, whole()}, kLeastRange);
    set_range(next.first, next.second);
  };
  switch (event->key()) {
    case Qt::Key_Left: control ? step_bar(-1) : pan(-0.2); break;
    case Qt::Key_Right: control ? step_bar(1) : pan(0.2); break;
    case Qt::Key_Up: step_row(-1); break;
    case Qt::Key_Down: step_row(1); break;
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoom(0.7); break;
    case Qt::Key_Minus: zoom(1 / 0.7); break;
    case Qt::Key_Home: reset_range(); break;
    case Qt::Key_Escape: go(std::nullopt); break;
    default: QWidget::keyPressEvent(event); return;
  }
  event->accept();
}

void TimelineView::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || data_.rows.empty()) return;
  const double at = time_in_sight(event->position().x());
  drag_ = {at, at};
}

void TimelineView::mouseMoveEvent(QMouseEvent* event) {
  if (!drag_) return go(place_at(event->position()));
  drag_->second = time_in_sight(event->position().x());
  update();
}

void TimelineView::mouseReleaseEvent(QMouseEvent*) {
  if (!drag_) return;
  const auto [from, to] = std::minmax(drag_->first, drag_->second);
  if (x_of(to) - x_of(from) >= kDragPixels) set_range(from, to);
  drag_.reset();
  update();
}

void TimelineView::mouseDoubleClickEvent(QMouseEvent*) {
  drag_.reset();
  reset_range();
}

void TimelineView::wheelEvent(QWheelEvent* event) {
  const double turns = (event->angleDelta().y() != 0 ? event->angleDelta().y() : event->angleDelta().x()) / 120.0;
  const double length = range_.second - range_.first;
  if (event->modifiers() & Qt::ControlModifier) {
    const auto next = zoomed(range_, time_at(event->position().x()), std::pow(0.8, turns), {0, whole()}, kLeastRange);
    set_range(next.first, next.second);
  } else if (event->modifiers() & Qt::ShiftModifier || event->angleDelta().y() == 0) {
    set_range(range_.first - 0.1 * turns * length, range_.second - 0.1 * turns * length);
  } else {
    event->ignore();  // the page scrolls
    return;
  }
  event->accept();
}

void TimelineView::leaveEvent(QEvent*) { go(std::nullopt); }

void TimelineView::focusInEvent(QFocusEvent* event) {
  QWidget::focusInEvent(event);
  update();
}

void TimelineView::focusOutEvent(QFocusEvent* event) {
  QWidget::focusOutEvent(event);
  update();
}

void TimelineView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  measure_labels();
}

void TimelineView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) measure_labels();
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) update();
}

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
  painter.setPen(current_theme().color(Role::muted));
  for (const auto& group : places_.groups)
    paint_elided(painter, QRectF(0, area.top() + group.top, area.left() - kLabelGap + 4, group.height),
                 Qt::AlignRight | Qt::AlignVCenter, group.name);
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
