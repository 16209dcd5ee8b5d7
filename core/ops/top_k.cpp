#include "kernels/ops/index/top_k.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/index.h"

namespace athanor::ops {

TopK top_k(Context& context, const Variable& x, std::int64_t k) {
  check_numbers("top_k", "x", x);
  if (x.rank() < 1 || k < 1 || k > x.dim(-1))
    refuse("top_k", "k is " + std::to_string(k) + ", but " + describe("x", x) + ": rows hold 1 to that many");
  const Shape shape = with_last(x.shape(), k);
  Tensor values = context.empty(shape, x.value().dtype());
  const Tensor indices = context.empty(shape, DType::i32);
  context.launch("top_k", kernels::top_k,
                 kernels::TopKArgs{.x = x.view(), .values = values.view(), .indices = indices.view()});
  if (!recording(context, {&x})) return {values, indices};
  const auto gradient = [indices, x_shape = x.shape()](BackwardCall& call) {
    const Tensor& dvalues = call.output_gradient();
    Tensor dx = call.context().empty(x_shape, dvalues.dtype());
    call.context().launch("top_k_grad", kernels::top_k_grad,
                          kernels::TopKGradArgs{.dvalues = dvalues.view(), .indices = indices.view(), .dx = dx.view()});
    call.give(0, std::move(dx));
  };
  return {record(context, "top_k", std::move(values), {&x}, gradient), indices};
}

}  // namespace athanor::ops
