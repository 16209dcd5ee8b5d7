// layer_norm: y[n,c] = (x[n,c] - mean[n]) * rstd[n] * gain[c] + bias[c]
//             mean[n] = (1/C) sum_c x[n,c]     rstd[n] = 1 / sqrt((1/C) sum_c (x[n,c] - mean[n])^2 + eps)
// Source: Ba, Kiros and Hinton 2016, arXiv:1607.06450, eq. 4.
//
// Shapes      x, y [..., C] (leading dims flattened to N rows), gain, bias [C] or absent, mean, rstd [N]. f32,
// contiguous. Outputs     y, mean, rstd: overwritten. mean and rstd may be absent when no gradient is wanted. y may
// alias x. Accumulates f32 in two passes over the row, the mean first (reference: f64). Edge cases  N = 0 does nothing.
// A constant row gives bias.
//
// layer_norm_grad, with xhat = (x - mean) rstd and g = dy gain:
//   dx = rstd * (g - mean_c(g) - xhat * mean_c(g xhat))    dgain = sum_n dy xhat    dbias = sum_n dy
// Outputs     dx: overwritten (may alias dy). dgain, dbias: overwritten, or added to when accumulate_parameters. Each
// may
//             be absent.
// Workspace   layer_norm_grad_workspace_bytes: partial sums over fixed blocks of rows, added in order.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct LayerNormArgs {
  View x{}, gain{}, bias{};
  float eps = 1e-5f;
  View y{}, mean{}, rstd{};

  static constexpr auto arrays() {
    return std::array{reads("x", &LayerNormArgs::x).narrow(), reads("gain", &LayerNormArgs::gain),
                      reads("bias", &LayerNormArgs::bias),    writes("y", &LayerNormArgs::y).narrow(),
                      writes("mean", &LayerNormArgs::mean),   writes("rstd", &LayerNormArgs::rstd)};
  }
};

struct LayerNormGradArgs {
  View x{}, gain{}, mean{}, rstd{}, dy{};
  bool accumulate_parameters = false;
  View dx{}, dgain{}, dbias{};

  static constexpr auto arrays() {
    return std::array{reads("x", &LayerNormGradArgs::x).narrow(),   reads("gain", &LayerNormGradArgs::gain),
                      reads("mean", &LayerNormGradArgs::mean),      reads("rstd", &LayerNormGradArgs::rstd),
                      reads("dy", &LayerNormGradArgs::dy).narrow(), writes("dx", &LayerNormGradArgs::dx).narrow(),
                      updates("dgain", &LayerNormGradArgs::dgain),  updates("dbias", &LayerNormGradArgs::dbias)};
  }
};

void layer_norm(const Exec& exec, const LayerNormArgs& args);
void layer_norm_grad(const Exec& exec, const LayerNormGradArgs& args);
[[nodiscard]] std::size_t layer_norm_grad_workspace_bytes(const Exec& exec, const LayerNormGradArgs& args);

// Backends.
[[nodiscard]] Candidates<LayerNormArgs> layer_norm_candidates();
[[nodiscard]] Candidates<LayerNormGradArgs> layer_norm_grad_candidates();
void layer_norm_cuda(const Exec& exec, const LayerNormArgs& args);
void layer_norm_grad_cuda(const Exec& exec, const LayerNormGradArgs& args);
[[nodiscard]] std::size_t layer_norm_grad_cuda_workspace_bytes(const LayerNormGradArgs& args);

}  // namespace athanor::kernels
