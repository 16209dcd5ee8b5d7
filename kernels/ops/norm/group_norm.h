// group_norm: z = (x - mean[b,g]) * rstd[b,g] * gain[c] + bias[c],  y = act(z)
// mean and rstd are taken per sample b and group g over all positions and the C/G channels of the group.
// Source: Wu and He 2018, arXiv:1803.08494, eq. 1-3.
//
// Shapes      x, y [B, ..., C] (NHWC; the middle dims are flattened to P positions), C a multiple of groups; gain, bias
//             [C] or absent; mean, rstd [B,G]. f32, contiguous.
// Outputs     y, mean, rstd: overwritten. mean and rstd may be absent when no gradient is wanted. y may alias x.
// Accumulates f32 in two passes over the sample, the mean first (reference: f64).
// Edge cases  B = 0 does nothing. A constant group gives act(bias).
//
// group_norm_grad recomputes z from x and the statistics, so nothing else is saved. With e = dy act'(z),
// xhat = (x - mean) rstd, h = e gain and means taken over the group:
//   dx = rstd * (h - mean(h) - xhat * mean(h xhat))    dgain = sum e xhat    dbias = sum e
// Outputs     dx: overwritten (may alias dy). dgain, dbias: overwritten, or added to when accumulate_parameters. Each
// may
//             be absent. gain and bias must be those of the forward call.
// Workspace   group_norm_grad_workspace_bytes: one partial sum per sample, added in order.
#pragma once

#include "kernels/base/activation.h"
#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct GroupNormArgs {
  View x{}, gain{}, bias{};
  int groups = 1;
  float eps = 1e-5f;
  Activation activation = Activation::none;
  View y{}, mean{}, rstd{};

  static constexpr auto arrays() {
    return std::array{reads("x", &GroupNormArgs::x).narrow(), reads("gain", &GroupNormArgs::gain),
                      reads("bias", &GroupNormArgs::bias),    writes("y", &GroupNormArgs::y).narrow(),
                      writes("mean", &GroupNormArgs::mean),   writes("rstd", &GroupNormArgs::rstd)};
  }
};

struct GroupNormGradArgs {
  View x{}, gain{}, bias{}, mean{}, rstd{}, dy{};
  int groups = 1;
  Activation activation = Activation::none;
  bool accumulate_parameters = false;
  View dx{}, dgain{}, dbias{};

  static constexpr auto arrays() {
    return std::array{reads("x", &GroupNormGradArgs::x).narrow(),    reads("gain", &GroupNormGradArgs::gain),
                      reads("bias", &GroupNormGradArgs::bias),       reads("mean", &GroupNormGradArgs::mean),
                      reads("rstd", &GroupNormGradArgs::rstd),       reads("dy", &GroupNormGradArgs::dy).narrow(),
                      writes("dx", &GroupNormGradArgs::dx).narrow(), updates("dgain", &GroupNormGradArgs::dgain),
                      updates("dbias", &GroupNormGradArgs::dbias)};
  }
};

void group_norm(const Exec& exec, const GroupNormArgs& args);
void group_norm_grad(const Exec& exec, const GroupNormGradArgs& args);
[[nodiscard]] std::size_t group_norm_grad_workspace_bytes(const Exec& exec, const GroupNormGradArgs& args);

// Backends.
[[nodiscard]] Candidates<GroupNormArgs> group_norm_candidates();
[[nodiscard]] Candidates<GroupNormGradArgs> group_norm_grad_candidates();
void group_norm_cuda(const Exec& exec, const GroupNormArgs& args);
void group_norm_grad_cuda(const Exec& exec, const GroupNormGradArgs& args);
[[nodiscard]] std::size_t group_norm_grad_cuda_workspace_bytes(const GroupNormGradArgs& args);

}  // namespace athanor::kernels
