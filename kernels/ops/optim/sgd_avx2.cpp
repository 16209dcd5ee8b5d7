#include "kernels/ops/optim/sgd_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

using cpu::Vec;

void sgd_avx2(const SgdFactors& factors, std::int64_t numel, const float* grad, float* param, float* momentum) {
  const Vec gradient = Vec::all(factors.gradient), decay = Vec::all(factors.weight_decay), mu = Vec::all(factors.mu),
            lr = Vec::all(factors.lr);
  cpu::for_each_lanes(numel, [&](std::int64_t i, auto lanes) {
    const Vec value = lanes.load(param + i);
    const Vec g = multiply_add(decay, value, gradient * lanes.load(grad + i));
    Vec step = g;
    if (momentum) {
      const Vec velocity = multiply_add(mu, lanes.load(momentum + i), g);
      lanes.store(velocity, momentum + i);
      step = factors.nesterov ? multiply_add(mu, velocity, g) : velocity;
    }
    lanes.store(negative_multiply_add(lr, step, value), param + i);
  });
}

}  // namespace athanor::kernels
