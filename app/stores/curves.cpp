#include "app/stores/curves.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>

namespace athanor::app {

std::vector<DrawnColumn> columns_of(const std::vector<store::Bucket>& buckets, std::int64_t began_ns) {
  std::vector<DrawnColumn> out;
  out.reserve(buckets.size());
  for (const store::Bucket& bucket : buckets)
    out.push_back({static_cast<double>(bucket.last_step), static_cast<double>(bucket.last_time_ns - began_ns) * 1e-9,
                   bucket.minimum, bucket.maximum, bucket.last, bucket.last, bucket.count, bucket.non_finite,
                   bucket.last_time_ns});
  return out;
}

std::vector<double> smoothed(const std::vector<store::Point>& points, double weight) {
  std::vector<double> out;
  out.reserve(points.size());
  double sum = 0;
  double total = 0;
  for (const store::Point& point : points) {
    if (!std::isfinite(point.value)) {
      out.push_back(point.value);
      continue;
    }
    sum = weight * sum + (1 - weight) * point.value;
    total = weight * total + (1 - weight);
    out.push_back(sum / total);
  }
  return out;
}

double typical_pace(std::span<const double> step_ms) {
  std::vector<double> known;
  std::copy_if(step_ms.begin(), step_ms.end(), std::back_inserter(known),
               [](double ms) { return std::isfinite(ms) && ms > 0; });
  if (known.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::ranges::sort(known);
  const auto left_out = std::ssize(known) / 10;
  const std::span most(known.begin() + left_out, known.end() - left_out);
  return 1000 * static_cast<double>(most.size()) / std::accumulate(most.begin(), most.end(), 0.0);
}

std::vector<DrawnColumn> smoothed_columns(const std::vector<store::Point>& points, double weight, int columns,
                                          std::int64_t began_ns) {
  const std::vector<double> line = smoothed(points, weight);
  const std::size_t count = std::min<std::size_t>(points.size(), static_cast<std::size_t>(std::max(1, columns)));
  std::vector<DrawnColumn> out;
  out.reserve(count);
  for (std::size_t c = 0; c < count; ++c) {
    const std::size_t first = points.size() * c / count;
    const std::size_t end = points.size() * (c + 1) / count;
    DrawnColumn column;
    bool any = false;
    for (std::size_t i = first; i < end; ++i) {
      const double value = points[i].value;
      ++column.count;
      if (!std::isfinite(value)) {
        ++column.non_finite;
        continue;
      }
      column.minimum = any ? std::min(column.minimum, value) : value;
      column.maximum = any ? std::max(column.maximum, value) : value;
      any = true;
    }
    const store::Point& last = points[end - 1];
    column.step = static_cast<double>(last.step);
    column.seconds = static_cast<double>(last.time_ns - began_ns) * 1e-9;
    column.last = last.value;
    column.line = line[end - 1];
    column.time_ns = last.time_ns;
    out.push_back(column);
  }
  return out;
}

}  // namespace athanor::app
