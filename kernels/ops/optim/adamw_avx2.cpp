#include "kernels/ops/optim/adamw_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

struct State {
  Vec param, m, v;
};

struct Step {
  Vec beta1, rest1, beta2, rest2, eps, gradient, decay, step_size, inverse_root_v;

  explicit Step(const AdamWFactors& f)
      : beta1(Vec::all(f.beta1)),
        rest1(Vec::all(1.0f - f.beta1)),
        beta2(Vec::all(f.beta2)),
        rest2(Vec::all(1.0f - f.beta2)),
        eps(Vec::all(f.eps)),
        gradient(Vec::all(f.gradient)),
        decay(Vec::all(f.decay)),
        step_size(Vec::all(f.step_size)),
        inverse_root_v(Vec::all(f.inverse_root_v)) {}

  void operator()(Vec grad, State& s) const {
    const Vec g = grad * gradient;
    s.m = multiply_add(beta1, s.m, rest1 * g);
    s.v = multiply_add(beta2, s.v, rest2 * (g * g));
    const Vec divisor = multiply_add(square_root(s.v), inverse_root_v, eps);
    s.param = negative_multiply_add(step_size, s.m / divisor, s.param * decay);
  }
};

}  // namespace

void adamw_avx2(const AdamWFactors& factors, std::int64_t numel, const float* grad, float* param, float* m, float* v) {
  const Step step(factors);
  cpu::for_each_vec(
      numel,
      [&](std::int64_t i) {
        State s{Vec::load(param + i), Vec::load(m + i), Vec::load(v + i)};
        step(Vec::load(grad + i), s);
        s.param.store(param + i);
        s.m.store(m + i);
        s.v.store(v + i);
      },
      [&](std::int64_t i, std::int64_t n) {
        State s{Vec::load_first(param + i, n), Vec::load_first(m + i, n), Vec::load_first(v + i, n)};
        step(Vec::load_first(grad + i, n), s);
        s.param.store_first(param + i, n);
        s.m.store_first(m + i, n);
        s.v.store_first(v + i, n);
      });
}

}  // namespace athanor::kernels
