#include "kernels/ops/optim/adamw_avx2.h"

#include "kernels/ops/optim/adamw_step_avx2.h"

namespace athanor::kernels {

using cpu::Vec;

UpdateCount adamw_avx2(const AdamWFactors& factors, std::int64_t numel, const float* grad, float* param, float* m,
                       float* v) {
  const AdamWStep step(factors);
  UpdateCount count{};
  cpu::for_each_vec(
      numel,
      [&](std::int64_t i) {
        const Vec before = Vec::load(param + i);
        AdamWState s{before, Vec::load(m + i), Vec::load(v + i)};
        step(Vec::load(grad + i), s);
        s.param.store(param + i);
        s.m.store(m + i);
        s.v.store(v + i);
        count_lanes(nonzero_lanes(s.m), differing_lanes(s.param, before), count);
      },
      [&](std::int64_t i, std::int64_t n) {
        const Vec before = Vec::load_first(param + i, n);
        AdamWState s{before, Vec::load_first(m + i, n), Vec::load_first(v + i, n)};
        step(Vec::load_first(grad + i, n), s);
        s.param.store_first(param + i, n);
        s.m.store_first(m + i, n);
        s.v.store_first(v + i, n);
        count_lanes(nonzero_lanes(s.m), differing_lanes(s.param, before), count);
      });
  return count;
}

}  // namespace athanor::kernels
