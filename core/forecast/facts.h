// Small sums that predictions and reports share.
#pragma once

#include "core/train/trainer.h"

#include <cstdint>
#include <vector>

namespace athanor::runner {

// 0 for no values. The mean, because what is wanted is the time of all of them together.
[[nodiscard]] double mean(const std::vector<double>& values);
// The power of two of some arithmetic; 0 for less than two operations.
[[nodiscard]] int size_class(double flops);
// How often a run from `done` steps on will evaluate and save.
[[nodiscard]] std::int64_t evaluations(const train::Plan& plan, std::int64_t done);
[[nodiscard]] std::int64_t checkpoints(const train::Plan& plan, std::int64_t done);

}  // namespace athanor::runner
