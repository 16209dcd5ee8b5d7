#include "core/autograd/backward.h"

#include "core/autograd/backward_pass.h"
#include "core/autograd/deferred_gradients.h"

namespace athanor {

void backward(Context& context, const Variable& loss, float seed) {
  BackwardPass(context, BackwardPass::Weights::now).run_loss(loss, seed);
}

void backward(Context& context, const Variable& root, Tensor gradient) {
  BackwardPass(context, BackwardPass::Weights::now).run(root, std::move(gradient));
}

DeferredGradients input_gradients(Context& context, const Variable& loss, float seed) {
  BackwardPass pass(context, BackwardPass::Weights::later);
  pass.run_loss(loss, seed);
  return DeferredGradients(pass.take_deferrals());
}

DeferredGradients input_gradients(Context& context, const Variable& root, Tensor gradient) {
  BackwardPass pass(context, BackwardPass::Weights::later);
  pass.run(root, std::move(gradient));
  return DeferredGradients(pass.take_deferrals());
}

}  // namespace athanor
