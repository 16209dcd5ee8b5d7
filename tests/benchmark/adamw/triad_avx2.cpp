#include "tests/benchmark/adamw/triad_avx2.h"

#include <immintrin.h>

namespace athanor::benchmark {

void triad_avx2(std::int64_t n, const float* b, const float* c, float scale, float* a) {
  const __m256 s = _mm256_set1_ps(scale);
  for (std::int64_t i = 0; i < n; i += 8)
    _mm256_stream_ps(a + i, _mm256_fmadd_ps(s, _mm256_load_ps(c + i), _mm256_load_ps(b + i)));
  _mm_sfence();
}

}  // namespace athanor::benchmark
