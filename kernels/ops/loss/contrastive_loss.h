// contrastive_loss: two sets of unit vectors, row i of the one belonging to row i of the other.
//   s = exp(min(logit_scale, max_logit_scale))      c[i,j] = sum_d image[i,d] text[j,d]
//   T[i,j] = 1 if id[i] = id[j], else 0 (the identity when ids are absent);  P[i,j] = T[i,j] / sum_j' T[i,j']
//
// softmax: symmetric cross-entropy over rows and columns. l[i,j] = s row_scale[i] c[i,j], m[i,j] = s col_scale[j]
// c[i,j],
//   loss = (1/2N) sum_ij -P[i,j] (l[i,j] - row_lse[i])  +  (1/2N) sum_ij -P[i,j] (m[i,j] - col_lse[j])
//   row_lse[i] = log sum_j exp l[i,j], col_lse[j] = log sum_i exp m[i,j]. P is symmetric, as equal ids have equal
//   counts. Absent scales are 1; a temperature per sample is the inverse of its scale. Sources: Radford et al. 2021,
//   arXiv:2103.00020, figure 3; several positives share the mass as in Khosla et al. 2020, arXiv:2004.11362.
// sigmoid: one yes or no per pair. l[i,j] = s c[i,j] + logit_bias, y = 2T - 1, loss = -(1/N) sum_ij log sigmoid(y l).
//   Source: Zhai et al. 2023, arXiv:2303.15343, section 3.2.
//
// Memory      The N x N logits are never held: tiles (on CUDA strips of rows) are made, used up and made again by the
//             gradient; see contrastive_loss_workspace_bytes. Only few pairs, whose logits are smaller than the tiles
//             of two threads, are taken at once. Source: Cheng et al. 2024, arXiv:2410.17243, for the softmax.
// Shapes      image, text [N,D], logit_scale [1] (the logarithm of the factor), logit_bias [1] or absent (0; sigmoid
//             only), ids i32 [N] or absent, row_scale, col_scale [N] or absent (softmax only), loss [1], row_lse,
//             col_lse [N] (softmax only). f32, contiguous.
// Outputs     loss, row_lse, col_lse: overwritten.
// Accumulates logits f32, sums over exponentials f32 within a tile and f64 across tiles, with the maximum subtracted,
//             the loss f64, in tiles over terms that are rounded to f32 (reference: all f64). Tiles depend on shapes
//             only.
// Edge cases  N = 1 gives 0 (softmax). N = 0 is the caller's fault.
// Parts       Where pairs are divided between ranks, each compares those of its `part` with all, and writes row_lse,
//             col_lse and terms of the part [n] instead of the loss. Once the terms of all pairs are there, the loss is
//             their contrastive_sum over N, with the bits of one rank that has taken all pairs. No scales per sample.
//               terms[i] = (row_lse[i] + col_lse[i]) / 2 - mean of l[i,j] over positives, or -sum_j log sigmoid(y l)
//
// contrastive_loss_grad. softmax, with G = dloss (exp(l - row_lse[i]) - P)/2N, H = dloss (exp(m - col_lse[j]) - P)/2N:
//   dimage = s K text, dtext = s K^T image, K[i,j] = row_scale[i] G[i,j] + col_scale[j] H[i,j]
//   dlogit_scale = sum_ij s c[i,j] K[i,j]    drow_scale[i] = sum_j s c[i,j] G[i,j]    dcol_scale[j] = sum_i s c H[i,j]
// sigmoid: K = -dloss y sigmoid(-y l) / N, and dlogit_bias = sum_ij K[i,j].
// Beyond the clamp (logit_scale > max_logit_scale) dlogit_scale is kept only if positive, so that descent can leave it.
// Outputs     dimage, dtext, drow_scale, dcol_scale: overwritten. dlogit_scale, dlogit_bias: overwritten, or added to
//             when accumulate_parameters. All but dimage and dtext may be absent.
// Parts       From row_lse and col_lse of all pairs: dimage and dtext of the part [n,D], and in place of the gradients
//             of parameters what each of its images adds to them: scale_terms (without the clamp), bias_terms [n].
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

#include <span>

namespace athanor::kernels {

inline constexpr float kMaxLogitScale = 4.6051702f;  // ln 100

enum class ContrastiveKind : std::uint8_t { softmax, sigmoid };

// Pairs one after the other.
struct ContrastivePart {
  std::int64_t first = 0, count = 0;  // count 0: all
};

struct ContrastiveLossArgs {
  View image{}, text{}, logit_scale{}, ids{};
  float max_logit_scale = kMaxLogitScale;
  ContrastiveKind kind = ContrastiveKind::softmax;
  View logit_bias{}, row_scale{}, col_scale{};
  ContrastivePart part{};
  View loss{}, row_lse{}, col_lse{}, terms{};

