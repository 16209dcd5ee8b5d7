// contrastive_loss: symmetric cross-entropy between the rows of two sets of unit vectors.
//   s = exp(min(logit_scale, max_logit_scale))      l[i,j] = s * sum_d image[i,d] text[j,d]
//   P[i,j] = 1 / #{j' : id[j'] = id[i]} if id[i] = id[j], else 0      (the identity when ids are absent)
//   loss = (1/2N) sum_ij -P[i,j] (l[i,j] - row_lse[i])  +  (1/2N) sum_ij -P[i,j] (l[i,j] - col_lse[j])
// (P is symmetric: id[i] = id[j] implies equal counts.) row_lse[i] = log sum_j exp l[i,j]; col_lse[j] = log sum_i exp
// l[i,j]. Source: Radford et al. 2021, arXiv:2103.00020, figure 3; several positives share the mass as in Khosla et al.
// 2020, arXiv:2004.11362.
//
// Shapes      image, text [N,D], logit_scale [1] (the logarithm of the factor), ids i32 [N] or absent, loss [1],
// row_lse,
//             col_lse [N]. f32, contiguous.
// Outputs     loss, row_lse, col_lse: overwritten.
// Accumulates logits f32, sums over exponentials f32 with the maximum subtracted, the loss f64 (reference: all f64).
// Workspace   contrastive_loss_workspace_bytes: the N x N logits.
// Edge cases  N = 1 gives 0. N = 0 is the caller's fault.
//
// contrastive_loss_grad, with G[i,j] = dloss * ((exp(l - row_lse[i]) + exp(l - col_lse[j])) / 2 - P[i,j]) / N:
//   dimage = s G text     dtext = s G^T image     dlogit_scale = sum_ij G[i,j] l[i,j]
// Beyond the clamp (logit_scale > max_logit_scale) dlogit_scale is kept only if positive, so that descent can leave it.
// Outputs     dimage, dtext: overwritten. dlogit_scale: overwritten, or added to when accumulate_parameters. May be
// absent. Workspace   contrastive_loss_grad_workspace_bytes: N x N.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

inline constexpr float kMaxLogitScale = 4.6051702f;  // ln 100

struct ContrastiveLossArgs {
  View image{}, text{}, logit_scale{}, ids{};
  float max_logit_scale = kMaxLogitScale;
  View loss{}, row_lse{}, col_lse{};

  static constexpr auto arrays() {
    return std::array{reads("image", &ContrastiveLossArgs::image),
                      reads("text", &ContrastiveLossArgs::text),
                      reads("logit_scale", &ContrastiveLossArgs::logit_scale),
                      reads("ids", &ContrastiveLossArgs::ids),
                      writes("loss", &ContrastiveLossArgs::loss),
                      writes("row_lse", &ContrastiveLossArgs::row_lse),
                      writes("col_lse", &ContrastiveLossArgs::col_lse)};
  }
};

struct ContrastiveLossGradArgs {
  View image{}, text{}, logit_scale{}, ids{}, row_lse{}, col_lse{};
  float max_logit_scale = kMaxLogitScale;
  float dloss = 1.0f;
  bool accumulate_parameters = false;
  View dimage{}, dtext{}, dlogit_scale{};

  static constexpr auto arrays() {
    return std::array{reads("image", &ContrastiveLossGradArgs::image),
                      reads("text", &ContrastiveLossGradArgs::text),
                      reads("logit_scale", &ContrastiveLossGradArgs::logit_scale),
                      reads("ids", &ContrastiveLossGradArgs::ids),
                      reads("row_lse", &ContrastiveLossGradArgs::row_lse),
                      reads("col_lse", &ContrastiveLossGradArgs::col_lse),
                      writes("dimage", &ContrastiveLossGradArgs::dimage),
                      writes("dtext", &ContrastiveLossGradArgs::dtext),
                      updates("dlogit_scale", &ContrastiveLossGradArgs::dlogit_scale)};
  }
};

void contrastive_loss(const Exec& exec, const ContrastiveLossArgs& args);
void contrastive_loss_grad(const Exec& exec, const ContrastiveLossGradArgs& args);
[[nodiscard]] std::size_t contrastive_loss_workspace_bytes(const Exec& exec, const ContrastiveLossArgs& args);
[[nodiscard]] std::size_t contrastive_loss_grad_workspace_bytes(const Exec& exec, const ContrastiveLossGradArgs& args);

// Backends.
[[nodiscard]] Candidates<ContrastiveLossArgs> contrastive_loss_candidates();
[[nodiscard]] Candidates<ContrastiveLossGradArgs> contrastive_loss_grad_candidates();
void contrastive_loss_cuda(const Exec& exec, const ContrastiveLossArgs& args);
void contrastive_loss_grad_cuda(const Exec& exec, const ContrastiveLossGradArgs& args);
[[nodiscard]] std::size_t contrastive_loss_cuda_workspace_bytes(const ContrastiveLossArgs& args);
[[nodiscard]] std::size_t contrastive_loss_grad_cuda_workspace_bytes(const ContrastiveLossGradArgs& args);

}  // namespace athanor::kernels
