#include "kernels/ops/index/top_k_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

std::int64_t next_above_avx2(const float* x, std::int64_t begin, std::int64_t cols, float floor) {
  const __m256 bound = _mm256_set1_ps(floor);
  std::int64_t i = begin;
  for (; i + cpu::Vec::kWidth <= cols; i += cpu::Vec::kWidth) {
    const int above = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x + i), bound, _CMP_NLE_UQ));
    if (above != 0) return i + __builtin_ctz(static_cast<unsigned>(above));
  }
  for (; i < cols; ++i)
    if (!(x[i] <= floor)) return i;
  return cols;
}

}  // namespace athanor::kernels
