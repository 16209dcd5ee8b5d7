#include "kernels/ops/optim/lamb_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

// u of lamb.h; 0 in lanes of zeros.
struct Update {
  Vec inverse_m, inverse_root_v, eps, decay;

  explicit Update(const LambFactors& f)
      : inverse_m(Vec::all(f.inverse_m)),
        inverse_root_v(Vec::all(f.inverse_root_v)),
        eps(Vec::all(f.eps)),
        decay(Vec::all(f.weight_decay)) {}
  Vec operator()(Vec m, Vec v, Vec param) const {
    return multiply_add(decay, param, m * inverse_m / multiply_add(square_root(v), inverse_root_v, eps));
  }
};

}  // namespace

LambNorms lamb_moments_avx2(const LambFactors& f, std::int64_t numel, const float* grad, const float* param, float* m,
                            float* v) {
  const Vec beta1 = Vec::all(f.beta1), rest1 = Vec::all(1.0f - f.beta1), beta2 = Vec::all(f.beta2),
            rest2 = Vec::all(1.0f - f.beta2), gradient = Vec::all(f.gradient);
  const Update update(f);
  Vec params = Vec::zero(), updates = Vec::zero();
  cpu::for_each_lanes(numel, [&](std::int64_t i, auto lanes) {
    const Vec g = gradient * lanes.load(grad + i), value = lanes.load(param + i);
    const Vec first = multiply_add(beta1, lanes.load(m + i), rest1 * g);
    const Vec second = multiply_add(beta2, lanes.load(v + i), rest2 * (g * g));
    lanes.store(first, m + i);
    lanes.store(second, v + i);
    const Vec u = update(first, second, value);
    params = multiply_add(value, value, params);
    updates = multiply_add(u, u, updates);
  });
  return {static_cast<double>(params.sum()), static_cast<double>(updates.sum())};
}

void lamb_apply_avx2(const LambFactors& f, float length, std::int64_t numel, const float* m, const float* v,
                     float* param) {
  const Update update(f);
  const Vec step = Vec::all(length);
  cpu::for_each_lanes(numel, [&](std::int64_t i, auto lanes) {
    const Vec value = lanes.load(param + i);
    lanes.store(negative_multiply_add(step, update(lanes.load(m + i), lanes.load(v + i), value), value), param + i);
  });
}

}  // namespace athanor::kernels
