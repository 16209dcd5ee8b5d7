#include "kernels/ops/loss/regression_loss_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

struct Distance {
  Vec beta, half, inverse;
  bool smooth;

  explicit Distance(float b)
      : beta(Vec::all(b)), half(Vec::all(0.5f * b)), inverse(Vec::all(b > 0.0f ? 1.0f / b : 0.0f)), smooth(b > 0.0f) {}

  [[nodiscard]] Vec value(Vec d) const {
    const Vec size = absolute(d);
    if (!smooth) return size;
    return select(less(size, beta), Vec::all(0.5f) * size * size * inverse, size - half);
  }
  [[nodiscard]] Vec slope(Vec d) const {
    const Vec sign =
        select(less(d, Vec::zero()), Vec::all(-1.0f), select(less(Vec::zero(), d), Vec::all(1.0f), Vec::zero()));
    return smooth ? select(less(absolute(d), beta), d * inverse, sign) : sign;
  }
};

}  // namespace

float distance_sum_avx2(const float* x, const float* target, std::int64_t count, float beta) {
  const Distance distance(beta);
  Vec sum = Vec::zero();
  cpu::for_each_lanes(count, [&](std::int64_t i, auto lanes) {
    sum = sum + distance.value(lanes.load(x + i) - lanes.load(target + i));
  });
  return sum.sum();
}

void distance_grad_avx2(const float* x, const float* target, std::int64_t count, float beta, float factor, float* dx) {
  const Distance distance(beta);
  const Vec scale = Vec::all(factor);
  cpu::for_each_lanes(count, [&](std::int64_t i, auto lanes) {
    lanes.store(scale * distance.slope(lanes.load(x + i) - lanes.load(target + i)), dx + i);
  });
}

}  // namespace athanor::kernels
