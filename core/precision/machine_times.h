// Measures what products cost on the device of a context, in every format that the dynamic policy chooses from.
#pragma once

#include "core/precision/time_profile.h"
#include "core/tensor/context.h"

#include <array>
#include <span>
#include <string>

namespace athanor::precision {

inline constexpr std::array kTimedSizes = {24, 27, 30, 33, 36};  // log2 of multiply-adds; products of cubes

// Takes a second or so. bf16 activations, f32 weights; median of several, warm-up left out.
[[nodiscard]] TimeProfile measure_times(Context& context, std::string origin, std::span<const int> sizes = kTimedSizes);

}  // namespace athanor::precision
