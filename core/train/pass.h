// How the loss of a batch and its gradients come about: by this rank alone, or with others that have other rows of the
// batch or other layers of the model.
#pragma once

#include "core/data/loader.h"
#include "core/tensor/tensor.h"

namespace athanor::train {

class Pass {
 public:
  virtual ~Pass() = default;

  // Whether it is nothing but the loss of the task and its backward pass, which may then be recorded.
  [[nodiscard]] virtual bool is_whole() const noexcept { return false; }
  // The loss [1] of the whole batch, the same on all ranks, given this rank's rows of it. Throws Failure(invalid_input)
  // where these cannot be taken in the parts that were asked for.
  [[nodiscard]] virtual Tensor forward(const data::Batch& batch) = 0;
  // Once after each forward(): adds the gradients of loss_scale times the loss to those of this rank's parameters, of
  // which there are none yet.
  virtual void backward(float loss_scale) = 0;
  // Forgets what a forward() without a backward() has left.
  virtual void drop() = 0;
};

}  // namespace athanor::train
