// l2_normalize: y[n,:] = x[n,:] * inverse_norm[n],   inverse_norm[n] = 1 / max(sqrt(sum_c x[n,c]^2), eps)
//
// Shapes      x, y [..., C] (leading dims flattened to N rows), inverse_norm [N]. f32, contiguous.
// Outputs     y, inverse_norm: overwritten. inverse_norm may be absent when no gradient is wanted. y may alias x.
// Accumulates f64.
// Edge cases  A row of zeros gives zeros.
//
// l2_normalize_grad: dx = inverse_norm * (dy - y * sum_c(dy y)); for a row whose norm is below eps the second term is
// left out, as the divisor is then a constant.
// Outputs     dx: overwritten (may alias dy).
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct L2NormalizeArgs {
  View x{};
  float eps = 1e-12f;
  View y{}, inverse_norm{};

  static constexpr auto arrays() {
    return std::array{reads("x", &L2NormalizeArgs::x).narrow(), writes("y", &L2NormalizeArgs::y).narrow(),
                      writes("inverse_norm", &L2NormalizeArgs::inverse_norm)};
  }
};

struct L2NormalizeGradArgs {
  View y{}, inverse_norm{}, dy{};
  float eps = 1e-12f;
  View dx{};

  static constexpr auto arrays() {
    return std::array{reads("y", &L2NormalizeGradArgs::y).narrow(),
                      reads("inverse_norm", &L2NormalizeGradArgs::inverse_norm),
                      reads("dy", &L2NormalizeGradArgs::dy).narrow(), writes("dx", &L2NormalizeGradArgs::dx).narrow()};
  }
};

void l2_normalize(const Exec& exec, const L2NormalizeArgs& args);
void l2_normalize_grad(const Exec& exec, const L2NormalizeGradArgs& args);

// Backends.
[[nodiscard]] Candidates<L2NormalizeArgs> l2_normalize_candidates();
[[nodiscard]] Candidates<L2NormalizeGradArgs> l2_normalize_grad_candidates();
void l2_normalize_cuda(const Exec& exec, const L2NormalizeArgs& args);
void l2_normalize_grad_cuda(const Exec& exec, const L2NormalizeGradArgs& args);

}  // namespace athanor::kernels
