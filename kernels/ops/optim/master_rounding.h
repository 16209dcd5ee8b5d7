// How bf16 parameters and moments are rounded; see adamw.h. Usable in host and device code.
#pragma once

#include <cstdint>

namespace athanor::kernels {

enum class MasterRounding : std::uint8_t { nearest, stochastic, compensated };

// What is added to a random position, so that m and v draw numbers of their own.
inline constexpr std::uint64_t kMomentPosition = std::uint64_t{1} << 61, kSquarePosition = std::uint64_t{1} << 62;

}  // namespace athanor::kernels
