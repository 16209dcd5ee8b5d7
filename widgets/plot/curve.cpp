#include "widgets/plot/curve.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace athanor::widgets {
namespace {

// So many values tell the quartiles well enough for a frame to be chosen by; what is drawn stays exact.
constexpr std::size_t kSampled = 4096;

bool fits(double value, bool logarithmic) { return std::isfinite(value) && (!logarithmic || value > 0); }

// The columns of a curve within [from, to]; between two of them, these.
struct Window {
  std::size_t first = 0, end = 0;
};

Window window_of(const CurveX& x, double from, double to) {
  const auto begin = x.values.begin();
  auto first = std::lower_bound(begin, x.values.end(), from - x.offset);
  auto end = std::upper_bound(first, x.values.end(), to - x.offset);
  if (first == end && first != begin && end != x.values.end()) --first, ++end;
  return {static_cast<std::size_t>(first - begin), static_cast<std::size_t>(end - begin)};
}

void take_window(ValueExtent& extent, const CurveColumns& columns, Window window) {
  if (window.first == 0 && window.end == columns.size()) return extent.take(columns.extent());
  const auto take = [&](std::span<const double> values) {
    extent.take(values.subspan(window.first, window.end - window.first));
  };
  take(columns.minimum());
  if (columns.has_band()) take(columns.maximum());
  if (columns.has_own_line()) take(columns.line());
}

// Quartiles of about kSampled values, evenly picked from all windows.
std::optional<std::pair<double, double>> fences(const std::vector<Curve>& curves, const std::vector<Window>& windows,
                                                bool logarithmic) {
  std::size_t all = 0;
  for (const Window& window : windows) all += window.end - window.first;
  const std::size_t stride = std::max<std::size_t>(1, 3 * all / kSampled);
  std::vector<double> values;
  values.reserve(std::min(3 * all, 2 * kSampled));
  std::size_t at = 0;
  for (std::size_t c = 0; c < curves.size(); ++c) {
    if (windows[c].first == windows[c].end) continue;
    const CurveColumns& columns = *curves[c].columns;
    for (; at < windows[c].end - windows[c].first; at += stride) {
      const std::size_t i = windows[c].first + at;
      for (const double value : {columns.minimum()[i], columns.maximum()[i], columns.line()[i]})
        if (fits(value, logarithmic)) values.push_back(value);
    }
    at -= windows[c].end - windows[c].first;
  }
  if (values.empty()) return std::nullopt;
  const auto nth = [&](std::size_t n) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n), values.end());
    return values[n];
  };
  const double quarter = nth(values.size() / 4);
  const double three_quarters = nth(values.size() * 3 / 4);
  const double reach = 3 * (three_quarters - quarter);
  return std::pair{quarter - reach, three_quarters + reach};
}

// Least and greatest value inside the fences, without branches.
std::pair<double, double> fenced(const std::vector<Curve>& curves, const std::vector<Window>& windows,
                                 std::pair<double, double> fence) {
  double low = fence.second, high = fence.first;
  for (std::size_t c = 0; c < curves.size(); ++c) {
    if (windows[c].first == windows[c].end) continue;
    const CurveColumns& columns = *curves[c].columns;
    for (const auto& values : {columns.minimum(), columns.maximum(), columns.line()})
      for (const double value : values.subspan(windows[c].first, windows[c].end - windows[c].first)) {
        low = value >= fence.first && value < low ? value : low;
        high = value <= fence.second && value > high ? value : high;
      }
  }
  return {low, high};
}

std::pair<double, double> with_margin(double low, double high, bool logarithmic) {
  if (logarithmic) {
    const double factor = std::max(std::pow(high / low, 0.06), 1.05);
    return {low / factor, high * factor};
  }
  const double span = high - low;
  const double margin = span > 0 ? span * 0.06 : std::max(std::abs(high) * 0.1, 1e-9);
  // A quantity that is never negative and reaches down near zero is best read from zero.
  const double floor = low >= 0 && low - margin < 0.15 * span ? 0.0 : low - margin;
  return {floor, high + margin};
}

}  // namespace

CurveX x_of(const Curve& curve, XAxis axis) {
  if (curve.empty()) return {};
  if (axis != XAxis::wall_time) return {curve.columns->x(axis), 0};
  if (!std::isfinite(curve.began)) return {};
  return {curve.columns->x(axis), curve.began};
}

std::optional<double> x_of(const PlotMarker& marker, XAxis axis) {
  const double x = axis == XAxis::step      ? marker.step
                   : axis == XAxis::samples ? marker.samples
                   : axis == XAxis::time    ? marker.seconds
                                            : marker.wall_time;
  return std::isfinite(x) ? std::optional(x) : std::nullopt;
}

std::optional<std::pair<double, double>> x_extent(const std::vector<Curve>& curves, XAxis axis, bool positive) {
  std::optional<std::pair<double, double>> out;
  for (const Curve& curve : curves) {
    const CurveX x = x_of(curve, axis);
    if (!curve.visible || x.values.empty()) continue;
    const auto first = positive ? std::upper_bound(x.values.begin(), x.values.end(), -x.offset) : x.values.begin();
    if (first == x.values.end()) continue;
    const double low = *first + x.offset;
    const double high = x.values.back() + x.offset;
    if (!out) out = {low, high};
    out->first = std::min(out->first, low);
    out->second = std::max(out->second, high);
  }
  return out;
}

std::optional<std::pair<double, double>> y_extent(const std::vector<Curve>& curves, XAxis axis, double from, double to,
                                                  bool logarithmic, bool robust) {
  ValueExtent extent;
  std::vector<Window> windows(robust ? curves.size() : 0);
  for (std::size_t c = 0; c < curves.size(); ++c) {
    if (!curves[c].is_shown()) continue;
    const Window window = window_of(x_of(curves[c], axis), from, to);
    if (window.first == window.end) continue;
    take_window(extent, *curves[c].columns, window);
    if (robust) windows[c] = window;
  }
  double low = logarithmic ? extent.least_positive : extent.least;
  double high = extent.greatest;
  if (!(low <= high)) return std::nullopt;
  if (robust) {
    if (auto fence = fences(curves, windows, logarithmic)) {
      fence->first = std::max(fence->first, low);
      std::tie(low, high) = fenced(curves, windows, *fence);
    }
  }
  return with_margin(low, high, logarithmic);
}

std::optional<std::size_t> nearest_column(const Curve& curve, XAxis axis, double x) {
  const CurveX at = x_of(curve, axis);
  if (at.values.empty()) return std::nullopt;
  const double wanted = x - at.offset;
  const auto begin = at.values.begin();
  const auto after = std::lower_bound(begin, at.values.end(), wanted);
  const auto index = [&](auto place) { return static_cast<std::size_t>(place - begin); };
  if (after == begin) return 0;
  const auto before = std::prev(after);
  if (after == at.values.end()) return index(before);
  return wanted - *before <= *after - wanted ? index(before) : index(after);
}

}  // namespace athanor::widgets
