#include "kernels/cpu/column_sum.h"

#include "kernels/cpu/parallel.h"

#include <algorithm>

namespace athanor::kernels::cpu {

namespace {
constexpr std::int64_t kElementsPerBlock = 16384;
constexpr std::int64_t kMinColumnsPerBlock = 64;
}  // namespace

void column_sum_reference(const float* x, std::int64_t rows, std::int64_t cols, std::int64_t stride, bool accumulate,
                          float* out) {
  for (std::int64_t col = 0; col < cols; ++col) {
    double sum = accumulate ? static_cast<double>(out[col]) : 0.0;
    for (std::int64_t row = 0; row < rows; ++row) sum += static_cast<double>(x[row * stride + col]);
    out[col] = static_cast<float>(sum);
  }
}

void column_sum_parallel(int threads, const float* x, std::int64_t rows, std::int64_t cols, bool accumulate,
                         float* out) {
  const std::int64_t per_block =
      std::max(kElementsPerBlock / std::max<std::int64_t>(rows, 1), kMinColumnsPerBlock) / 8 * 8;
  parallel_ranges(threads, cols, per_block, [&](BlockRange range) {
    column_sum_avx2(x + range.begin, rows, range.size(), cols, accumulate, out + range.begin);
  });
}

}  // namespace athanor::kernels::cpu
