// One step of adamw on eight elements. Include only in *_avx2.cpp.
#pragma once

#include "kernels/cpu/vec.h"
#include "kernels/ops/optim/adamw_avx2.h"

namespace athanor::kernels {
namespace {

struct AdamWState {
  cpu::Vec param, m, v;
};

struct AdamWStep {
  cpu::Vec beta1, rest1, beta2, rest2, eps, gradient, decay, step_size, inverse_root_v;

  explicit AdamWStep(const AdamWFactors& f)
      : beta1(cpu::Vec::all(f.beta1)),
        rest1(cpu::Vec::all(1.0f - f.beta1)),
        beta2(cpu::Vec::all(f.beta2)),
        rest2(cpu::Vec::all(1.0f - f.beta2)),
        eps(cpu::Vec::all(f.eps)),
        gradient(cpu::Vec::all(f.gradient)),
        decay(cpu::Vec::all(f.decay)),
        step_size(cpu::Vec::all(f.step_size)),
        inverse_root_v(cpu::Vec::all(f.inverse_root_v)) {}

  void operator()(cpu::Vec grad, AdamWState& s) const {
    const cpu::Vec g = grad * gradient;
    s.m = multiply_add(beta1, s.m, rest1 * g);
    s.v = multiply_add(beta2, s.v, rest2 * (g * g));
    const cpu::Vec divisor = multiply_add(square_root(s.v), inverse_root_v, eps);
    s.param = negative_multiply_add(step_size, s.m / divisor, s.param * decay);
  }
};

// A bit per lane in which the two differ, and one per lane that is not 0.
inline unsigned differing_lanes(cpu::Vec a, cpu::Vec b) {
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(a.v, b.v, _CMP_NEQ_UQ)));
}
inline unsigned nonzero_lanes(cpu::Vec a) { return differing_lanes(a, cpu::Vec::zero()); }

inline void count_lanes(unsigned wanted, unsigned changed, UpdateCount& count) {
  count.wanted += __builtin_popcount(wanted);
  count.lost += __builtin_popcount(wanted & ~changed);
}

}  // namespace
}  // namespace athanor::kernels
