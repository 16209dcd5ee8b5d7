// Small sums that predictions and reports share.
#pragma once

#include "core/recipe/recipe.h"
#include "core/train/trainer.h"

#include <chrono>
#include <cstdint>
#include <vector>

namespace athanor::runner {

using Clock = std::chrono::steady_clock;
[[nodiscard]] inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}
// What the recipe's device has; of several GPUs the first.
[[nodiscard]] std::int64_t device_memory(const recipe::Recipe& recipe);
// How many times longer a step takes than the arithmetic of a rank that has the machine for itself: ranks wait for one
// another, by the schedule's bubble, and threads that share a core take turns.
[[nodiscard]] double waiting(const recipe::Recipe& recipe, double bubble);

// 0 for no values. The mean, because what is wanted is the time of all of them together.
[[nodiscard]] double mean(const std::vector<double>& values);
// The power of two of some arithmetic; 0 for less than two operations.
[[nodiscard]] int size_class(double flops);
// How often a run from `done` steps on will evaluate and save.
[[nodiscard]] std::int64_t evaluations(const train::Plan& plan, std::int64_t done);
[[nodiscard]] std::int64_t checkpoints(const train::Plan& plan, std::int64_t done);

}  // namespace athanor::runner
