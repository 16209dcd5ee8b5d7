#include "kernels/cpu/convert_avx2.h"

#include <immintrin.h>

namespace athanor::kernels::cpu {

namespace {

constexpr std::int64_t kWidth = 8;

// Calls eight(from, to) for every eight elements, the last ones by way of a buffer.
template <class From, class To, class Eight>
void by_eights(const From* from, To* to, std::int64_t count, Eight eight) {
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) eight(from + i, to + i);
  if (i == count) return;
  From in[kWidth] = {};
  To out[kWidth];
  for (std::int64_t rest = i; rest < count; ++rest) in[rest - i] = from[rest];
  eight(in, out);
  for (std::int64_t rest = i; rest < count; ++rest) to[rest] = out[rest - i];
}

__m128i load16(const std::uint16_t* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }

// The low halves of eight 32-bit lanes, in order.
__m128i low_halves(__m256i lanes) {
  const __m256i packed = _mm256_packus_epi32(lanes, lanes);
  return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0b1000));
}

__m256i round_bf16(__m256i bits) {
  const __m256i one = _mm256_set1_epi32(1), magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7FFFFFFF));
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), one);
  const __m256i rounded =
      _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)), odd), 16);
  const __m256i nan = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x7F800000));
  const __m256i quiet =
      _mm256_or_si256(_mm256_srli_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(static_cast<int>(0x80000000u))), 16),
                      _mm256_set1_epi32(0x7FC0));
  return _mm256_blendv_epi8(rounded, quiet, nan);
}

__m256i round_f8(const Float8Layout& layout, __m256i bits) {
  const __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7FFFFFFF));
  const int dropped = 23 - layout.mantissa_bits;
  const __m256i rebiased = _mm256_sub_epi32(magnitude, _mm256_set1_epi32(layout.rebias));
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(rebiased, dropped), _mm256_set1_epi32(1));
  const __m256i half = _mm256_set1_epi32((1 << (dropped - 1)) - 1);
  const __m256i normal = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(rebiased, half), odd), dropped);
  const __m256 unit = _mm256_set1_ps(layout.subnormal_unit);
  const __m256i subnormal = _mm256_sub_epi32(_mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(magnitude), unit)),
                                             _mm256_castps_si256(unit));
  const __m256i is_subnormal = _mm256_cmpgt_epi32(_mm256_set1_epi32(layout.least_normal), magnitude);
  __m256i code = _mm256_blendv_epi8(normal, subnormal, is_subnormal);
  code = _mm256_min_epi32(code, _mm256_set1_epi32(layout.largest));
  const __m256i nan = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x7F800000));
  code = _mm256_blendv_epi8(code, _mm256_set1_epi32(layout.nan), nan);
  return _mm256_or_si256(code, _mm256_slli_epi32(_mm256_srli_epi32(bits, 31), 7));
}

}  // namespace

void widen_f16_avx2(const std::uint16_t* from, float* to, std::int64_t count) {
  by_eights(from, to, count,
            [](const std::uint16_t* in, float* out) { _mm256_storeu_ps(out, _mm256_cvtph_ps(load16(in))); });
}

void widen_bf16_avx2(const std::uint16_t* from, float* to, std::int64_t count) {
  by_eights(from, to, count, [](const std::uint16_t* in, float* out) {
    const __m256i bits = _mm256_slli_epi32(_mm256_cvtepu16_epi32(load16(in)), 16);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bits);
  });
}

void widen_f8_avx2(const Float8Layout& layout, const float* table, const std::uint8_t* from, float* to,
                   std::int64_t count) {
  const int dropped = 23 - layout.mantissa_bits;
  const __m256i magnitudes = _mm256_set1_epi32(0x7F), largest = _mm256_set1_epi32(layout.largest),
                rebias = _mm256_set1_epi32(layout.rebias), least_normal = _mm256_set1_epi32(1 << layout.mantissa_bits);
  const __m256 subnormal_unit = _mm256_set1_ps(layout.subnormal_unit * 0x1p-23f);
  by_eights(from, to, count, [&](const std::uint8_t* in, float* out) {
    const __m256i codes = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(in)));
    const __m256i magnitude = _mm256_and_si256(codes, magnitudes);
    if (_mm256_movemask_epi8(_mm256_cmpgt_epi32(magnitude, largest)) != 0) {
      for (int i = 0; i < kWidth; ++i) out[i] = table[in[i]];
      return;
    }
    const __m256i normal = _mm256_add_epi32(_mm256_slli_epi32(magnitude, dropped), rebias);
    const __m256 subnormal = _mm256_mul_ps(_mm256_cvtepi32_ps(magnitude), subnormal_unit);
    const __m256i is_subnormal = _mm256_cmpgt_epi32(least_normal, magnitude);
    const __m256i number = _mm256_blendv_epi8(normal, _mm256_castps_si256(subnormal), is_subnormal);
    const __m256i sign = _mm256_slli_epi32(_mm256_srli_epi32(codes, 7), 31);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_or_si256(number, sign));
  });
}

void narrow_f16_avx2(const float* from, std::uint16_t* to, std::int64_t count) {
  by_eights(from, to, count, [](const float* in, std::uint16_t* out) {
    const __m256 x = _mm256_loadu_ps(in);
    const __m128i half = _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
    // The payload of a NaN is not kept, as everywhere else.
    const __m128i nan = low_halves(_mm256_srli_epi32(_mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q)), 16));
    const __m128i quiet =
        _mm_or_si128(_mm_and_si128(half, _mm_set1_epi16(static_cast<short>(0x8000))), _mm_set1_epi16(0x7E00));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_blendv_epi8(half, quiet, nan));
  });
}

void narrow_bf16_avx2(const float* from, std::uint16_t* to, std::int64_t count) {
  by_eights(from, to, count, [](const float* in, std::uint16_t* out) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), low_halves(round_bf16(bits)));
  });
}

void narrow_f8_avx2(const Float8Layout& layout, const float* from, std::uint8_t* to, std::int64_t count) {
  by_eights(from, to, count, [&layout](const float* in, std::uint8_t* out) {
    const __m128i halves = low_halves(round_f8(layout, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in))));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_packus_epi16(halves, halves));
  });
}

}  // namespace athanor::kernels::cpu
