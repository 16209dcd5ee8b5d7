#include "widgets/timeline/timeline_layout.h"

#include <algorithm>
#include <cmath>

namespace athanor::widgets {
namespace {

constexpr int kRowHeight = 16;
constexpr int kPaleHeight = 9;
constexpr int kRowGap = 1;
constexpr int kGroupGap = 7;
constexpr double kWholeBar = 1;  // pixels from which on a bar is drawn by itself

// Bars do not overlap, so their ends are in order as well.
std::size_t first_from(std::span<const TimelineBar> bars, double time) {
  const auto found = std::ranges::lower_bound(bars, time, {}, &TimelineBar::end);
  return static_cast<std::size_t>(found - bars.begin());
}
std::size_t first_behind(std::span<const TimelineBar> bars, double time) {
  const auto found = std::ranges::upper_bound(bars, time, {}, &TimelineBar::end);
  return static_cast<std::size_t>(found - bars.begin());
}

// The next round one: decimal, from half a minute on of minutes, hours and days.
double round_step(double wanted) {
  constexpr double kMinute = 60, kHour = 3600, kDay = 86400;
  for (const double step : {0.5 * kMinute, kMinute, 2 * kMinute, 5 * kMinute, 10 * kMinute, 30 * kMinute, kHour,
                            2 * kHour, 3 * kHour, 6 * kHour, 12 * kHour, kDay})
    if (wanted > 20 && step >= wanted) return step;
  const double unit = wanted > kDay ? kDay : 1;
  const double power = unit * std::pow(10, std::floor(std::log10(wanted / unit)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (power * factor >= wanted) return power * factor;
  return power * 10;
}

}  // namespace

std::vector<BarBox> bar_boxes(std::span<const TimelineBar> bars, double from, double to, double width) {
  std::vector<BarBox> boxes;
  if (!(to > from) || width <= 0) return boxes;
  const double scale = width / (to - from);
  double widest = 0;     // of the kind that the last merged box has
  bool merging = false;  // the last box is of bars below a pixel
  for (std::size_t i = first_behind(bars, from); i < bars.size() && bars[i].begin < to; ++i) {
    const TimelineBar& bar = bars[i];
    const double left = std::max(0.0, (bar.begin - from) * scale);
    const double right = std::min(width, (bar.end - from) * scale);
    const double extent = right - left;
    if (extent >= kWholeBar) {
      boxes.push_back({left, right, bar.kind, static_cast<int>(i)});
      merging = false;
      continue;
    }
    // Within the pixel that the last box began in, or one that still reaches it.
    if (merging && left < std::floor(boxes.back().left) + kWholeBar) {
      BarBox& last = boxes.back();
      last.right = std::max(last.right, right);
      last.bar = -1;
      if (extent > widest) {
        widest = extent;
        last.kind = bar.kind;
      }
      continue;
    }
    boxes.push_back({left, right, bar.kind, static_cast<int>(i)});
    widest = extent;
    merging = true;
  }
  for (BarBox& box : boxes) box.right = std::max(box.right, box.left + kWholeBar);
  return boxes;
}

int bar_at(std::span<const TimelineBar> bars, double time, double tolerance) {
  int best = -1;
  double nearest = tolerance;
  for (std::size_t i = first_from(bars, time - tolerance); i < bars.size() && bars[i].begin <= time + tolerance; ++i) {
    const double away = std::max({0.0, bars[i].begin - time, time - bars[i].end});
    if (away > nearest || (best >= 0 && away == nearest)) continue;
    best = static_cast<int>(i);
    nearest = away;
    if (away == 0) break;
  }
  return best;
}

int twin_of(std::span<const TimelineBar> bars, int index, std::span<const TimelineBar> among) {
  const TimelineBar& bar = bars[static_cast<std::size_t>(index)];
  const auto is_alike = [&bar](const TimelineBar& other) {
    return other.kind == bar.kind && other.number == bar.number && other.part == bar.part && other.step == bar.step;
  };
  auto earlier = std::ranges::count_if(bars.first(static_cast<std::size_t>(index)), is_alike);
  for (std::size_t i = 0; i < among.size(); ++i)
    if (is_alike(among[i]) && earlier-- == 0) return static_cast<int>(i);
  return -1;
}

RowPlaces place_rows(const std::vector<TimelineRow>& rows) {
  RowPlaces places;
  int top = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool begins = i == 0 || rows[i].group != rows[i - 1].group;
    if (begins) {
      if (i > 0) top += kGroupGap;
      places.groups.push_back({rows[i].group, top, 0, rows[i].tone});
    } else {
      top += kRowGap;
    }
    const int height = rows[i].pale ? kPaleHeight : kRowHeight;
    places.rows.push_back({top, height});
    top += height;
    places.groups.back().height = top - places.groups.back().top;
  }
  places.height = top;
  return places;
}

QString exact_time(double seconds, double length) {
  const double minutes = std::floor(seconds / 60);
  const double hours = std::floor(minutes / 60);
  const int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(length))) + 1, 0, 9);
  QString text = QStringLiteral("%1\u00a0s").arg(seconds - minutes * 60, 0, 'f', digits);
  if (minutes > 0) text.prepend(QStringLiteral("%1\u00a0min\u00a0").arg(minutes - hours * 60));
  if (hours > 0) text.prepend(QStringLiteral("%1\u00a0h\u00a0").arg(hours));
  return text;
}

std::vector<double> ruler_times(double from, double to, double width, double least) {
  std::vector<double> times;
  if (!(to > from) || width <= 0) return times;
  const double wanted = (to - from) * least / width;
  const double step = round_step(wanted);
  for (double n = std::ceil(from / step); n * step <= to; ++n) times.push_back(n * step);
  return times;
}

}  // namespace athanor::widgets
