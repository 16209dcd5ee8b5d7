#include "kernels/ops/elementwise/activation.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/elementwise.h"

namespace athanor::ops {

namespace {

// Input of the node: 0 x.
void activation_grad(BackwardCall& call, const Tensor& x, Activation kind) {
  Context& context = call.context();
  Tensor dy = std::move(call.output_gradient());
  Tensor dx = dy.unique() ? dy : context.empty_like(dy);
  context.launch("activation_grad", kernels::activation_grad,
                 kernels::ActivationGradArgs{.x = x.view(), .dy = dy.view(), .activation = kind, .dx = dx.view()}, 0,
                 {.flops = 10.0 * static_cast<double>(x.numel())});
  dy = {};
  call.give(0, std::move(dx));
}

}  // namespace

Variable activation(Context& context, const Variable& x, Activation kind) {
  check_numbers("activation", "x", x);
  Tensor y = context.empty_like(x.value());
  context.launch("activation", kernels::activation,
                 kernels::ActivationArgs{.x = x.view(), .activation = kind, .y = y.view()}, 0,
                 {.flops = 8.0 * static_cast<double>(x.numel())});
  if (!recording(context, {&x})) return y;
  return record(context, "activation", std::move(y), {&x}, [saved = save(context, x), kind](BackwardCall& call) {
    activation_grad(call, saved.unpack(call.context()), kind);
  });
}

}  // namespace athanor::ops
