// What quantize, dequantize and scaled products share: who has a scale with whom, how a scale follows from the largest
// magnitude, and the codes of one number. The same functions run on the host and on devices.
//
// A code stands for code * scale. Sources: Micikevicius et al. 2022, arXiv:2209.05433 (formats, one scale per tensor);
// DeepSeek-AI 2024, arXiv:2412.19437, 3.3.2 (blocks of 1x128 and 128x128, scale = largest magnitude / 448).
#pragma once

#include "kernels/base/number_format.h"
#include "kernels/base/view.h"

#include <algorithm>
#include <type_traits>

namespace athanor::kernels {

// Of a matrix [rows, columns], leading dims flattened to rows.
enum class Grouping : std::uint8_t {
  tensor,   // all elements
  row,      // the elements of a row
  stretch,  // `block` neighbours in a row
  square    // `block` by `block` elements
};

[[nodiscard]] constexpr const char* to_string(Grouping grouping) noexcept {
  switch (grouping) {
    case Grouping::tensor: return "tensor";
    case Grouping::row: return "row";
    case Grouping::stretch: return "stretch";
    case Grouping::square: return "square";
  }
  return "?";
}

inline constexpr std::int64_t kQuantBlock = 128;
inline constexpr std::int64_t kLargestQuantBlock = 256;

// Which scale an element has. Scales lie as [down, across].
struct ScaleGrid {
  std::int64_t rows = 0, columns = 0;
  std::int64_t tall = 1, wide = 1;  // elements of a group

  [[nodiscard]] constexpr std::int64_t down() const noexcept { return (rows + tall - 1) / tall; }
  [[nodiscard]] constexpr std::int64_t across() const noexcept { return (columns + wide - 1) / wide; }
  [[nodiscard]] constexpr std::int64_t count() const noexcept { return down() * across(); }
  [[nodiscard]] constexpr std::int64_t group_of(std::int64_t row, std::int64_t column) const noexcept {
    return row / tall * across() + column / wide;
  }
};

[[nodiscard]] constexpr ScaleGrid scale_grid(Grouping grouping, std::int64_t rows, std::int64_t columns,
                                             std::int64_t block = kQuantBlock) noexcept {
  const auto some = [](std::int64_t count) { return count > 0 ? count : 1; };
  switch (grouping) {
    case Grouping::tensor: return {rows, columns, some(rows), some(columns)};
    case Grouping::row: return {rows, columns, 1, some(columns)};
    case Grouping::stretch: return {rows, columns, 1, block};
    case Grouping::square: return {rows, columns, block, block};
  }
  return {};
}

// [..., C] as the grid of its rows.
[[nodiscard]] inline ScaleGrid scale_grid(Grouping grouping, const View& x, std::int64_t block) noexcept {
  const std::int64_t columns = x.shape.rank() == 0 ? 1 : x.dim(-1);
  return scale_grid(grouping, columns == 0 ? 0 : x.numel() / columns, columns, block);
}

// Signed integers around 0 as a number format: 127 or 7 to both sides, NaN is 0.
template <int kIntegerBits>
struct IntegerFormat {
  static constexpr int kBits = kIntegerBits;
  static constexpr float kLargestValue = kBits == 8 ? 127.0f : 7.0f;

  [[nodiscard]] static constexpr std::uint32_t encode(float value) noexcept {
    if (value != value) return 0;
    const float held = value > kLargestValue ? kLargestValue : value < -kLargestValue ? -kLargestValue : value;
    constexpr float kUnits = 12582912.0f;  // 1.5 * 2^23: adding it rounds to whole numbers, ties to even
    return static_cast<std::uint32_t>(static_cast<std::int32_t>((held + kUnits) - kUnits)) & ((1u << kBits) - 1);
  }
  [[nodiscard]] static constexpr float decode(std::uint32_t code) noexcept {
    const auto shifted = static_cast<std::int32_t>(code << (32 - kBits));
    return static_cast<float>(shifted >> (32 - kBits));
  }
};
using Integer8 = IntegerFormat<8>;
using Integer4 = IntegerFormat<4>;

// Calls function.template operator()<Format>() for the types that codes may have; false for other types.
template <class Function>
constexpr bool with_code_format(DType dtype, Function&& function) {
  if (dtype == DType::i8) return function.template operator()<Integer8>(), true;
  if (dtype == DType::i4) return function.template operator()<Integer4>(), true;
  return with_narrow_format(dtype, function);
}

// The largest magnitude that codes of this type reach.
[[nodiscard]] constexpr float largest_code(DType dtype) noexcept {
  if (dtype == DType::i8) return Integer8::kLargestValue;
  if (dtype == DType::i4) return Integer4::kLargestValue;
  return static_cast<float>(largest_finite(dtype));
}

// The scale that brings `amax`, finite, to the largest code. A power of two is rounded up, so that nothing saturates
// and scaling is exact. Never below the least normal number; 1 where everything is 0.
[[nodiscard]] constexpr float scale_for(float amax, float largest, bool power_of_two) noexcept {
  constexpr float kLeast = 1.17549435e-38f, kMost = 1.70141183e38f;
  if (!(amax > 0.0f)) return 1.0f;
  const float exact = amax / largest;
  if (!(exact > kLeast)) return kLeast;
  if (!power_of_two) return exact;
  const auto bits = std::bit_cast<std::uint32_t>(exact);
  const auto up = std::bit_cast<float>((bits + 0x7FFFFFu) & 0x7F800000u);
  return up > kMost ? kMost : up;
}

// What a pass found, as an array of f64 in this order.
struct QuantizeStats {
  static constexpr int kCount = 8;
  enum Index { amax, squares, error_squares, nonzero, underflowed, saturated, nonfinite, elements };
};

}  // namespace athanor::kernels
