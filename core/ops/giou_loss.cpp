#include "kernels/ops/loss/giou_loss.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/loss.h"

namespace athanor::ops {

namespace {

struct SavedGiou {
  SavedTensor x, counted;
  Tensor target, weight;
};

// Input of the node: 0 x.
void giou_loss_grad(BackwardCall& call, const SavedGiou& saved) {
  Context& context = call.context();
  const Tensor x = saved.x.unpack(context), counted = saved.counted.unpack(context);
  Tensor dx = context.empty_like(x);
  context.launch("giou_loss_grad", kernels::giou_loss_grad,
                 kernels::GiouLossGradArgs{.x = x.view(),
                                           .target = saved.target.view(),
                                           .weight = saved.weight.view(),
                                           .counted = counted.view(),
                                           .dloss = call.scalar_output_gradient(),
                                           .dx = dx.view()},
                 0, {.flops = 60.0 * static_cast<double>(x.dim(0))});
  call.give(0, std::move(dx));
}

}  // namespace

Variable giou_loss(Context& context, const Variable& x, const Tensor& target, const Tensor& weight) {
  check_numbers("giou_loss", "x", x);
  if (x.rank() != 2 || x.dim(1) != 4) refuse("giou_loss", describe("x", x) + ", but [boxes, 4] is needed");
  if (!target.present()) refuse("giou_loss", "target is absent");
  check_shape("giou_loss", "target", target, x.shape(), describe("x", x));
  check_row_weights("giou_loss", weight, x.dim(0), describe("x", x));
  Tensor loss = context.empty({1});
  const Tensor counted = context.empty({1});
  const kernels::GiouLossArgs args{
      .x = x.view(), .target = target.view(), .weight = weight.view(), .loss = loss.view(), .counted = counted.view()};
  context.launch("giou_loss", kernels::giou_loss, args, kernels::giou_loss_workspace_bytes(context.exec(), args),
                 {.flops = 30.0 * static_cast<double>(x.dim(0))});
  if (!recording(context, {&x})) return loss;
  SavedGiou saved{.x = save(context, x), .counted = save(context, counted), .target = target, .weight = weight};
  return record(context, "giou_loss", std::move(loss), {&x},
                [saved = std::move(saved)](BackwardCall& call) { giou_loss_grad(call, saved); });
}

}  // namespace athanor::ops
