#include "widgets/plot/envelope/pick.h"

#include <algorithm>
#include <cmath>

namespace athanor::widgets {
namespace {

constexpr float kBandIsFurther = 3;  // pixels

float outside(float row, float top, float bottom) { return row < top ? top - row : row > bottom ? row - bottom : 0.0F; }

// What a curve holds in sight of the pointer.
float distance(std::span<const PixelColumn> columns, float x, float y) {
  float least = PixelColumn::kFar;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const PixelColumn& column = columns[i];
    const float across = std::abs(static_cast<float>(i) + 0.5F - x);
    if (column.has_line()) least = std::min(least, std::hypot(across, outside(y, column.line_top, column.line_bottom)));
    if (column.has_band())
      least = std::min(least, std::hypot(across, outside(y, column.band_top, column.band_bottom)) + kBandIsFurther);
  }
  return least;
}

}  // namespace

std::optional<std::size_t> curve_near(const std::vector<Curve>& curves, const Frame& frame, QPointF place,
                                      double reach) {
  const AxisMap x_map = frame.x_map();
  const AxisMap y_map = frame.y_map();
  const double x = (place.x() + 0.5) * frame.scale;
  const double y = (place.y() + 0.5) * frame.scale;
  const int first = static_cast<int>(std::floor(x - reach * frame.scale));
  std::vector<PixelColumn> columns(static_cast<std::size_t>(2 * std::ceil(reach * frame.scale)) + 2);
  std::optional<std::size_t> nearest;
  auto least = static_cast<float>(reach * frame.scale);
  for (std::size_t c = 0; c < curves.size(); ++c) {
    const CurveX at = x_of(curves[c], frame.axis);
    if (!curves[c].visible || at.values.empty()) continue;
    const CurveColumns& all = *curves[c].columns;
    std::size_t hint = 0;
    fold({at, all.minimum(), all.maximum(), all.line(), {}, all.has_band()}, x_map, y_map, first, columns, hint);
    const float away =
        distance({columns.data(), columns.size() - 1}, static_cast<float>(x - first), static_cast<float>(y));
    if (away > least) continue;
    least = away;
    nearest = c;
  }
  return nearest;
}

std::optional<std::size_t> next_curve(const std::vector<Curve>& curves, XAxis axis, double x,
                                      std::optional<std::size_t> current, bool up) {
  std::vector<std::pair<double, std::size_t>> by_value;
  for (std::size_t c = 0; c < curves.size(); ++c) {
    if (!curves[c].is_shown()) continue;
    const auto column = nearest_column(curves[c], axis, x);
    const double value = column ? curves[c].columns->line()[*column] : 0;
    by_value.emplace_back(column && std::isfinite(value) ? -value : std::numeric_limits<double>::infinity(), c);
  }
  if (by_value.empty()) return std::nullopt;
  std::ranges::sort(by_value);
  const auto found = std::ranges::find_if(by_value, [&](const auto& entry) { return entry.second == current; });
  if (found == by_value.end()) return (up ? by_value.back() : by_value.front()).second;
  if (up) return (found == by_value.begin() ? found : std::prev(found))->second;
  return (std::next(found) == by_value.end() ? found : std::next(found))->second;
}

}  // namespace athanor::widgets
