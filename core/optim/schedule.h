// Learning rates as pure functions of the step.
#pragma once

#include <cstdint>

namespace athanor::optim {

struct CosineSchedule {
  double peak = 1e-3;
  std::int64_t warmup_steps = 0;
  std::int64_t total_steps = 1;
  double final_share = 0.0;  // of the peak, reached at the last step
};

// Rises in equal steps to the peak, which step warmup_steps - 1 has, then falls along half a cosine (Loshchilov and
// Hutter 2017, arXiv:1608.03983, eq. 5). `step` counts from 0; beyond the end the final rate stays.
[[nodiscard]] double learning_rate(const CosineSchedule& schedule, std::int64_t step);

}  // namespace athanor::optim
