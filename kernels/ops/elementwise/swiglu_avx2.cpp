#include "kernels/ops/elementwise/swiglu_avx2.h"

#include "kernels/cpu/vec_math.h"

namespace athanor::kernels {

using cpu::Vec;

void swiglu_row_avx2(std::int64_t cols, const float* gate, const float* value, float* y) {
  cpu::for_each_lanes(cols, [&](std::int64_t i, auto lanes) {
    lanes.store(cpu::activate<Activation::silu>(lanes.load(gate + i)) * lanes.load(value + i), y + i);
  });
}

void swiglu_grad_row_avx2(std::int64_t cols, const float* gate, const float* value, const float* dy, float* dgate,
                          float* dvalue) {
  cpu::for_each_lanes(cols, [&](std::int64_t i, auto lanes) {
    const Vec g = lanes.load(gate + i), slope = lanes.load(dy + i), s = cpu::sigmoid(g);
    lanes.store(slope * lanes.load(value + i) * multiply_add(g * s, Vec::all(1.0f) - s, s), dgate + i);
    lanes.store(slope * g * s, dvalue + i);
  });
}

}  // namespace athanor::kernels
