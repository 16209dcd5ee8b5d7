#include "kernels/ops/gemm/linear_avx2.h"

#include "kernels/cpu/transpose_avx2.h"
#include "kernels/cpu/vec_math.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

template <Activation kind>
void epilogue(std::int64_t rows, std::int64_t cols, const float* bias, const float* residual, float* preactivation,
              float* y) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t offset = row * cols;
    cpu::for_each_vec(
        cols,
        [&](std::int64_t i) {
          Vec value = Vec::load(y + offset + i);
          if (bias) value = value + Vec::load(bias + i);
          if (preactivation) value.store(preactivation + offset + i);
          value = cpu::activate<kind>(value);
          if (residual) value = value + Vec::load(residual + offset + i);
          value.store(y + offset + i);
        },
        [&](std::int64_t i, std::int64_t n) {
          Vec value = Vec::load_first(y + offset + i, n);
          if (bias) value = value + Vec::load_first(bias + i, n);
          if (preactivation) value.store_first(preactivation + offset + i, n);
          value = cpu::activate<kind>(value);
          if (residual) value = value + Vec::load_first(residual + offset + i, n);
          value.store_first(y + offset + i, n);
        });
  }
}

}  // namespace

void linear_epilogue_avx2(Activation activation, std::int64_t rows, std::int64_t cols, const float* bias,
                          const float* residual, float* preactivation, float* y) {
  switch (activation) {
    case Activation::none:
      if (bias || residual) epilogue<Activation::none>(rows, cols, bias, residual, nullptr, y);
      return;
    case Activation::relu: return epilogue<Activation::relu>(rows, cols, bias, residual, preactivation, y);
    case Activation::gelu_erf: return epilogue<Activation::gelu_erf>(rows, cols, bias, residual, preactivation, y);
    case Activation::gelu_tanh: return epilogue<Activation::gelu_tanh>(rows, cols, bias, residual, preactivation, y);
    case Activation::silu: return epilogue<Activation::silu>(rows, cols, bias, residual, preactivation, y);
  }
}

void transpose_rows_avx2(const float* w, std::int64_t k, std::int64_t begin, std::int64_t end, float* out,
                         std::int64_t out_row) {
  const std::int64_t whole = begin + (end - begin) / 16 * 16;
  std::int64_t i = 0;
  // Sixteen columns at a time fill whole cache lines of the result.
  for (; i + 8 <= k; i += 8)
    for (std::int64_t column = begin; column < whole; column += 16)
      for (std::int64_t half = 0; half < 16; half += 8)
        cpu::transpose_eight(w + (column + half) * k + i, k, out + i * out_row + column + half, out_row);
  for (std::int64_t j = 0; j < k; ++j)
    for (std::int64_t column = j < i ? whole : begin; column < end; ++column)
      out[j * out_row + column] = w[column * k + j];
}

}  // namespace athanor::kernels
