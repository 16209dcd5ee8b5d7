// Element types a view may hold.
#pragma once

#include <cstddef>
#include <cstdint>

namespace athanor {

// f8_e4m3 and f8_e5m2 are the FP8 formats of Micikevicius et al. 2022 (arXiv:2209.05433): E4M3 without infinities.
// i4 packs two elements into a byte, the first in the low half.
enum class DType : std::uint8_t { f32, f64, i32, i64, u8, f16, bf16, f8_e4m3, f8_e5m2, i8, i4 };

[[nodiscard]] constexpr int size_bits(DType dtype) noexcept {
  switch (dtype) {
    case DType::f64:
    case DType::i64: return 64;
    case DType::f32:
    case DType::i32: return 32;
    case DType::f16:
    case DType::bf16: return 16;
    case DType::u8:
    case DType::i8:
    case DType::f8_e4m3:
    case DType::f8_e5m2: return 8;
    case DType::i4: return 4;
  }
  return 0;
}

// What `count` elements in a row take.
[[nodiscard]] constexpr std::size_t storage_bytes(DType dtype, std::int64_t count) noexcept {
  return (static_cast<std::size_t>(count) * static_cast<std::size_t>(size_bits(dtype)) + 7) / 8;
}

// The floating-point types below f32, in which activations and copies of weights may be held.
[[nodiscard]] constexpr bool is_narrow_float(DType dtype) noexcept {
  return dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f8_e4m3 || dtype == DType::f8_e5m2;
}

[[nodiscard]] constexpr const char* to_string(DType dtype) noexcept {
  switch (dtype) {
    case DType::f32: return "f32";
    case DType::f64: return "f64";
    case DType::i32: return "i32";
    case DType::i64: return "i64";
    case DType::u8: return "u8";
    case DType::f16: return "f16";
    case DType::bf16: return "bf16";
    case DType::f8_e4m3: return "f8_e4m3";
    case DType::f8_e5m2: return "f8_e5m2";
    case DType::i8: return "i8";
    case DType::i4: return "i4";
  }
  return "?";
}

}  // namespace athanor
