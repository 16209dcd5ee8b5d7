// The AVX2 bodies of contrastive_loss: exponentials over rows and columns of the logits.
#pragma once

#include <cstdint>

namespace athanor::kernels {

[[nodiscard]] float row_log_sum_exp_avx2(const float* row, std::int64_t cols);

// out[c] = log sum_r exp(x[r * stride + c]) for c < cols.
void column_log_sum_exp_avx2(const float* x, std::int64_t rows, std::int64_t cols, std::int64_t stride, float* out);

// row[j] = factor * (exp(row[j] - row_lse) + exp(row[j] - col_lse[j])) / 2
void softmax_mean_row_avx2(float* row, std::int64_t cols, float row_lse, const float* col_lse, float factor);

}  // namespace athanor::kernels
