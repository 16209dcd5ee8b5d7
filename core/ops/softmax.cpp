#include "kernels/ops/norm/softmax.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/norm.h"

namespace athanor::ops {

namespace {

// Lengths have the leading dims of x, one length for all rows beneath.
void check_softmax(const char* op, const Variable& x, const Tensor& lengths) {
  check_numbers(op, "x", x);
  if (x.rank() < 1) refuse(op, describe("x", x) + ", at least one dim is needed");
  if (!lengths.present()) return;
  check_ids(op, "lengths", lengths, 0, x.dim(-1));
  bool leading = lengths.rank() >= 1 && lengths.rank() < x.rank();
  for (int dim = 0; leading && dim < lengths.rank(); ++dim) leading = lengths.dim(dim) == x.dim(dim);
  if (!leading) refuse(op, describe("lengths", lengths) + ", but leading dims of x are needed, as " + describe("x", x));
}

// Input of the node: 0 x.
void softmax_grad(BackwardCall& call, const Tensor& y, bool log) {
  Context& context = call.context();
  Tensor dy = std::move(call.output_gradient());
  Tensor dx = dy.unique() ? dy : context.empty_like(dy);
  context.launch("softmax_grad", kernels::softmax_grad,
                 kernels::SoftmaxGradArgs{.y = y.view(), .dy = dy.view(), .log = log, .dx = dx.view()}, 0,
                 {.flops = 4.0 * static_cast<double>(y.numel())});
  dy = {};
  call.give(0, std::move(dx));
}

Variable softmax_of(Context& context, const char* op, const Variable& x, const Tensor& lengths, bool log) {
  check_softmax(op, x, lengths);
  Tensor y = context.empty_like(x.value());
  context.launch("softmax", kernels::softmax,
                 kernels::SoftmaxArgs{.x = x.view(), .lengths = lengths.view(), .log = log, .y = y.view()}, 0,
                 {.flops = 10.0 * static_cast<double>(x.numel())});
  if (!recording(context, {&x})) return y;
  SavedTensor saved = save(context, y);
  return record(context, op, std::move(y), {&x}, [saved = std::move(saved), log](BackwardCall& call) {
    softmax_grad(call, saved.unpack(call.context()), log);
  });
}

}  // namespace

Variable softmax(Context& context, const Variable& x, const Tensor& lengths) {
  return softmax_of(context, "softmax", x, lengths, false);
}

Variable log_softmax(Context& context, const Variable& x, const Tensor& lengths) {
  return softmax_of(context, "log_softmax", x, lengths, true);
}

}  // namespace athanor::ops
