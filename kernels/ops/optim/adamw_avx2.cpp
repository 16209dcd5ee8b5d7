#include "kernels/ops/optim/adamw_avx2.h"

#include "kernels/ops/optim/adamw_step_avx2.h"

namespace athanor::kernels {

using cpu::Vec;

UpdateCount adamw_avx2(const AdamWFactors& factors, std::int64_t numel, const float* grad, float* param, float* m,
                       float* v) {
  const AdamWStep step(factors);
  UpdateCount count{};
  cpu::for_each_lanes(numel, [&](std::int64_t i, auto lanes) {
    const Vec before = lanes.load(param + i);
    AdamWState s{before, lanes.load(m + i), lanes.load(v + i)};
    step(lanes.load(grad + i), s);
    lanes.store(s.param, param + i);
    lanes.store(s.m, m + i);
    lanes.store(s.v, v + i);
    count_lanes(nonzero_lanes(s.m), differing_lanes(s.param, before), count);
  });
  return count;
}

}  // namespace athanor::kernels
