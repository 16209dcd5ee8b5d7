// Sums down the columns of a matrix: bias gradients and the last step of every reduction by blocks of rows.
#pragma once

#include <cstdint>

namespace athanor::kernels::cpu {

// out[c] (+)= sum_r x[r * stride + c] for c < cols, in order of r: runs of 64 rows are summed first, the runs are then
// added. f32; AVX2, so call it only after has_avx2().
void column_sum_avx2(const float* x, std::int64_t rows, std::int64_t cols, std::int64_t stride, bool accumulate,
                     float* out);

// The same with double accumulation.
void column_sum_reference(const float* x, std::int64_t rows, std::int64_t cols, std::int64_t stride, bool accumulate,
                          float* out);

// column_sum_avx2 over all columns in parallel; the blocks of columns are fixed.
void column_sum_parallel(int threads, const float* x, std::int64_t rows, std::int64_t cols, bool accumulate,
                         float* out);

}  // namespace athanor::kernels::cpu
