// Differentiable normalisations. Letters: B batch, C channels, G groups. gain and bias may be absent.
#pragma once

#include "core/autograd/variable.h"
#include "kernels/base/activation.h"

namespace athanor::ops {

// Over the last dim of x [..., C]; gain, bias [C].
[[nodiscard]] Variable layer_norm(Context& context, const Variable& x, const Variable& gain, const Variable& bias,
                                  float eps = 1e-5f);
// Over the last dim of x [..., C], without a mean; gain [C].
[[nodiscard]] Variable rms_norm(Context& context, const Variable& x, const Variable& gain, float eps = 1e-6f);

struct GroupNormOptions {
  int groups = 1;
  float eps = 1e-5f;
  Activation activation = Activation::none;  // applied to the normalised value
};
// Per sample and group of x [B, ..., C]; gain, bias [C].
[[nodiscard]] Variable group_norm(Context& context, const Variable& x, const Variable& gain, const Variable& bias,
                                  const GroupNormOptions& options = {});

// Rows of x [..., C] brought to length 1.
[[nodiscard]] Variable l2_normalize(Context& context, const Variable& x, float eps = 1e-12f);

// Over the last dim of x [..., C]: each row becomes positive and sums to 1, or the logarithm of that. lengths i32 has
// leading dims of x, or is absent: rows look at their first length columns only, and the others get 0 (-infinity). So
// do columns that are -infinity. Lengths have no gradient. Formula: kernels/ops/norm/softmax.h.
[[nodiscard]] Variable softmax(Context& context, const Variable& x, const Tensor& lengths = {});
[[nodiscard]] Variable log_softmax(Context& context, const Variable& x, const Tensor& lengths = {});

}  // namespace athanor::ops
