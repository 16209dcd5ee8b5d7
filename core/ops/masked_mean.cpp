#include "kernels/ops/reduce/masked_mean.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/index.h"

namespace athanor::ops {

namespace {

void check_masked_mean(const Variable& x, const Tensor& lengths) {
  check_numbers("masked_mean", "x", x);
  if (x.rank() != 3) refuse("masked_mean", describe("x", x) + ", but [batch, tokens, channels] is needed");
  if (!lengths.present()) return;
  check_ids("masked_mean", "lengths", lengths, 1, x.dim(1));
  if (lengths.shape() != Shape{x.dim(0)})
    refuse("masked_mean", describe("lengths", lengths) + ", but one per sample is needed, as " + describe("x", x));
}

// Input of the node: 0 x.
void masked_mean_grad(BackwardCall& call, const Tensor& lengths, const Shape& x_shape) {
  Context& context = call.context();
  Tensor dx = context.empty(x_shape, call.output_gradient().dtype());
  context.launch(
      "masked_mean_grad", kernels::masked_mean_grad,
      kernels::MaskedMeanGradArgs{.dy = call.output_gradient().view(), .lengths = lengths.view(), .dx = dx.view()}, 0,
      {.flops = static_cast<double>(dx.numel())});
  call.give(0, std::move(dx));
}

}  // namespace

Variable masked_mean(Context& context, const Variable& x, const Tensor& lengths) {
  check_masked_mean(x, lengths);
  Tensor y = context.empty({x.dim(0), x.dim(2)}, x.value().dtype());
  context.launch("masked_mean", kernels::masked_mean,
                 kernels::MaskedMeanArgs{.x = x.view(), .lengths = lengths.view(), .y = y.view()}, 0,
                 {.flops = static_cast<double>(x.numel())});
  if (!recording(context, {&x})) return y;
  return record(context, "masked_mean", std::move(y), {&x},
                [lengths, shape = x.shape()](BackwardCall& call) { masked_mean_grad(call, lengths, shape); });
}

}  // namespace athanor::ops
