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

void backward(Context& context, std::span<const Variable> roots, std::vector<Tensor> gradients) {
  if (roots.size() == 1) return backward(context, roots.front(), std::move(gradients.front()));
  const Variable joined = record_all(context, "join", context.empty({1}), roots, [&gradients](BackwardCall& call) {
    for (std::size_t i = 0; i < gradients.size(); ++i) call.give(static_cast<int>(i), std::move(gradients[i]));
  });
  backward(context, joined);
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
