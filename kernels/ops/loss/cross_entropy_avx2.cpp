#include "kernels/ops/loss/cross_entropy_avx2.h"

#include "kernels/cpu/vec_math.h"

namespace athanor::kernels {

namespace {

using cpu::exponential;
using cpu::for_each_lanes;
using cpu::Vec;

constexpr float kLowest = -__builtin_huge_valf();

float row_maximum(const float* x, std::int64_t cols) {
  Vec top = Vec::all(kLowest);
  for_each_lanes(cols, [&](std::int64_t i, auto lanes) { top = maximum(top, lanes.keep(lanes.load(x + i), kLowest)); });
  return top.maximum();
}

template <bool kWithCentred, bool kStores>
RowSoftmax row_softmax(const float* x, std::int64_t cols, float* out) {
  const float most = row_maximum(x, cols);
  const Vec top = Vec::all(most);
  Vec sum = Vec::zero(), centred = Vec::zero();
  for_each_lanes(cols, [&](std::int64_t i, auto lanes) {
    const Vec difference = lanes.load(x + i) - top, power = exponential(difference);
    sum = sum + lanes.keep(power, 0.0f);
    if constexpr (kWithCentred) centred = centred + lanes.keep(difference, 0.0f);
    if constexpr (kStores) lanes.store(power, out + i);
  });
  return {most, sum.sum(), centred.sum()};
}

}  // namespace

RowSoftmax row_softmax_avx2(const float* x, std::int64_t cols, bool with_centred, float* out) {
  if (out) return with_centred ? row_softmax<true, true>(x, cols, out) : row_softmax<false, true>(x, cols, out);
  return with_centred ? row_softmax<true, false>(x, cols, out) : row_softmax<false, false>(x, cols, out);
}

void softmax_gradient_avx2(const float* x, std::int64_t cols, float max, float log, float factor, float rest,
                           float* out) {
  const Vec top = Vec::all(max), lse = Vec::all(log), scale = Vec::all(factor), lowered = Vec::all(-rest);
  for_each_lanes(cols, [&](std::int64_t i, auto lanes) {
    lanes.store(multiply_add(scale, exponential((lanes.load(x + i) - top) - lse), lowered), out + i);
  });
}

void scale_and_lower_avx2(float* x, std::int64_t cols, float factor, float rest) {
  const Vec scale = Vec::all(factor), lowered = Vec::all(-rest);
  for_each_lanes(
      cols, [&](std::int64_t i, auto lanes) { lanes.store(multiply_add(scale, lanes.load(x + i), lowered), x + i); });
}

void add_row_avx2(float* x, const float* add, std::int64_t cols) {
  for_each_lanes(cols,
                 [&](std::int64_t i, auto lanes) { lanes.store(lanes.load(x + i) + lanes.load(add + i), x + i); });
}

}  // namespace athanor::kernels
