#include "kernels/ops/reduce/gradient_stats_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

struct Sums {
  __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
  std::int64_t nonfinite = 0;

  void add(Vec x) {
    const __m256i magnitude = _mm256_and_si256(_mm256_castps_si256(x.v), _mm256_set1_epi32(0x7fffffff));
    const __m256i spoilt = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x7f7fffff));
    nonfinite += __builtin_popcount(static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(spoilt))));
    const __m256 finite = _mm256_andnot_ps(_mm256_castsi256_ps(spoilt), x.v);
    const __m256d a = _mm256_cvtps_pd(_mm256_castps256_ps128(finite)),
                  b = _mm256_cvtps_pd(_mm256_extractf128_ps(finite, 1));
    low = _mm256_fmadd_pd(a, a, low);
    high = _mm256_fmadd_pd(b, b, high);
  }
};

}  // namespace

RunStats gradient_stats_avx2(const float* x, std::int64_t numel) {
  Sums sums;
  cpu::for_each_vec(
      numel, [&](std::int64_t i) { sums.add(Vec::load(x + i)); },
      [&](std::int64_t i, std::int64_t n) { sums.add(Vec::load_first(x + i, n)); });
  double lanes[4];
  _mm256_storeu_pd(lanes, _mm256_add_pd(sums.low, sums.high));
  return {(lanes[0] + lanes[1]) + (lanes[2] + lanes[3]), sums.nonfinite};
}

}  // namespace athanor::kernels
