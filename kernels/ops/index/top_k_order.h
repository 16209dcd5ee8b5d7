// The order of top_k as one integer: a larger rank comes first. Usable in host and device code.
#pragma once

#include "kernels/base/philox.h"  // ATH_HOST_DEVICE

#include <bit>
#include <cstdint>

namespace athanor::kernels {

// Increases with the number; all NaN are equal and largest, -0 equals 0. Never 0.
ATH_HOST_DEVICE inline std::uint32_t order_of(float value) {
  if (value != value) return 0xFFFFFFFFu;
  const auto bits = std::bit_cast<std::uint32_t>(value == 0.0f ? 0.0f : value);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

// Of equal numbers the one further left has the larger rank.
ATH_HOST_DEVICE inline std::uint64_t rank_of(float value, std::int64_t column) {
  return std::uint64_t{order_of(value)} << 32 | (0xFFFFFFFFu - static_cast<std::uint32_t>(column));
}
ATH_HOST_DEVICE inline std::int64_t column_of(std::uint64_t rank) {
  return static_cast<std::int64_t>(0xFFFFFFFFu - static_cast<std::uint32_t>(rank));
}

}  // namespace athanor::kernels
