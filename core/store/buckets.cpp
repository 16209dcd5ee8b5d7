#include "core/store/buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace athanor::store {

Bucket bucket_of(const Point& point) {
  const bool finite = std::isfinite(point.value);
  const double extreme = finite ? point.value : std::numeric_limits<double>::quiet_NaN();
  return {point.step, point.step, point.time_ns, point.time_ns, extreme, extreme, point.value, 1, finite ? 0 : 1};
}

void merge(Bucket& bucket, const Bucket& more) {
  bucket.first_step = std::min(bucket.first_step, more.first_step);
  bucket.last_step = std::max(bucket.last_step, more.last_step);
  bucket.first_time_ns = std::min(bucket.first_time_ns, more.first_time_ns);
  bucket.last_time_ns = std::max(bucket.last_time_ns, more.last_time_ns);
  // A number goes before NaN.
  if (!(bucket.minimum <= more.minimum) && !std::isnan(more.minimum)) bucket.minimum = more.minimum;
  if (!(bucket.maximum >= more.maximum) && !std::isnan(more.maximum)) bucket.maximum = more.maximum;
  bucket.last = more.last;
  bucket.count += more.count;
  bucket.non_finite += more.non_finite;
}

Bucket bucket_of(std::span<const Point> points) {
  Bucket sum = bucket_of(points.front());
  for (const Point& point : points.subspan(1)) merge(sum, bucket_of(point));
  return sum;
}

Bucket bucket_of(std::span<const Bucket> buckets) {
  Bucket sum = buckets.front();
  for (const Bucket& bucket : buckets.subspan(1)) merge(sum, bucket);
  return sum;
}

}  // namespace athanor::store
