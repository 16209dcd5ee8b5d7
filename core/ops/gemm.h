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

struct BatchedMatmulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
  float alpha = 1.0f;
  Variable bias = {};  // [N]; may be absent
  Activation activation = Activation::none;
  Variable residual = {};  // of the shape of c, added after the activation; may be absent
};
// c [..., M, N] = act(alpha op(a) op(b) + bias) + residual, with 0 to 2 batch dims before the matrices of a and b.
// Where one of them has 1, or fewer batch dims, its matrices are repeated.
[[nodiscard]] Variable batched_matmul(Context& context, const Variable& a, const Variable& b,
                                      const BatchedMatmulOptions& options = {});

}  // namespace athanor::ops
