// Learning rates as pure functions of the step.
#pragma once

#include <cstdint>

namespace athanor::optim {

struct CosineSchedule {
  double peak = 1e-3;
  std::int64_t warmup_steps = 0;
  std::int64_t total_steps = 1;
  double final_share = 0.0;  // of the peak: the rate never falls below it once it has risen
};

// peak * min(1, (step + 1) / warmup_steps) * max(final_share, (1 + cos(pi * step / total_steps)) / 2): half a cosine
// (Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5) over the whole run, with a linear rise at its head. `step`
// counts from 0; beyond the end the last rate stays.
[[nodiscard]] double learning_rate(const CosineSchedule& schedule, std::int64_t step);

}  // namespace athanor::optim
