#include "kernels/ops/elementwise/add.h"

#include "core/ops/check.h"
#include "core/ops/elementwise.h"
#include "core/ops/gradients.h"
#include "kernels/ops/elementwise/axpby.h"

namespace athanor::ops {

namespace {

void check_add(const Variable& a, const Variable& b) {
  check_numbers("add", "a", a);
  check_numbers("add", "b", b);
  bool trailing = b.rank() <= a.rank();
  for (int dim = 1; trailing && dim <= b.rank(); ++dim) trailing = a.dim(-dim) == b.dim(-dim);
  // What is repeated is usually a parameter, which stays f32.
  if (b.value().dtype() != DType::f32) check_same_format("add", "b", b, {"a", a});
  if (!trailing) refuse("add", describe("b", b) + ", but the trailing dims of a are needed, as " + describe("a", a));
}

// Inputs of the node: 0 a, 1 b. A repeated b gets the sum over what it was repeated over.
void add_grad(BackwardCall& call, const Shape& b_shape, DType b_format, bool repeated) {
  Context& context = call.context();
  const Tensor dy = std::move(call.output_gradient());
  if (call.wanted(1) && !repeated) call.give(1, context.cast(dy, b_format));
  if (repeated) give_repeated_sum(call, 1, b_shape, dy, b_format);
  if (call.wanted(0)) call.give(0, dy);
}

// Input of the node: 0 x.
void scale_grad(BackwardCall& call, float factor) {
  Context& context = call.context();
  Tensor dy = std::move(call.output_gradient());
  Tensor dx = dy.unique() ? dy : context.empty_like(dy);
  context.launch("axpby", kernels::axpby, kernels::AxpbyArgs{.alpha = factor, .x = dy.view(), .y = dx.view()}, 0,
                 {.flops = static_cast<double>(dx.numel())});
  dy = {};
  call.give(0, std::move(dx));
}

}  // namespace

Variable add(Context& context, const Variable& a, const Variable& b) {
  check_add(a, b);
  Tensor y = context.empty_like(a.value());
  context.launch("add", kernels::add, kernels::AddArgs{.a = a.view(), .b = b.view(), .y = y.view()}, 0,
                 {.flops = static_cast<double>(a.numel())});
  if (!recording(context, {&a, &b})) return y;
  const bool repeated = a.numel() != b.numel() || a.rank() != b.rank();
  return record(context, "add", std::move(y), {&a, &b},
                [shape = b.shape(), format = b.value().dtype(), repeated](BackwardCall& call) {
                  add_grad(call, shape, format, repeated);
                });
}

Variable scale(Context& context, const Variable& x, float factor) {
  check_numbers("scale", "x", x);
  Tensor y = context.empty_like(x.value());
  context.launch("axpby", kernels::axpby, kernels::AxpbyArgs{.alpha = factor, .x = x.view(), .y = y.view()}, 0,
                 {.flops = static_cast<double>(x.numel())});
  if (!recording(context, {&x})) return y;
  return record(context, "scale", std::move(y), {&x}, [factor](BackwardCall& call) { scale_grad(call, factor); });
}

}  // namespace athanor::ops
