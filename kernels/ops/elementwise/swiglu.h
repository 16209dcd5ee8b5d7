// swiglu: y[r,c] = silu(x[r,c]) * x[r,C+c], the gate in the first half of each row and the value in the second
// (Shazeer 2020, arXiv:2002.05202). silu(g) = g * sigmoid(g).
//
// Shapes      x [..., 2C], y [..., C] with the same leading dims. f32, contiguous.
// Outputs     y: overwritten; must not overlap x.
// Edge cases  Empty shapes do nothing. Large |gate| saturates to the value times the gate or to 0 without overflow.
//
// swiglu_grad, from x: dx[r,c] = dy[r,c] * x[r,C+c] * silu'(x[r,c])      dx[r,C+c] = dy[r,c] * silu(x[r,c])
// Outputs     dx: overwritten. dx may be x.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct SwigluArgs {
  View x{}, y{};

  static constexpr auto arrays() {
    return std::array{reads("x", &SwigluArgs::x).narrow(), writes("y", &SwigluArgs::y).narrow()};
  }
};

struct SwigluGradArgs {
  View x{}, dy{}, dx{};

  static constexpr auto arrays() {
    return std::array{reads("x", &SwigluGradArgs::x).narrow(), reads("dy", &SwigluGradArgs::dy).narrow(),
                      writes("dx", &SwigluGradArgs::dx).narrow()};
  }
};

void swiglu(const Exec& exec, const SwigluArgs& args);
void swiglu_grad(const Exec& exec, const SwigluGradArgs& args);

// Backends.
[[nodiscard]] Candidates<SwigluArgs> swiglu_candidates();
[[nodiscard]] Candidates<SwigluGradArgs> swiglu_grad_candidates();
void swiglu_cuda(const Exec& exec, const SwigluArgs& args);
void swiglu_grad_cuda(const Exec& exec, const SwigluGradArgs& args);

}  // namespace athanor::kernels
