// cast: y[i] = x[i] in the format of y, rounded to nearest, ties to even (kernels/base/number_format.h). Its gradient
// is a cast back.
//
// Shapes      x, y of equal shape; each f32, f16, bf16, f8_e4m3 or f8_e5m2. Contiguous.
// Outputs     y: overwritten. x and y must not overlap, except exactly where both are f32.
// Edge cases  f8 saturates, infinities too; f16 and bf16 overflow to infinity; NaN stays NaN.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct CastArgs {
  View x{}, y{};

  static constexpr bool kAnyFormat = true;
  static constexpr auto arrays() { return std::array{reads("x", &CastArgs::x), writes("y", &CastArgs::y)}; }
};

void cast(const Exec& exec, const CastArgs& args);

// Backends.
[[nodiscard]] Candidates<CastArgs> cast_candidates();
void cast_cuda(const Exec& exec, const CastArgs& args);

}  // namespace athanor::kernels
