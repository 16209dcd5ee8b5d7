// The floating-point formats below f32 as bit patterns, and their exact conversions: the numeric twin of what devices
// do in hardware, on any machine.
//
//   format    sign exponent mantissa  bias  largest  beyond it       least normal / subnormal
//   f16          1        5       10    15    65504  infinity             2^-14 / 2^-24
//   bf16         1        8        7   127  3.39e38  infinity            2^-126 / 2^-133
//   f8_e4m3      1        4        3     7      448  448 (saturates)      2^-6  / 2^-9
//   f8_e5m2      1        5        2    15    57344  57344 (saturates)    2^-14 / 2^-16
//
// Narrowing rounds to nearest, ties to even; NaN stays NaN with its sign. f8 saturates infinities, too, as the
// conversions of CUDA with SATFINITE do. Sources: IEEE 754-2019 for f16; Micikevicius et al. 2022, arXiv:2209.05433.
#pragma once

#include "kernels/base/dtype.h"

#include <bit>
#include <cstdint>

namespace athanor {

template <int kExponentBits, int kMantissaBits, int kExponentBias, std::uint32_t kLargestCode, bool kSaturates>
struct FloatFormat {
  static constexpr int kBits = 1 + kExponentBits + kMantissaBits;
  static constexpr std::uint32_t kSign = 1u << (kBits - 1);
  static constexpr std::uint32_t kInfinity = ((1u << kExponentBits) - 1) << kMantissaBits;
  static constexpr std::uint32_t kNan =
      kSaturates && kExponentBits == 4 ? 0x7Fu : kInfinity | 1u << (kMantissaBits - 1);
  static constexpr std::uint32_t kLargest = kLargestCode;  // the code of the largest finite number
  static constexpr int kMantissa = kMantissaBits;
  static constexpr int kBias = kExponentBias;

  [[nodiscard]] static constexpr std::uint32_t encode(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = bits >> 31 ? kSign : 0u, magnitude = bits & 0x7FFFFFFFu;
    if (magnitude > 0x7F800000u) return sign | kNan;
    const std::uint32_t code = magnitude < kLeastNormal ? encode_subnormal(magnitude) : encode_normal(magnitude);
    if (code <= kLargest) return sign | code;
    return sign | (kSaturates ? kLargest : kInfinity);
  }

  [[nodiscard]] static constexpr float decode(std::uint32_t code) noexcept {
    const bool negative = (code & kSign) != 0;
    const std::uint32_t magnitude = code & (kSign - 1), exponent = magnitude >> kMantissaBits;
    const std::uint32_t mantissa = magnitude & ((1u << kMantissaBits) - 1);
    float value = 0.0f;
    if (magnitude > kLargest)
      value = std::bit_cast<float>(magnitude == kInfinity && kNan != 0x7Fu ? 0x7F800000u : 0x7FC00000u);
    else if (exponent == 0)
      value = static_cast<float>(mantissa) * power_of_two(1 - kExponentBias - kMantissaBits);
    else
      value = std::bit_cast<float>((exponent + (127u - kExponentBias)) << 23 | mantissa << (23 - kMantissaBits));
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | (negative ? 0x80000000u : 0u));
  }

 private:
  static constexpr std::uint32_t kLeastNormal = static_cast<std::uint32_t>(128 - kExponentBias) << 23;

  // 2^exponent for -149 <= exponent <= 127.
  static constexpr float power_of_two(int exponent) noexcept {
    return exponent >= -126 ? std::bit_cast<float>(static_cast<std::uint32_t>(exponent + 127) << 23)
                            : std::bit_cast<float>(1u << (exponent + 149));
  }

  static constexpr std::uint32_t encode_normal(std::uint32_t magnitude) noexcept {
    constexpr int kDropped = 23 - kMantissaBits;
    const std::uint32_t rebiased = magnitude - (static_cast<std::uint32_t>(127 - kExponentBias) << 23);
    return (rebiased + (1u << (kDropped - 1)) - 1 + (rebiased >> kDropped & 1u)) >> kDropped;
  }

  // Shifts the mantissa, with its leading one, to units of the least subnormal.
  static constexpr std::uint32_t encode_subnormal(std::uint32_t magnitude) noexcept {
    const std::uint32_t exponent = magnitude >> 23;
    const std::uint32_t mantissa = (magnitude & 0x7FFFFFu) | (exponent == 0 ? 0u : 1u << 23);
    const int dropped = (128 - kExponentBias) - static_cast<int>(exponent == 0 ? 1 : exponent) + 23 - kMantissaBits;
    if (dropped > 24) return 0;
    const std::uint32_t half = 1u << (dropped - 1);
    return (mantissa + half - 1 + (mantissa >> dropped & 1u)) >> dropped;
  }
};

using Float16 = FloatFormat<5, 10, 15, 0x7BFFu, false>;
using BFloat16 = FloatFormat<8, 7, 127, 0x7F7Fu, false>;
using Float8E4M3 = FloatFormat<4, 3, 7, 0x7Eu, true>;
using Float8E5M2 = FloatFormat<5, 2, 15, 0x7Bu, true>;

// The largest finite magnitude of a floating-point type; 0 for the others.
[[nodiscard]] constexpr double largest_finite(DType dtype) noexcept {
  switch (dtype) {
    case DType::f64: return 1.7976931348623157e308;
    case DType::f32: return 3.4028234663852886e38;
    case DType::f16: return 65504.0;
    case DType::bf16: return 3.3895313892515355e38;
    case DType::f8_e4m3: return 448.0;
    case DType::f8_e5m2: return 57344.0;
    default: return 0.0;
  }
}

// Calls function.template operator()<Format>() with the format of a narrow type; false for other types.
template <class Function>
constexpr bool with_narrow_format(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::f16: function.template operator()<Float16>(); return true;
    case DType::bf16: function.template operator()<BFloat16>(); return true;
    case DType::f8_e4m3: function.template operator()<Float8E4M3>(); return true;
    case DType::f8_e5m2: function.template operator()<Float8E5M2>(); return true;
    default: return false;
  }
}

}  // namespace athanor
