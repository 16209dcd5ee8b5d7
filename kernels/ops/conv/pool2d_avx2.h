// The AVX2 bodies of the 2x2 pools: the windows of one pair of image rows.
#pragma once

#include <cstdint>

namespace athanor::kernels {

// Rows x0 and x1 of `windows` windows of `channels` channels; y and dy hold one row of outputs.
void max_pool_row_avx2(std::int64_t windows, std::int64_t channels, const float* x0, const float* x1, float* y);
void max_pool_grad_row_avx2(std::int64_t windows, std::int64_t channels, const float* x0, const float* x1,
                            const float* dy, float* dx0, float* dx1);
void avg_pool_row_avx2(std::int64_t windows, std::int64_t channels, const float* x0, const float* x1, float* y);
void avg_pool_grad_row_avx2(std::int64_t windows, std::int64_t channels, const float* dy, float* dx0, float* dx1);

}  // namespace athanor::kernels
