// regression_loss: the mean distance between numbers and their targets. With d = x - target,
//   l1         f(d) = |d|
//   smooth_l1  f(d) = d^2 / (2 beta) where |d| < beta, else |d| - beta / 2   (Girshick 2015, arXiv:1504.08083, eq. 3)
//   loss = sum_m weight[m] sum_c f(d[m,c]) / (C sum_m weight[m])
//
// Shapes      x, target [..., C] (leading dims flattened to M), weight [M] or absent (1), loss, counted [1]. f32,
//             contiguous.
// Outputs     loss, counted (C sum of weights): overwritten.
// Accumulates f32 within a block of rows, f64 across blocks in their order (reference: all f64).
// Workspace   regression_loss_workspace_bytes: one f64 per block (CUDA: per row).
// Edge cases  No weight at all, or M = 0: loss 0, gradients 0. beta > 0.
//
// regression_loss_grad: dx = dloss weight f'(d) / counted, f'(0) = 0. Overwritten; may alias x.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

enum class RegressionKind : std::uint8_t { l1, smooth_l1 };

struct RegressionLossArgs {
  View x{}, target{}, weight{};
  RegressionKind kind = RegressionKind::l1;
  float beta = 1.0f;
  View loss{}, counted{};

  static constexpr auto arrays() {
    return std::array{reads("x", &RegressionLossArgs::x), reads("target", &RegressionLossArgs::target),
                      reads("weight", &RegressionLossArgs::weight), writes("loss", &RegressionLossArgs::loss),
                      writes("counted", &RegressionLossArgs::counted)};
  }
};

struct RegressionLossGradArgs {
  View x{}, target{}, weight{}, counted{};
  RegressionKind kind = RegressionKind::l1;
  float beta = 1.0f;
  float dloss = 1.0f;
  View dx{};

  static constexpr auto arrays() {
    return std::array{reads("x", &RegressionLossGradArgs::x), reads("target", &RegressionLossGradArgs::target),
                      reads("weight", &RegressionLossGradArgs::weight),
                      reads("counted", &RegressionLossGradArgs::counted), writes("dx", &RegressionLossGradArgs::dx)};
  }
};

void regression_loss(const Exec& exec, const RegressionLossArgs& args);
void regression_loss_grad(const Exec& exec, const RegressionLossGradArgs& args);
[[nodiscard]] std::size_t regression_loss_workspace_bytes(const Exec& exec, const RegressionLossArgs& args);

// Backends.
[[nodiscard]] Candidates<RegressionLossArgs> regression_loss_candidates();
[[nodiscard]] Candidates<RegressionLossGradArgs> regression_loss_grad_candidates();
void regression_loss_cuda(const Exec& exec, const RegressionLossArgs& args);
void regression_loss_grad_cuda(const Exec& exec, const RegressionLossGradArgs& args);
[[nodiscard]] std::size_t regression_loss_cuda_workspace_bytes(const RegressionLossArgs& args);

}  // namespace athanor::kernels
