// Differentiable losses. Letters: N pairs, D embedding dim.
#pragma once

#include "core/autograd/variable.h"
#include "kernels/ops/loss/contrastive_loss.h"

namespace athanor::ops {

struct ContrastiveLossOptions {
  Tensor ids = {};  // i32 [N]: pairs of equal id are positives of each other; absent: each pair stands alone
  float max_logit_scale = kernels::kMaxLogitScale;
};
// Symmetric cross-entropy [1] between unit rows image [N,D] and text [N,D]; logit_scale [1] is the logarithm of the
// factor. Formula and sources: kernels/ops/loss/contrastive_loss.h.
[[nodiscard]] Variable contrastive_loss(Context& context, const Variable& image, const Variable& text,
                                        const Variable& logit_scale, const ContrastiveLossOptions& options = {});

}  // namespace athanor::ops
