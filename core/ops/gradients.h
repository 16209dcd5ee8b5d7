// Gradients that several ops have in common. Each gives them to inputs of the call that want them.
#pragma once

#include "core/autograd/node.h"
#include "kernels/base/activation.h"

namespace athanor::ops {

// To something of `shape` that was repeated over the leading dims, such as a bias: the sum of dy over them.
void give_repeated_sum(BackwardCall& call, int input, const Shape& shape, const Tensor& dy, DType format = DType::f32);

// y = act(x weight^T + bias), as it was computed and saved.
struct SavedLinear {
  SavedTensor x, weight, preactivation;  // [..., K], [N, K], [..., N]; the last is absent without an activation
  Activation activation = Activation::none;
  Shape weight_shape;
};
// To the inputs 0 x, 1 weight and 2 bias [N]; that of the weight may be left for later.
void give_linear_gradients(BackwardCall& call, const SavedLinear& saved, const Tensor& dy);

// Of c = alpha op(a) op(b) the gradient of one operand, 0 a or 1 b, is alpha times the product of the other operand and
// of dc: which of them comes first, and which is transposed.
struct OperandProduct {
  bool dc_first, transpose_dc, transpose_other;
};
[[nodiscard]] constexpr OperandProduct operand_product(int operand, bool transpose_a, bool transpose_b) noexcept {
  const bool of_a = operand == 0;
  return {.dc_first = of_a ? !transpose_a : transpose_b,
          .transpose_dc = of_a ? transpose_a : transpose_b,
          .transpose_other = transpose_a == transpose_b};
}

// What a kernel is given of an array of which it needs to know format and shape alone.
[[nodiscard]] inline View without_numbers(DType format, const Shape& shape) { return {nullptr, format, shape}; }

}  // namespace athanor::ops
