// Summing a walk through samples up into the columns of a drawing: one column a stretch of steps, filled as samples and
// summaries come.
#pragma once

#include "core/store/types.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace athanor::store {

class Fold {
 public:
  // Over steps [first, last]; what lies outside goes into the outermost columns.
  Fold(std::int64_t first, std::int64_t last, int columns)
      : first_(static_cast<double>(first)),
        per_step_(columns / (static_cast<double>(last) - static_cast<double>(first) + 1)),
        newest_(static_cast<double>(columns) - 1),
        columns_(static_cast<std::size_t>(columns), kEmpty) {}

  void add(const Point& point) {
    Bucket& column = columns_[place_of(point.step)];
    cover(column, point.step, point.step, point.time_ns, point.time_ns);
    column.last = point.value;
    ++column.count;
    if (!std::isfinite(point.value)) {
      ++column.non_finite;
      return;
    }
    column.minimum = std::min(column.minimum, point.value);
    column.maximum = std::max(column.maximum, point.value);
  }

  void add(const Bucket& bucket) {
    Bucket& column = columns_[place_of(bucket.first_step)];
    cover(column, bucket.first_step, bucket.last_step, bucket.first_time_ns, bucket.last_time_ns);
    column.last = bucket.last;
    column.count += bucket.count;
    column.non_finite += bucket.non_finite;
    // NaN, which stands for no finite sample, loses both comparisons.
    column.minimum = std::min(column.minimum, bucket.minimum);
    column.maximum = std::max(column.maximum, bucket.maximum);
  }

  [[nodiscard]] std::int64_t samples() const {
    std::int64_t samples = 0;
    for (const Bucket& column : columns_) samples += column.count;
    return samples;
  }

  // Those that hold something.
  [[nodiscard]] std::vector<Bucket> take() {
    std::erase_if(columns_, [](const Bucket& column) { return column.count == 0; });
    for (Bucket& column : columns_) {
      if (column.non_finite < column.count) continue;
      column.minimum = column.maximum = std::numeric_limits<double>::quiet_NaN();
    }
    columns_.shrink_to_fit();
    return std::move(columns_);
  }

 private:
  static constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static constexpr Bucket kEmpty = {kHighest, kLowest, kHighest, kLowest, kInfinity, -kInfinity, 0, 0, 0};

  [[nodiscard]] std::size_t place_of(std::int64_t step) const {
    return static_cast<std::size_t>(std::clamp((static_cast<double>(step) - first_) * per_step_, 0.0, newest_));
  }
  static void cover(Bucket& column, std::int64_t first, std::int64_t last, std::int64_t from_ns, std::int64_t to_ns) {
    column.first_step = std::min(column.first_step, first);
    column.last_step = std::max(column.last_step, last);
    column.first_time_ns = std::min(column.first_time_ns, from_ns);
    column.last_time_ns = std::max(column.last_time_ns, to_ns);
  }

  double first_, per_step_, newest_;
  std::vector<Bucket> columns_;
};

}  // namespace athanor::store
