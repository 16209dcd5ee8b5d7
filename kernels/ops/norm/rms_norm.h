// rms_norm: y[n,c] = x[n,c] * rstd[n] * gain[c],   rstd[n] = 1 / sqrt((1/C) sum_c x[n,c]^2 + eps)
// Source: Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4.
//
// Shapes      x, y [..., C] (leading dims flattened to N rows), gain [C] or absent, rstd [N]. f32, contiguous.
// Outputs     y, rstd: overwritten. rstd may be absent when no gradient is wanted. y may alias x.
// Accumulates f32 (reference: f64).
// Edge cases  N = 0 does nothing. A row of zeros gives zeros.
//
// rms_norm_grad, with xhat = x rstd and g = dy gain:
//   dx = rstd * (g - xhat * mean_c(g xhat))    dgain = sum_n dy xhat
// Outputs     dx: overwritten (may alias dy). dgain: overwritten, or added to when accumulate_parameters. May be
// absent. Workspace   rms_norm_grad_workspace_bytes: partial sums over fixed blocks of rows, added in order.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct RmsNormArgs {
  View x{}, gain{};
  float eps = 1e-6f;
  View y{}, rstd{};

  static constexpr auto arrays() {
    return std::array{reads("x", &RmsNormArgs::x).narrow(), reads("gain", &RmsNormArgs::gain),
                      writes("y", &RmsNormArgs::y).narrow(), writes("rstd", &RmsNormArgs::rstd)};
  }
};

struct RmsNormGradArgs {
  View x{}, gain{}, rstd{}, dy{};
  bool accumulate_parameters = false;
  View dx{}, dgain{};

  static constexpr auto arrays() {
    return std::array{reads("x", &RmsNormGradArgs::x).narrow(),    reads("gain", &RmsNormGradArgs::gain),
                      reads("rstd", &RmsNormGradArgs::rstd),       reads("dy", &RmsNormGradArgs::dy).narrow(),
                      writes("dx", &RmsNormGradArgs::dx).narrow(), updates("dgain", &RmsNormGradArgs::dgain)};
  }
};

void rms_norm(const Exec& exec, const RmsNormArgs& args);
void rms_norm_grad(const Exec& exec, const RmsNormGradArgs& args);
[[nodiscard]] std::size_t rms_norm_grad_workspace_bytes(const Exec& exec, const RmsNormGradArgs& args);

// Backends.
[[nodiscard]] Candidates<RmsNormArgs> rms_norm_candidates();
[[nodiscard]] Candidates<RmsNormGradArgs> rms_norm_grad_candidates();
void rms_norm_cuda(const Exec& exec, const RmsNormArgs& args);
void rms_norm_grad_cuda(const Exec& exec, const RmsNormGradArgs& args);
[[nodiscard]] std::size_t rms_norm_grad_cuda_workspace_bytes(const RmsNormGradArgs& args);

}  // namespace athanor::kernels
