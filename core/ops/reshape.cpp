#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/elementwise.h"

namespace athanor::ops {

Variable reshape(Context& context, const Variable& x, const Shape& shape) {
  check_numbers("reshape", "x", x);
  if (shape.numel() != x.numel())
    refuse("reshape", describe("x", x) + ", which does not hold the elements of " + to_string(shape));
  Tensor y = x.value().reshape(shape);
  if (!recording(context, {&x})) return y;
  // Input of the node: 0 x.
  return record(context, "reshape", std::move(y), {&x}, [before = x.shape()](BackwardCall& call) {
    Tensor dx = call.output_gradient().reshape(before);
    call.output_gradient() = {};
    call.give(0, std::move(dx));
  });
}

Variable leading(Context& context, const Variable& x, std::int64_t count) {
  check_numbers("leading", "x", x);
  if (x.rank() < 1 || count < 0 || count > x.dim(0))
    refuse("leading", describe("x", x) + ", of which the first " + std::to_string(count) + " are wanted");
  if (count == x.dim(0)) return x;
  Tensor y = x.value().narrow(0, 0, count);
  if (!recording(context, {&x})) return y;
  // Input of the node: 0 x. What was left out gets 0.
  return record(context, "leading", std::move(y), {&x}, [before = x.shape(), count](BackwardCall& call) {
    Tensor dx = call.context().full(before, 0.0f, call.gradient_tag(0), call.output_gradient().dtype());
    call.context().copy(call.output_gradient(), dx.narrow(0, 0, count));
    call.give(0, std::move(dx));
  });
}

}  // namespace athanor::ops