  static constexpr auto arrays() {
    return std::array{reads("image", &ContrastiveLossArgs::image),
                      reads("text", &ContrastiveLossArgs::text),
                      reads("logit_scale", &ContrastiveLossArgs::logit_scale),
                      reads("ids", &ContrastiveLossArgs::ids),
                      reads("logit_bias", &ContrastiveLossArgs::logit_bias),
                      reads("row_scale", &ContrastiveLossArgs::row_scale),
                      reads("col_scale", &ContrastiveLossArgs::col_scale),
                      writes("loss", &ContrastiveLossArgs::loss),
                      writes("row_lse", &ContrastiveLossArgs::row_lse),
                      writes("col_lse", &ContrastiveLossArgs::col_lse),
                      writes("terms", &ContrastiveLossArgs::terms)};
  }
};

struct ContrastiveLossGradArgs {
  View image{}, text{}, logit_scale{}, ids{}, row_lse{}, col_lse{};
  float max_logit_scale = kMaxLogitScale;
  ContrastiveKind kind = ContrastiveKind::softmax;
  View logit_bias{}, row_scale{}, col_scale{};
  float dloss = 1.0f;
  bool accumulate_parameters = false;
  ContrastivePart part{};
  View dimage{}, dtext{}, dlogit_scale{}, dlogit_bias{}, drow_scale{}, dcol_scale{}, scale_terms{}, bias_terms{};

  static constexpr auto arrays() {
    return std::array{reads("image", &ContrastiveLossGradArgs::image),
                      reads("text", &ContrastiveLossGradArgs::text),
                      reads("logit_scale", &ContrastiveLossGradArgs::logit_scale),
                      reads("ids", &ContrastiveLossGradArgs::ids),
                      reads("row_lse", &ContrastiveLossGradArgs::row_lse),
                      reads("col_lse", &ContrastiveLossGradArgs::col_lse),
                      reads("logit_bias", &ContrastiveLossGradArgs::logit_bias),
                      reads("row_scale", &ContrastiveLossGradArgs::row_scale),
                      reads("col_scale", &ContrastiveLossGradArgs::col_scale),
                      writes("dimage", &ContrastiveLossGradArgs::dimage),
                      writes("dtext", &ContrastiveLossGradArgs::dtext),
                      updates("dlogit_scale", &ContrastiveLossGradArgs::dlogit_scale),
                      updates("dlogit_bias", &ContrastiveLossGradArgs::dlogit_bias),
                      writes("drow_scale", &ContrastiveLossGradArgs::drow_scale),
                      writes("dcol_scale", &ContrastiveLossGradArgs::dcol_scale),
                      writes("scale_terms", &ContrastiveLossGradArgs::scale_terms),
                      writes("bias_terms", &ContrastiveLossGradArgs::bias_terms)};
  }
};

void contrastive_loss(const Exec& exec, const ContrastiveLossArgs& args);
void contrastive_loss_grad(const Exec& exec, const ContrastiveLossGradArgs& args);
[[nodiscard]] std::size_t contrastive_loss_workspace_bytes(const Exec& exec, const ContrastiveLossArgs& args);
[[nodiscard]] std::size_t contrastive_loss_grad_workspace_bytes(const Exec& exec, const ContrastiveLossGradArgs& args);

// Whether parts of so many pairs are worth their exchange and have the bits of the whole here: where pairs are taken in
// tiles on a CPU with AVX2.
[[nodiscard]] bool contrastive_takes_parts(const Exec& exec, std::int64_t n);
// The least part of n pairs that has these and is made of whole tiles, as a part must be.
[[nodiscard]] ContrastivePart contrastive_part(std::int64_t n, const ContrastivePart& pairs);
// In their order.
[[nodiscard]] double contrastive_sum(std::span<const float> terms);
// What is kept of dlogit_scale.
[[nodiscard]] double clamped_scale_gradient(double sum, float logit_scale, float max_logit_scale);

// Backends.
[[nodiscard]] Candidates<ContrastiveLossArgs> contrastive_loss_candidates();
[[nodiscard]] Candidates<ContrastiveLossGradArgs> contrastive_loss_grad_candidates();
void contrastive_loss_cuda(const Exec& exec, const ContrastiveLossArgs& args);
void contrastive_loss_grad_cuda(const Exec& exec, const ContrastiveLossGradArgs& args);
[[nodiscard]] std::size_t contrastive_loss_cuda_workspace_bytes(const ContrastiveLossArgs& args);
[[nodiscard]] std::size_t contrastive_loss_grad_cuda_workspace_bytes(const ContrastiveLossGradArgs& args);

}  // namespace athanor::kernels
