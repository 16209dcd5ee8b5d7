// The AVX2 bodies of nearest_code.
#pragma once

#include <cstdint>

namespace athanor::kernels {

// The first column with the least squares[k] - 2 products[k].
[[nodiscard]] std::int64_t nearest_column_avx2(const float* products, const float* squares, std::int64_t cols);

// sum (a - b)^2
[[nodiscard]] float squared_distance_avx2(const float* a, const float* b, std::int64_t count);

// out = factor (a - b), or added to out.
void scaled_difference_avx2(const float* a, const float* b, std::int64_t count, float factor, bool accumulate,
                            float* out);

}  // namespace athanor::kernels
