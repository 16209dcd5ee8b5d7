// The conversions of convert.h, eight at a time and to the same bits. AVX2 with F16C: call only after has_avx2().
#pragma once

#include <cstdint>

namespace athanor::kernels::cpu {

// The numbers that set an 8-bit format apart, all of them shifted to where f32 holds them.
struct Float8Layout {
  int mantissa_bits;
  std::int32_t least_normal;  // bits of the least normal number
  std::int32_t rebias;        // difference of the biases in the exponent field
  float subnormal_unit;       // value of 2^23 units of the least subnormal: adding it rounds to whole units
  std::int32_t largest;       // code of the largest finite number
  std::int32_t nan;
};
inline constexpr Float8Layout kFloat8E4M3{3, 121 << 23, 120 << 23, 16384.0f, 0x7E, 0x7F};
inline constexpr Float8Layout kFloat8E5M2{2, 113 << 23, 112 << 23, 128.0f, 0x7B, 0x7E};

void widen_f16_avx2(const std::uint16_t* from, float* to, std::int64_t count);
void widen_bf16_avx2(const std::uint16_t* from, float* to, std::int64_t count);
// `table` has the numbers of all codes; those beyond the largest finite one are looked up.
void widen_f8_avx2(const Float8Layout& layout, const float* table, const std::uint8_t* from, float* to,
                   std::int64_t count);
void narrow_f16_avx2(const float* from, std::uint16_t* to, std::int64_t count);
void narrow_bf16_avx2(const float* from, std::uint16_t* to, std::int64_t count);
void narrow_f8_avx2(const Float8Layout& layout, const float* from, std::uint8_t* to, std::int64_t count);

}  // namespace athanor::kernels::cpu
