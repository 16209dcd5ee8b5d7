#include "widgets/plot/curve.h"

#include <algorithm>
#include <cmath>

namespace athanor::widgets {

double x_of(const CurveColumn& column, XAxis axis) { return axis == XAxis::step ? column.step : column.seconds; }

std::optional<std::pair<double, double>> x_extent(const std::vector<Curve>& curves, XAxis axis) {
  std::optional<std::pair<double, double>> out;
  for (const Curve& curve : curves) {
    if (curve.columns.empty()) continue;
    const double low = x_of(curve.columns.front(), axis);
    const double high = x_of(curve.columns.back(), axis);
    if (!out) out = {low, high};
    out->first = std::min(out->first, low);
    out->second = std::max(out->second, high);
  }
  return out;
}

namespace {

// Lowest and highest value inside the outer fences.
std::pair<double, double> fenced(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double quarter = values[values.size() / 4];
  const double three_quarters = values[values.size() * 3 / 4];
  const double reach = 3 * (three_quarters - quarter);
  const auto low = std::lower_bound(values.begin(), values.end(), quarter - reach);
  const auto high = std::upper_bound(values.begin(), values.end(), three_quarters + reach);
  return {*low, *std::prev(high)};
}

}  // namespace

std::optional<std::pair<double, double>> y_extent(const std::vector<Curve>& curves, XAxis axis, double from, double to,
                                                  bool logarithmic, bool robust) {
  std::vector<double> values;
  const auto take = [&](double value) {
    if (std::isfinite(value) && (!logarithmic || value > 0)) values.push_back(value);
  };
  for (const Curve& curve : curves)
    for (const CurveColumn& column : curve.columns) {
      const double x = x_of(column, axis);
      if (x < from || x > to) continue;
      if (column.count > column.non_finite) {
        take(column.minimum);
        take(column.maximum);
      }
      take(column.line);
    }
  if (values.empty()) return std::nullopt;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const auto [low, high] = robust ? fenced(values) : std::pair{*least, *most};
  if (logarithmic) {
    const double factor = std::max(std::pow(high / low, 0.06), 1.05);
    return std::pair{low / factor, high * factor};
  }
  const double span = high - low;
  const double margin = span > 0 ? span * 0.06 : std::max(std::abs(high) * 0.1, 1e-9);
  // A quantity that is never negative and reaches down near zero is best read from zero.
  const double floor = low >= 0 && low - margin < 0.15 * span ? 0.0 : low - margin;
  return std::pair{floor, high + margin};
}

const CurveColumn* nearest_column(const Curve& curve, XAxis axis, double x) {
  if (curve.columns.empty()) return nullptr;
  auto after = std::lower_bound(curve.columns.begin(), curve.columns.end(), x,
                                [axis](const CurveColumn& column, double value) { return x_of(column, axis) < value; });
  if (after == curve.columns.begin()) return &*after;
  const auto before = std::prev(after);
  if (after == curve.columns.end()) return &*before;
  return x - x_of(*before, axis) <= x_of(*after, axis) - x ? &*before : &*after;
}

}  // namespace athanor::widgets
