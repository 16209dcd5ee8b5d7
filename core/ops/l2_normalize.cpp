#include "kernels/ops/norm/l2_normalize.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/norm.h"

namespace athanor::ops {

namespace {

// Input of the node: 0 x.
void l2_normalize_grad(BackwardCall& call, const Tensor& y, const Tensor& inverse_norm, float eps) {
  Context& context = call.context();
  Tensor dy = std::move(call.output_gradient());
  Tensor dx = dy.unique() ? dy : context.empty_like(dy);
  context.launch("l2_normalize_grad", kernels::l2_normalize_grad,
                 kernels::L2NormalizeGradArgs{
                     .y = y.view(), .inverse_norm = inverse_norm.view(), .dy = dy.view(), .eps = eps, .dx = dx.view()},
                 0, {.flops = 5.0 * static_cast<double>(y.numel())});
  dy = {};
  call.give(0, std::move(dx));
}

}  // namespace

Variable l2_normalize(Context& context, const Variable& x, float eps) {
  check_numbers("l2_normalize", "x", x);
  if (x.rank() < 1) refuse("l2_normalize", describe("x", x) + ", at least one dim is needed");
  const bool records = recording(context, {&x});

  Tensor y = context.empty_like(x.value());
  const Tensor inverse_norm = records ? context.empty({rows(x.shape())}) : Tensor();

  context.launch(
      "l2_normalize", kernels::l2_normalize,
      kernels::L2NormalizeArgs{.x = x.view(), .eps = eps, .y = y.view(), .inverse_norm = inverse_norm.view()}, 0,
      {.flops = 3.0 * static_cast<double>(x.numel())});

  if (!records) return y;
  const SavedTensor saved_y = save(context, y);
  return record(context, "l2_normalize", std::move(y), {&x},
                [saved_y, saved_norm = save(context, inverse_norm), eps](BackwardCall& call) {
                  l2_normalize_grad(call, saved_y.unpack(call.context()), saved_norm.unpack(call.context()), eps);
                });
}

}  // namespace athanor::ops
