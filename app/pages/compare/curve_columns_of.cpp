#include "app/pages/compare/curve_columns_of.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace athanor::app {
namespace {

widgets::CurveColumn column_of(const store::Bucket& bucket, const CurveOrigin& origin) {
  widgets::CurveColumn column;
  column.step = static_cast<double>(bucket.last_step);
  column.seconds = (static_cast<double>(bucket.last_time_ns) - origin.began_ns) * 1e-9;
  column.minimum = bucket.minimum;
  column.maximum = bucket.maximum;
  column.last = column.line = bucket.last;
  column.non_finite =
      static_cast<std::uint32_t>(std::min<std::int64_t>(bucket.non_finite, std::numeric_limits<std::uint32_t>::max()));
  if (origin.samples_per_step > 0) column.samples = column.step * origin.samples_per_step;
  return column;
}

void append(widgets::CurveColumns& columns, const std::vector<store::Bucket>& buckets, const CurveOrigin& origin) {
  for (const store::Bucket& bucket : buckets) columns.append(column_of(bucket, origin));
}

}  // namespace

widgets::SharedColumns curve_columns_of(const std::vector<store::Bucket>& buckets, const CurveOrigin& origin) {
  widgets::CurveColumns columns;
  columns.reserve(buckets.size());
  append(columns, buckets, origin);
  return widgets::share(std::move(columns));
}

widgets::SharedColumns with_detail(const widgets::CurveColumns& whole, std::int64_t first, std::int64_t last,
                                   const std::vector<store::Bucket>& detail, const CurveOrigin& origin) {
  widgets::CurveColumns columns;
  columns.reserve(whole.size() + detail.size());
  // Summaries that were not cut reach beyond.
  if (!detail.empty()) {
    first = std::min(first, detail.front().first_step);
    last = std::max(last, detail.back().last_step);
  }
  const std::span<const double> steps = whole.x(widgets::XAxis::step);
  const auto first_within = std::ranges::lower_bound(steps, static_cast<double>(first)) - steps.begin();
  const auto first_after = std::ranges::upper_bound(steps, static_cast<double>(last)) - steps.begin();
  columns.append(whole, 0, static_cast<std::size_t>(first_within));
  append(columns, detail, origin);
  auto after = static_cast<std::size_t>(first_after);
  // The column that reaches into the detail from behind would show it twice, and coarsely; its end is what follows.
  if (after > 0 && after < whole.size() && !detail.empty()) {
    widgets::CurveColumn end = whole[after++];
    end.minimum = end.maximum = end.line = end.last;
    columns.append(end);
  }
  columns.append(whole, after, whole.size());
  return widgets::share(std::move(columns));
}

store::CurveRange steps_between(const widgets::CurveColumns& columns, widgets::XAxis axis, double from, double to) {
  store::CurveRange range;
  const std::span<const double> x = columns.x(axis);
  const std::span<const double> steps = columns.x(widgets::XAxis::step);
  if (x.empty()) return range;
  const auto begin = std::ranges::lower_bound(x, from) - x.begin();
  const auto end = std::ranges::upper_bound(x, to) - x.begin();
  if (begin > 0) range.first_step = std::llround(steps[static_cast<std::size_t>(begin - 1)]);
  if (end < std::ssize(x)) range.last_step = std::llround(steps[static_cast<std::size_t>(end)]);
  return range;
}

}  // namespace athanor::app
