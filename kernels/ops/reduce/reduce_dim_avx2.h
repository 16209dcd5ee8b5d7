// The AVX2 bodies of reduce_dim.
#pragma once

#include <cstdint>

namespace athanor::kernels {

[[nodiscard]] float row_sum_avx2(const float* x, std::int64_t count);

// For each of `cols` columns of x, whose rows are `stride` apart: the maximum of `rows` > 0 rows and where it is first.
// A NaN counts as the maximum. index may be null.
void column_max_avx2(const float* x, std::int64_t rows, std::int64_t cols, std::int64_t stride, float* out,
                     std::int32_t* index);

}  // namespace athanor::kernels
