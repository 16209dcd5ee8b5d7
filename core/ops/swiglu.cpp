#include "kernels/ops/elementwise/swiglu.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/elementwise.h"

namespace athanor::ops {

namespace {

// Input of the node: 0 x.
void swiglu_grad(BackwardCall& call, const Tensor& x) {
  Context& context = call.context();
  const Tensor dy = std::move(call.output_gradient());
  Tensor dx = context.empty_like(x);
  context.launch("swiglu_grad", kernels::swiglu_grad,
                 kernels::SwigluGradArgs{.x = x.view(), .dy = dy.view(), .dx = dx.view()}, 0,
                 {.flops = 12.0 * static_cast<double>(dy.numel())});
  call.give(0, std::move(dx));
}

}  // namespace

Variable swiglu(Context& context, const Variable& x) {
  check_numbers("swiglu", "x", x);
  if (x.rank() < 1 || x.dim(-1) % 2 != 0)
    refuse("swiglu", describe("x", x) + ", but an even last dim is needed: the gate beside the value");
  Tensor y = context.empty(with_last(x.shape(), x.dim(-1) / 2), x.value().dtype());
  context.launch("swiglu", kernels::swiglu, kernels::SwigluArgs{.x = x.view(), .y = y.view()}, 0,
                 {.flops = 9.0 * static_cast<double>(y.numel())});
  if (!recording(context, {&x})) return y;
  return record(context, "swiglu", std::move(y), {&x},
                [saved = save(context, x)](BackwardCall& call) { swiglu_grad(call, saved.unpack(call.context())); });
}

}  // namespace athanor::ops
