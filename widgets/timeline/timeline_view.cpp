#include "widgets/timeline/timeline_view.h"

#include "widgets/common/numbers.h"
#include "widgets/parts/range.h"

#include <QAccessible>
#include <QKeyEvent>

#include <algorithm>
#include <cmath>

namespace athanor::widgets {
namespace {

constexpr double kHoverPixels = 2;
constexpr double kSameLength = 1e-6;
constexpr double kWindowMargin = 0.5;  // of what is in sight, on both sides

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
  const bool grows = data.grows && (backdrop_ ? backdrop_->grows : data_.grows);
  for (const TimelineRow& row : data.rows)
    if (!row.bars.empty()) data.end = std::max(data.end, row.bars.back().end);
  backdrop_.reset();
  const auto current = found_again(data);
  take(std::move(data), current);
  const bool alike = grows || (whole() > before / 2 && whole() < before * 2);
  range_ = had_all || !alike ? std::pair(0.0, whole()) : panned(range_, 0, {0, whole()});
  if (selection_ && !grows) set_selection(std::nullopt);
  if (!grows) view_ = {};
  updateGeometry();
  describe();
  update();
  ask_for_detail();
}

void TimelineView::set_window(TimelineData data) {
  data.end = whole();
  const auto current = found_again(data);
  if (!backdrop_) backdrop_ = std::move(data_);
  take(std::move(data), current);
  updateGeometry();
  describe();
  update();
}

void TimelineView::take(TimelineData data, std::optional<Place> current) {
  current_ = current;
  data_ = std::move(data);
  places_ = place_rows(data_.rows);
  pair_rows();
  measure_labels();
  laid_.clear();
}

// Which row of the whole each row of the window is.
void TimelineView::pair_rows() {
  row_behind_.assign(data_.rows.size(), -1);
  if (!backdrop_) return;
  std::map<std::pair<QString, QString>, int> known;
  for (std::size_t i = 0; i < backdrop_->rows.size(); ++i)
    known.emplace(std::pair(backdrop_->rows[i].group, backdrop_->rows[i].name), static_cast<int>(i));
  for (std::size_t i = 0; i < data_.rows.size(); ++i)
    if (const auto found = known.find({data_.rows[i].group, data_.rows[i].name}); found != known.end())
      row_behind_[i] = found->second;
}

int TimelineView::useful_columns() const { return std::max(2, lanes().width()); }

void TimelineView::ask_for_detail() {
  if (detail_due_) return;
  detail_due_ = true;
  QMetaObject::invokeMethod(
      this,
      [this] {
        detail_due_ = false;
        const View now{range_, useful_columns()};
        if (now == view_ || data_.rows.empty() || is_at_hand(now)) return;
        view_ = now;
        const double margin = kWindowMargin * (range_.second - range_.first);
        Q_EMIT detail_wanted(std::max(0.0, range_.first - margin), std::min(whole(), range_.second + margin),
                             static_cast<int>(now.columns * (1 + 2 * kWindowMargin)));
      },
      Qt::QueuedConnection);
}

// Whether the window has it, as finely as it was asked for.
bool TimelineView::is_at_hand(const View& now) const {
  if (!is_part() || now.columns != view_.columns) return false;
  const double length = now.range.second - now.range.first;
  const double asked = view_.range.second - view_.range.first;
  return data_.from <= now.range.first && data_.to >= std::min(now.range.second, backdrop_->end) &&
         std::abs(length - asked) <= kSameLength * asked;
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

std::optional<TimelineView::Place> TimelineView::found_again(const TimelineData& data) {
  const TimelineBar* bar = current_ ? bar_of(*current_) : nullptr;
  if (current_ && bar && !data.grows) return has_alike(data, *current_) ? current_ : std::nullopt;
  if (bar) sought_ = {current_->row, *bar};
  const int row = sought_ ? sought_->first : current_ ? current_->row : -1;
  if (row < 0 || static_cast<std::size_t>(row) >= data.rows.size()) return std::nullopt;
  if (!sought_) return current_;
  const auto& bars = data.rows[static_cast<std::size_t>(row)].bars;
  const auto found = std::ranges::find_if(bars, [&one = sought_->second](const TimelineBar& other) {
    return other.begin == one.begin && other.end == one.end && other.kind == one.kind;
  });
  if (found == bars.end()) return std::nullopt;
  return Place{row, static_cast<int>(found - bars.begin())};
}

const TimelineRow& TimelineView::row_at(int row, double time) const {
  const auto at = static_cast<std::size_t>(row);
  if (backdrop_ && row_behind_[at] >= 0 && (time < data_.from || time > data_.to))
    return backdrop_->rows[static_cast<std::size_t>(row_behind_[at])];
  return data_.rows[at];
}

const TimelineBar* TimelineView::bar_of(const Place& place) const {
  const auto& bars = data_.rows[static_cast<std::size_t>(place.row)].bars;
  return place.bar >= 0 && static_cast<std::size_t>(place.bar) < bars.size()
             ? &bars[static_cast<std::size_t>(place.bar)]
             : nullptr;
}

// The time that a pixel takes, or a column that is wider than that.
std::pair<double, double> TimelineView::pixel_of(const Place& place) const {
  const TimelineColumns& columns = row_at(place.row, place.at).columns;
  const double pixel = (range_.second - range_.first) / lanes().width();
  const double width = std::max(pixel, columns.width);
  const double begin = columns.begin + std::floor((place.at - columns.begin) / width) * width;
  return {begin, begin + width};
}

double TimelineView::whole() const {
  const double end = backdrop_ ? backdrop_->end : data_.end;
  return end > 0 ? end : 1;
}

void TimelineView::set_range(double from, double to) {
  const auto next = panned({from, std::min(to, from + whole())}, 0, {0, whole()});
  if (!(next.second > next.first) || next == range_) return;
  range_ = next;
  update();
  describe();
  ask_for_detail();
  Q_EMIT range_changed(range_.first, range_.second);
}

void TimelineView::reset_range() { set_range(0, whole()); }

void TimelineView::measure_labels() {
  int widest = 0;
  for (const auto& group : places_.groups) widest = std::max(widest, fontMetrics().horizontalAdvance(group.name));
  label_width_ = std::min(widest, std::max(60, width() / 5)) + kLabelGap;
}

int TimelineView::marks_top() const { return kRuler + (data_.step_word.isEmpty() ? 0 : kStretchText); }

QRect TimelineView::lanes() const {
  const int top = marks_top() + (data_.marks.empty() ? 0 : kMarkText);
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
  const double time = time_at(point.x());
  for (std::size_t row = 0; row < data_.rows.size(); ++row) {
    const auto& place = places_.rows[row];
    const double y = point.y() - area.top() - place.top;
    if (y < 0 || y > place.height) continue;
    if (row_at(static_cast<int>(row), time).columns.count() > 0) return Place{static_cast<int>(row), -1, time};
    const double tolerance = kHoverPixels * (range_.second - range_.first) / area.width();
    const int bar = bar_at(data_.rows[row].bars, time, tolerance);
    if (bar >= 0) return Place{static_cast<int>(row), bar};
    const auto& unknown = data_.rows[row].unknown;
    if (std::ranges::any_of(unknown, [time](const auto& gap) { return time >= gap.begin && time < gap.end; }))
      return Place{static_cast<int>(row), -1, time};
  }
  return std::nullopt;
}

void TimelineView::go(std::optional<Place> place) {
  sought_.reset();
  if (place == current_) return;
  current_ = place;
  describe();
  update();
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
    const auto first = std::ranges::find_if(
        data_.rows, [](const TimelineRow& row) { return !row.bars.empty() || row.columns.count() > 0; });
    if (first == data_.rows.end()) return;
    const int row = static_cast<int>(first - data_.rows.begin());
    if (first->bars.empty()) return go(Place{row, -1, (range_.first + range_.second) / 2});
    const int seen = bar_at(first->bars, range_.first, 0);
    return go(Place{row, seen >= 0 ? seen : 0});
  }
  const auto& bars = data_.rows[static_cast<std::size_t>(current_->row)].bars;
  if (bars.empty()) return step_column(by);
  const int bar = std::clamp(current_->bar + by, 0, static_cast<int>(bars.size()) - 1);
  reveal(bars[static_cast<std::size_t>(bar)]);
  go(Place{current_->row, bar});
}

// By some pixels: columns have no bars to go to.
void TimelineView::step_column(int by) {
  constexpr double kShare = 0.01;
  const double length = range_.second - range_.first;
  const double at = std::clamp(current_->at + by * kShare * length, 0.0, whole());
  if (at < range_.first || at > range_.second) set_range(at - length / 2, at + length / 2);
  go(Place{current_->row, -1, at});
}

// To what the next row has at that time.
void TimelineView::step_row(int by) {
  if (!current_) return step_bar(0);
  const TimelineBar* bar = bar_of(*current_);
  const double at = bar ? (bar->begin + bar->end) / 2 : current_->at;
  for (int row = current_->row + by; row >= 0 && row < static_cast<int>(data_.rows.size()); row += by) {
    if (row_at(row, at).columns.count() > 0) return go(Place{row, -1, at});
    const int nearest = bar_at(data_.rows[static_cast<std::size_t>(row)].bars, at, whole());
    if (nearest < 0) continue;
    return go(Place{row, nearest});
  }
}

QSize TimelineView::sizeHint() const {
  return {600, data_.rows.empty() ? kRuler + kReadout + 40 : lanes().bottom() + 1 + kReadout};
}
QSize TimelineView::minimumSizeHint() const { return {240, sizeHint().height()}; }

}  // namespace athanor::widgets
