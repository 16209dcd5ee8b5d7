#include "kernels/ops/loss/cross_entropy_avx2.h"

#include "kernels/cpu/vec_math.h"

namespace athanor::kernels {

namespace {

using cpu::exponential;
using cpu::for_each_vec;
using cpu::Vec;

constexpr float kLowest = -__builtin_huge_valf();

float row_maximum(const float* x, std::int64_t cols) {
  Vec top = Vec::all(kLowest);
  for_each_vec(
      cols, [&](std::int64_t i) { top = maximum(top, Vec::load(x + i)); },
      [&](std::int64_t i, std::int64_t n) { top = maximum(top, Vec::load_first(x + i, n).keep_first(n, kLowest)); });
  return top.maximum();
}

template <bool kWithCentred, bool kStores>
RowSoftmax row_softmax(const float* x, std::int64_t cols, float* out) {
  const float most = row_maximum(x, cols);
  const Vec top = Vec::all(most);
  Vec sum = Vec::zero(), centred = Vec::zero();
  for_each_vec(
      cols,
      [&](std::int64_t i) {
        const Vec difference = Vec::load(x + i) - top;
        const Vec power = exponential(difference);
        sum = sum + power;
        if constexpr (kWithCentred) centred = centred + difference;
        if constexpr (kStores) power.store(out + i);
      },
      [&](std::int64_t i, std::int64_t n) {
        const Vec difference = Vec::load_first(x + i, n) - top;
        const Vec power = exponential(difference);
        sum = sum + power.keep_first(n, 0.0f);
        if constexpr (kWithCentred) centred = centred + difference.keep_first(n, 0.0f);
        if constexpr (kStores) power.store_first(out + i, n);
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
  for_each_vec(
      cols,
      [&](std::int64_t i) { multiply_add(scale, exponential((Vec::load(x + i) - top) - lse), lowered).store(out + i); },
      [&](std::int64_t i, std::int64_t n) {
        multiply_add(scale, exponential((Vec::load_first(x + i, n) - top) - lse), lowered).store_first(out + i, n);
      });
}

void scale_and_lower_avx2(float* x, std::int64_t cols, float factor, float rest) {
  const Vec scale = Vec::all(factor), lowered = Vec::all(-rest);
  for_each_vec(
      cols, [&](std::int64_t i) { multiply_add(scale, Vec::load(x + i), lowered).store(x + i); },
      [&](std::int64_t i, std::int64_t n) {
        multiply_add(scale, Vec::load_first(x + i, n), lowered).store_first(x + i, n);
      });
}

void add_row_avx2(float* x, const float* add, std::int64_t cols) {
  for_each_vec(
      cols, [&](std::int64_t i) { (Vec::load(x + i) + Vec::load(add + i)).store(x + i); },
      [&](std::int64_t i, std::int64_t n) {
        (Vec::load_first(x + i, n) + Vec::load_first(add + i, n)).store_first(x + i, n);
      });
}

}  // namespace athanor::kernels
