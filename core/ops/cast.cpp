#include "kernels/ops/quant/cast.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/elementwise.h"

namespace athanor::ops {

Variable cast(Context& context, const Variable& x, DType format) {
  check_numbers("cast", "x", x);
  if (format != DType::f32 && !is_narrow_float(format))
    refuse("cast", describe("x", x) + " and cannot become " + to_string(format));
  const DType before = x.value().dtype();
  if (before == format) return x;
  Tensor y = context.cast(x.value(), format);
  if (!recording(context, {&x})) return y;
  // Input of the node: 0 x.
  return record(context, "cast", std::move(y), {&x}, [before](BackwardCall& call) {
    const Tensor dy = std::move(call.output_gradient());
    call.give(0, call.context().cast(dy, before, call.gradient_tag(0)));
  });
}

}  // namespace athanor::ops
