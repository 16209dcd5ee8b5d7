// Single elements of arrays in any format: for references and for what is not worth a vector.
#pragma once

#include "kernels/base/scaling.h"

namespace athanor::kernels {

// An element of an f32, f16 or bf16 array, or a code as a number.
[[nodiscard]] inline float number_at(const View& view, std::int64_t i) {
  if (view.dtype == DType::f32) return view.as<float>()[i];
  float value = 0.0f;
  with_code_format(view.dtype, [&]<class Format>() {
    if constexpr (Format::kBits == 16)
      value = Format::decode(view.as<std::uint16_t>()[i]);
    else if constexpr (Format::kBits == 8)
      value = Format::decode(view.as<std::uint8_t>()[i]);
    else
      value = Format::decode(static_cast<std::uint32_t>(view.as<std::uint8_t>()[i / 2] >> (i % 2 * 4)) & 15u);
  });
  return value;
}

// Rounds and stores. Two i4 of one byte must not be stored at the same time.
inline void put_number(const View& view, std::int64_t i, float value) {
  if (view.dtype == DType::f32) {
    view.as<float>()[i] = value;
    return;
  }
  with_code_format(view.dtype, [&]<class Format>() {
    const std::uint32_t code = Format::encode(value);
    if constexpr (Format::kBits == 16) {
      view.as<std::uint16_t>()[i] = static_cast<std::uint16_t>(code);
    } else if constexpr (Format::kBits == 8) {
      view.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(code);
    } else {
      std::uint8_t& byte = view.as<std::uint8_t>()[i / 2];
      const int shift = static_cast<int>(i % 2 * 4);
      byte = static_cast<std::uint8_t>((byte & ~(15 << shift)) | static_cast<int>(code) << shift);
    }
  });
}

}  // namespace athanor::kernels
