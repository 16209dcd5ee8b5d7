// From buckets of the store to what a plot draws: relative times, exact exponential smoothing, columns. Pure; any
// thread.
#pragma once

#include "core/store/types.h"

#include <span>
#include <vector>

namespace athanor::app {

struct DrawnColumn {
  double step = 0;
  double seconds = 0;
  double minimum = 0, maximum = 0, last = 0;
  double line = 0;  // `last`, or the smoothed value at the last sample
  std::int64_t count = 0;
  std::int64_t non_finite = 0;
  std::int64_t time_ns = 0;  // wall clock of the last sample
};

// Without smoothing: the buckets as they are.
[[nodiscard]] std::vector<DrawnColumn> columns_of(const std::vector<store::Bucket>& buckets, std::int64_t began_ns);

// Exponential average with bias correction over every sample, weight in [0, 1): 0 leaves the values as they are.
// Non-finite samples are passed over and drawn as themselves.
[[nodiscard]] std::vector<double> smoothed(const std::vector<store::Point>& points, double weight);

// Steps a second over these steps (their times in milliseconds) without the tenth that was quickest and the tenth that
// was slowest, so that no single one moves it; NaN: not known.
[[nodiscard]] double typical_pace(std::span<const double> step_ms);

// Samples folded into at most `columns`; the line follows the smoothed curve, which was computed on all samples.
[[nodiscard]] std::vector<DrawnColumn> smoothed_columns(const std::vector<store::Point>& points, double weight,
                                                        int columns, std::int64_t began_ns);

}  // namespace athanor::app
