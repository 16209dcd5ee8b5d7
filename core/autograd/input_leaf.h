// An input of a stage: a leaf that is no parameter, of which the caller receives the gradient.
//   InputLeaf input(context, received);
//   const Variable y = stage.forward(context, input.variable());
//   DeferredGradients later = input_gradients(context, y, dy);
//   send(input.take_gradient());
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <memory>

namespace athanor {

// For one forward and one backward pass; make another for the next micro-batch. Shares the memory of its value.
class InputLeaf {
 public:
  InputLeaf(Context& context, Tensor value);

  [[nodiscard]] const Variable& variable() const noexcept { return variable_; }
  // What the backward pass has found, in shape and format of the value; absent before it, where the output does not
  // depend on the input, and after it was taken. Others may see its memory, above all what the pass left for later: it
  // is not to be written to unless it is unique().
  [[nodiscard]] Tensor take_gradient();

 private:
  std::shared_ptr<Tensor> gradient_;
  Variable variable_;
};

}  // namespace athanor
