#include "kernels/ops/elementwise/swiglu_avx2.h"

#include "kernels/cpu/vec_math.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

Vec gated(Vec gate, Vec value) { return cpu::activate<Activation::silu>(gate) * value; }

struct Gradient {
  Vec gate, value;
};

Gradient gradient(Vec gate, Vec value, Vec dy) {
  const Vec s = cpu::sigmoid(gate);
  const Vec slope = multiply_add(gate * s, Vec::all(1.0f) - s, s);
  return {dy * value * slope, dy * gate * s};
}

}  // namespace

void swiglu_row_avx2(std::int64_t cols, const float* gate, const float* value, float* y) {
  cpu::for_each_vec(
      cols, [&](std::int64_t i) { gated(Vec::load(gate + i), Vec::load(value + i)).store(y + i); },
      [&](std::int64_t i, std::int64_t n) {
        gated(Vec::load_first(gate + i, n), Vec::load_first(value + i, n)).store_first(y + i, n);
      });
}

void swiglu_grad_row_avx2(std::int64_t cols, const float* gate, const float* value, const float* dy, float* dgate,
                          float* dvalue) {
  cpu::for_each_vec(
      cols,
      [&](std::int64_t i) {
        const Gradient g = gradient(Vec::load(gate + i), Vec::load(value + i), Vec::load(dy + i));
        g.gate.store(dgate + i);
        g.value.store(dvalue + i);
      },
      [&](std::int64_t i, std::int64_t n) {
        const Gradient g =
            gradient(Vec::load_first(gate + i, n), Vec::load_first(value + i, n), Vec::load_first(dy + i, n));
        g.gate.store_first(dgate + i, n);
        g.value.store_first(dvalue + i, n);
      });
}

}  // namespace athanor::kernels
