#include "core/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace athanor::optim {

double learning_rate(const CosineSchedule& schedule, std::int64_t step) {
  if (step < schedule.warmup_steps)
    return schedule.peak * static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps);
  const auto falling = static_cast<double>(std::max<std::int64_t>(1, schedule.total_steps - schedule.warmup_steps - 1));
  const double progress = std::min(1.0, static_cast<double>(step - schedule.warmup_steps) / falling);
  const double share =
      schedule.final_share + (1 - schedule.final_share) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
  return schedule.peak * share;
}

}  // namespace athanor::optim
