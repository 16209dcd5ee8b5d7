#include "kernels/ops/conv/pool2d.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/conv.h"

namespace athanor::ops {

namespace {

Shape pooled_shape(const char* op, const Variable& x) {
  check_numbers(op, "x", x);
  if (x.rank() != 4) refuse(op, describe("x", x) + ", but [batch, height, width, channels] is needed");
  return {x.dim(0), x.dim(1) / 2, x.dim(2) / 2, x.dim(3)};
}

// Input of the node: 0 x.
void max_pool2d_grad(BackwardCall& call, const Tensor& x) {
  Context& context = call.context();
  Tensor dx = context.empty_like(x);
  context.launch("max_pool2d_grad", kernels::max_pool2d_grad,
                 kernels::MaxPool2dGradArgs{.x = x.view(), .dy = call.output_gradient().view(), .dx = dx.view()}, 0,
                 {.flops = static_cast<double>(x.numel())});
  call.give(0, std::move(dx));
}

// Input of the node: 0 x.
void avg_pool2d_grad(BackwardCall& call, const Shape& x_shape) {
  Context& context = call.context();
  Tensor dx = context.empty(x_shape, call.output_gradient().dtype());
  context.launch("avg_pool2d_grad", kernels::avg_pool2d_grad,
                 kernels::AvgPool2dGradArgs{.dy = call.output_gradient().view(), .dx = dx.view()}, 0,
                 {.flops = static_cast<double>(dx.numel())});
  call.give(0, std::move(dx));
}

}  // namespace

Variable max_pool2d(Context& context, const Variable& x) {
  Tensor y = context.empty(pooled_shape("max_pool2d", x), x.value().dtype());
  context.launch("max_pool2d", kernels::max_pool2d, kernels::Pool2dArgs{.x = x.view(), .y = y.view()}, 0,
                 {.flops = static_cast<double>(x.numel())});
  if (!recording(context, {&x})) return y;
  return record(context, "max_pool2d", std::move(y), {&x}, [saved = save(context, x)](BackwardCall& call) {
    max_pool2d_grad(call, saved.unpack(call.context()));
  });
}

Variable avg_pool2d(Context& context, const Variable& x) {
  Tensor y = context.empty(pooled_shape("avg_pool2d", x), x.value().dtype());
  context.launch("avg_pool2d", kernels::avg_pool2d, kernels::Pool2dArgs{.x = x.view(), .y = y.view()}, 0,
                 {.flops = static_cast<double>(x.numel())});
  if (!recording(context, {&x})) return y;
  return record(context, "avg_pool2d", std::move(y), {&x},
                [shape = x.shape()](BackwardCall& call) { avg_pool2d_grad(call, shape); });
}

}  // namespace athanor::ops
