// Differentiable losses. Letters: N pairs, D embedding dim.
#pragma once

#include "core/autograd/variable.h"
#include "kernels/ops/loss/contrastive_loss.h"
#include "kernels/ops/loss/cross_entropy.h"

namespace athanor::ops {

struct ContrastiveLossOptions {
  Tensor ids = {};  // i32 [N]: pairs of equal id are positives of each other; absent: each pair stands alone
  float max_logit_scale = kernels::kMaxLogitScale;
  kernels::ContrastiveKind kind = kernels::ContrastiveKind::softmax;
  Variable logit_bias = {};                 // [1], sigmoid only; absent: 0
  Variable row_scale = {}, col_scale = {};  // [N], softmax only: inverse temperatures of images and texts; absent: 1
};
// The loss [1] between unit rows image [N,D] and text [N,D]: symmetric cross-entropy, or one yes or no per pair;
// logit_scale [1] is the logarithm of the factor. The N x N logits are never held. Formula and sources:
// kernels/ops/loss/contrastive_loss.h.
[[nodiscard]] Variable contrastive_loss(Context& context, const Variable& image, const Variable& text,
                                        const Variable& logit_scale, const ContrastiveLossOptions& options = {});

struct CrossEntropyOptions {
  float smoothing = 0.0f;  // share of the target that is spread evenly over all classes
  std::int32_t ignored = kernels::kIgnoredTarget;
};
// Mean negative log-likelihood [1] of targets i32 [...] under logits [..., V], over the targets that are not ignored.
// Formula and sources: kernels/ops/loss/cross_entropy.h.
[[nodiscard]] Variable cross_entropy(Context& context, const Variable& logits, const Tensor& targets,
                                     const CrossEntropyOptions& options = {});
// The same of logits = x [..., K] weight [V,K]^T + bias [V], which never exist as a whole; bias may be absent. For a
// vocabulary of any size. Where a gradient is wanted it is made together with the loss and kept until the backward
// pass.
[[nodiscard]] Variable linear_cross_entropy(Context& context, const Variable& x, const Variable& weight,
                                            const Variable& bias, const Tensor& targets,
                                            const CrossEntropyOptions& options = {});
// Checks what the two have in common: `rows` targets, each ignored or within [0, classes). `because` names the rows.
void check_targets(const char* op, const Tensor& targets, std::int64_t rows, const std::string& because,
                   std::int64_t classes, const CrossEntropyOptions& options);

// Means [1] over rows of x [..., C] against a target of the same shape, which has no gradient. weight f32 [...] counts
// rows; absent: each once. Formulas and sources: kernels/ops/loss/regression_loss.h and giou_loss.h.
[[nodiscard]] Variable l1_loss(Context& context, const Variable& x, const Tensor& target, const Tensor& weight = {});
// Quadratic within beta.
[[nodiscard]] Variable smooth_l1_loss(Context& context, const Variable& x, const Tensor& target, float beta = 1.0f,
                                      const Tensor& weight = {});
// Of boxes [M,4]: left, top, right, bottom; weight [M].
[[nodiscard]] Variable giou_loss(Context& context, const Variable& x, const Tensor& target, const Tensor& weight = {});

// Checks weights of rows: absent, or one f32 each.
void check_row_weights(const char* op, const Tensor& weight, std::int64_t rows, const std::string& because);

}  // namespace athanor::ops
