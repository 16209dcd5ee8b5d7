#include "core/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace athanor::optim {

double learning_rate(const CosineSchedule& schedule, std::int64_t step) {
  const auto ratio = [](std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(1, whole));
  };
  const double rise = std::min(1.0, ratio(step + 1, schedule.warmup_steps));
  const double fall = 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, ratio(step, schedule.total_steps))));
  return schedule.peak * rise * std::max(schedule.final_share, fall);
}

}  // namespace athanor::optim
