// Differentiable matrix products. Letters: M rows, K inner, N columns.
#pragma once

#include "core/autograd/variable.h"
#include "kernels/base/activation.h"

namespace athanor::ops {

struct LinearOptions {
  Activation activation = Activation::none;
  Variable residual = {};  // [..., N], added after the activation; may be absent
};
// y [..., N] = act(x [..., K] weight [N, K]^T + bias [N]) + residual. bias may be absent.
[[nodiscard]] Variable linear(Context& context, const Variable& x, const Variable& weight, const Variable& bias,
                              const LinearOptions& options = {});

struct MatmulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
  float alpha = 1.0f;
};
// c [M, N] = alpha op(a) op(b)
[[nodiscard]] Variable matmul(Context& context, const Variable& a, const Variable& b,
                              const MatmulOptions& options = {});

}  // namespace athanor::ops
