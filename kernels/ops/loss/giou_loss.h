// giou_loss: one minus the generalised intersection over union of boxes and their targets, averaged.
//   I, U = areas of intersection and union, C = area of the smallest box around both, e = kGiouEpsilon
//   giou = I / (U + e) - 1 + (U + e) / (C + e)      loss = sum_m weight[m] (1 - giou[m]) / sum_m weight[m]
// Source: Rezatofighi et al. 2019, arXiv:1902.09630, algorithm 1. A box whose sides are turned round has no area.
//
// Shapes      x, target [M,4]: left, top, right, bottom. weight [M] or absent (1), loss, counted [1]. f32, contiguous.
// Outputs     loss, counted (the sum of weights): overwritten.
// Accumulates f32 per box, sums f64 within a block of rows and across blocks, in order (reference: all f64).
// Workspace   giou_loss_workspace_bytes: one f64 per block (CUDA: per row).
// Edge cases  No weight at all, or M = 0: loss 0, gradients 0.
//
// giou_loss_grad: dx [M,4] overwritten; where two edges meet, the edge of x counts as the inner one of neither.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct GiouLossArgs {
  View x{}, target{}, weight{};
  View loss{}, counted{};

  static constexpr auto arrays() {
    return std::array{reads("x", &GiouLossArgs::x), reads("target", &GiouLossArgs::target),
                      reads("weight", &GiouLossArgs::weight), writes("loss", &GiouLossArgs::loss),
                      writes("counted", &GiouLossArgs::counted)};
  }
};

struct GiouLossGradArgs {
  View x{}, target{}, weight{}, counted{};
  float dloss = 1.0f;
  View dx{};

  static constexpr auto arrays() {
    return std::array{reads("x", &GiouLossGradArgs::x), reads("target", &GiouLossGradArgs::target),
                      reads("weight", &GiouLossGradArgs::weight), reads("counted", &GiouLossGradArgs::counted),
                      writes("dx", &GiouLossGradArgs::dx)};
  }
};

void giou_loss(const Exec& exec, const GiouLossArgs& args);
void giou_loss_grad(const Exec& exec, const GiouLossGradArgs& args);
[[nodiscard]] std::size_t giou_loss_workspace_bytes(const Exec& exec, const GiouLossArgs& args);

// Backends.
[[nodiscard]] Candidates<GiouLossArgs> giou_loss_candidates();
[[nodiscard]] Candidates<GiouLossGradArgs> giou_loss_grad_candidates();
void giou_loss_cuda(const Exec& exec, const GiouLossArgs& args);
void giou_loss_grad_cuda(const Exec& exec, const GiouLossGradArgs& args);
[[nodiscard]] std::size_t giou_loss_cuda_workspace_bytes(const GiouLossArgs& args);

}  // namespace athanor::kernels
