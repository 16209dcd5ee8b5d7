#include "kernels/ops/reduce/reduce_dim.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/dims.h"
#include "core/ops/reduce.h"

namespace athanor::ops {

namespace {

using kernels::Reduction;

struct Reduced {
  Tensor y, index;
};

Reduced reduce(Context& context, const char* op, const Variable& x, int dim, Reduction reduction, bool with_index) {
  const Shape three = around(x.shape(), dim), shape = without(x.shape(), dim);
  if (reduction != Reduction::sum && three[1] == 0)
    refuse(op, describe("x", x) + ", whose dim " + std::to_string(dim) + " is empty");
  Reduced reduced{.y = context.empty(shape, x.value().dtype()),
                  .index = with_index ? context.empty(shape, DType::i32) : Tensor()};
  const Shape two{three[0], three[2]};
  const View index = with_index ? reduced.index.reshape(two).view() : View();
  context.launch("reduce_dim", kernels::reduce_dim,
                 kernels::ReduceDimArgs{.x = x.value().reshape(three).view(),
                                        .reduction = reduction,
                                        .y = reduced.y.reshape(two).view(),
                                        .index = index},
                 0, {.flops = static_cast<double>(x.numel())});
  return reduced;
}

// Input of the node: 0 x.
void reduce_grad(BackwardCall& call, const Shape& shape, int dim, Reduction reduction, const Tensor& index) {
  Context& context = call.context();
  const Tensor dy = std::move(call.output_gradient());
  Tensor dx = context.empty(shape, dy.dtype());
  const Shape three = around(shape, dim), two{three[0], three[2]};
  context.launch("reduce_dim_grad", kernels::reduce_dim_grad,
                 kernels::ReduceDimGradArgs{.dy = dy.reshape(two).view(),
                                            .index = index.present() ? index.reshape(two).view() : View(),
                                            .reduction = reduction,
                                            .dx = dx.reshape(three).view()},
                 0, {.flops = static_cast<double>(dx.numel())});
  call.give(0, std::move(dx));
}

Variable reduce_over(Context& context, const char* op, const Variable& x, int dim, Reduction reduction) {
  check_numbers(op, "x", x);
  dim = checked_dim(op, x, dim);
  const bool records = recording(context, {&x});
  Reduced reduced = reduce(context, op, x, dim, reduction, records && reduction == Reduction::maximum);
  if (!records) return reduced.y;
  return record(context, op, std::move(reduced.y), {&x},
                [shape = x.shape(), dim, reduction, index = reduced.index](BackwardCall& call) {
                  reduce_grad(call, shape, dim, reduction, index);
                });
}

}  // namespace

Variable sum(Context& context, const Variable& x, int dim) {
  return reduce_over(context, "sum", x, dim, Reduction::sum);
}

Variable mean(Context& context, const Variable& x, int dim) {
  return reduce_over(context, "mean", x, dim, Reduction::mean);
}

Variable max(Context& context, const Variable& x, int dim) {
  return reduce_over(context, "max", x, dim, Reduction::maximum);
}

Tensor argmax(Context& context, const Variable& x, int dim) {
  check_numbers("argmax", "x", x);
  return reduce(context, "argmax", x, checked_dim("argmax", x, dim), Reduction::maximum, true).index;
}

}  // namespace athanor::ops
