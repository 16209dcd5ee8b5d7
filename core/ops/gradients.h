// Gradients that several ops have in common. Each gives them to inputs of the call that want them.
#pragma once

#include "core/autograd/node.h"
#include "kernels/base/activation.h"

namespace athanor::ops {

// To something of `shape` that was repeated over the leading dims, such as a bias: the sum of dy over them.
void give_repeated_sum(BackwardCall& call, int input, const Shape& shape, const Tensor& dy, DType format = DType::f32);

// y = act(x weight^T + bias), as it was computed.
struct LinearOperands {
  Tensor x, weight;  // [..., K], [N, K]
  Activation activation = Activation::none;
  Tensor preactivation = {};  // absent without an activation
};
// To the inputs 0 x, 1 weight and 2 bias [N].
void give_linear_gradients(BackwardCall& call, const LinearOperands& operands, const Tensor& dy);

}  // namespace athanor::ops
