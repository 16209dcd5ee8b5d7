#include "kernels/ops/quant/scale_search_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

constexpr int kScales = kSearchedScales;
constexpr int kDropped = 20;  // bits of f32 that a code has not
constexpr int kLeastNormal = (127 - 6) << 23, kInfinity = 0xFF << 23, kTwenty = 20 << 23;

// Adding this to a number of f8_e4m3's range drops what lies below its last bit there: its power of two, or that of the
// least normal one, times 2^20.
Vec rounder_of(Vec scaled) {
  const __m256i power = _mm256_and_si256(_mm256_castps_si256(scaled.v), _mm256_set1_epi32(kInfinity));
  const __m256i held = _mm256_max_epi32(power, _mm256_set1_epi32(kLeastNormal));
  return {_mm256_castsi256_ps(_mm256_add_epi32(held, _mm256_set1_epi32(kTwenty)))};
}

}  // namespace

void code_errors_avx2(const float* x, std::int64_t count, const float* inverse, float* squares) {
  Vec sums[kScales];
  for (Vec& sum : sums) sum = Vec::zero();
  cpu::for_each_lanes(count, [&](std::int64_t i, auto lanes) {
    const Vec value = cpu::absolute(lanes.load(x + i));
    for (int k = 0; k < kScales; ++k) {
      const Vec factor = Vec::all(inverse[k]);
      const Vec rounder = rounder_of(value * factor);
      const Vec code = cpu::multiply_add(value, factor, rounder) - rounder;
      const Vec error = cpu::negative_multiply_add(value, factor, code);
      sums[k] = cpu::multiply_add(error, error, sums[k]);
    }
  });
  for (int k = 0; k < kScales; ++k) squares[k] = sums[k].sum();
}

float normal_code_errors_avx2(const float* x, std::int64_t count, const float* inverse, float* squares) {
  const __m256i half = _mm256_set1_epi32(1 << (kDropped - 1)), kept = _mm256_set1_epi32(-1 << kDropped);
  const __m256 infinity = _mm256_set1_ps(__builtin_inff());
  __m256 least = infinity;
  Vec sums[kScales];
  for (Vec& sum : sums) sum = Vec::zero();
  cpu::for_each_lanes(count, [&](std::int64_t i, auto lanes) {
    const Vec value = cpu::absolute(lanes.load(x + i));
    const __m256 is_zero = _mm256_cmp_ps(value.v, _mm256_setzero_ps(), _CMP_EQ_OQ);
    least = _mm256_min_ps(_mm256_blendv_ps(value.v, infinity, is_zero), least);
    for (int k = 0; k < kScales; ++k) {
      const Vec factor = Vec::all(inverse[k]);
      const __m256i scaled = _mm256_castps_si256((value * factor).v);
      const Vec code{_mm256_castsi256_ps(_mm256_and_si256(_mm256_add_epi32(scaled, half), kept))};
      const Vec error = cpu::negative_multiply_add(value, factor, code);
      sums[k] = cpu::multiply_add(error, error, sums[k]);
    }
  });
  for (int k = 0; k < kScales; ++k) squares[k] = sums[k].sum();
  const __m128 four = _mm_min_ps(_mm256_castps256_ps128(least), _mm256_extractf128_ps(least, 1));
  const __m128 two = _mm_min_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_min_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace athanor::kernels
