// The AVX2 bodies of cross_entropy over one row of logits, and of linear_cross_entropy, which uses the same.
#pragma once

#include <cstdint>

namespace athanor::kernels {

struct RowSoftmax {
  float max;      // of the row
  float sum;      // of exp(x - max)
  float centred;  // sum of x - max; 0 unless asked for
};

// Replaces the row by exp(x - max) when `out` is given (it may be x itself).
[[nodiscard]] RowSoftmax row_softmax_avx2(const float* x, std::int64_t cols, bool with_centred, float* out);

// out[v] = factor * exp(x[v] - max - log) - rest
void softmax_gradient_avx2(const float* x, std::int64_t cols, float max, float log, float factor, float rest,
                           float* out);

// x[v] = factor * x[v] - rest
void scale_and_lower_avx2(float* x, std::int64_t cols, float factor, float rest);

// x[v] += add[v]
void add_row_avx2(float* x, const float* add, std::int64_t cols);

}  // namespace athanor::kernels
