// The backward pass in two halves (Qi et al. 2023, "Zero Bubble Pipeline Parallelism", arXiv:2401.10241). Of y = x w
//   I  dx = dy w^T   the stage before waits for it
//   W  dw = x^T dy   nobody waits for it before the optimizer's step, so it may fill what would be a bubble
// input_gradients() does I and hands W out as a value:
//   DeferredGradients later = input_gradients(context, output, output_gradient);
//   send(input.take_gradient());
//   …
//   later.run();
//
// Left for later are the gradients of the weights of ops::linear, scaled_linear, conv2d, matmul, batched_matmul and
// embedding. All else is done in I: gains, biases (but for those of conv2d, whose kernel makes them with its weights),
// and the gradients of linear_cross_entropy, which its forward pass has made: adding them is cheap, keeping them would
// hold a table of the size of the weights.
//
// I and W give the same bits as backward(), in whatever order the halves of several micro-batches are run: the
// gradients of a parameter are always added in the order of the passes that left them, so that a W, an I that gives the
// same parameter something at once, or a whole backward() first adds what older passes still owe to that parameter.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace athanor {

class Deferral;

// What a pass left for later. Owns all that is needed for it: saved inputs and output gradients, and the preactivation
// of an op with an activation. Of a parameter that waits its hooks are called in run().
// Lives no longer than the Context of the pass, and is used by the same thread. Dropped unrun, its gradients are lost.
class [[nodiscard]] DeferredGradients {
 public:
  explicit DeferredGradients(std::vector<std::unique_ptr<Deferral>> deferrals);
  ~DeferredGradients();
  DeferredGradients(DeferredGradients&&) noexcept;
  DeferredGradients& operator=(DeferredGradients&&) noexcept;

  // Adds the gradients to ParameterState::gradient, in the order in which backward() would have; frees what they need
  // as it goes. Throws Failure(internal) when called twice, or when what was kept has been written to meanwhile.
  void run();
  // Memory that is kept for run(). Tensors that share memory count once, what a saved-tensor hook has packed not at
  // all.
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::unique_ptr<std::vector<std::unique_ptr<Deferral>>> deferrals_;  // null once run
};

// Half of backward(context, loss, seed): adds the gradients of all that is cheap, and leaves those of weights for
// later.
DeferredGradients input_gradients(Context& context, const Variable& loss, float seed = 1.0f);
// The same for a value of any shape, from the gradient with respect to it, which is not to be written to before run().
DeferredGradients input_gradients(Context& context, const Variable& root, Tensor gradient);

}  // namespace athanor
