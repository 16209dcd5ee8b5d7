#include "kernels/ops/loss/regression_loss.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/loss.h"

namespace athanor::ops {

namespace {

struct SavedRegression {
  SavedTensor x, counted;
  Tensor target, weight;
  kernels::RegressionKind kind;
  float beta;
};

// Input of the node: 0 x.
void regression_loss_grad(BackwardCall& call, const SavedRegression& saved) {
  Context& context = call.context();
  const Tensor x = saved.x.unpack(context), counted = saved.counted.unpack(context);
  Tensor dx = context.empty_like(x);
  context.launch("regression_loss_grad", kernels::regression_loss_grad,
                 kernels::RegressionLossGradArgs{.x = x.view(),
                                                 .target = saved.target.view(),
                                                 .weight = saved.weight.view(),
                                                 .counted = counted.view(),
                                                 .kind = saved.kind,
                                                 .beta = saved.beta,
                                                 .dloss = call.scalar_output_gradient(),
                                                 .dx = dx.view()},
                 0, {.flops = 4.0 * static_cast<double>(x.numel())});
  call.give(0, std::move(dx));
}

Variable regression_loss(Context& context, const char* name, const Variable& x, const Tensor& target,
                         const Tensor& weight, kernels::RegressionKind kind, float beta) {
  check_numbers(name, "x", x);
  if (x.rank() < 1 || x.dim(-1) < 1) refuse(name, describe("x", x) + ", but [..., numbers] is needed");
  if (!target.present()) refuse(name, "target is absent");
  check_shape(name, "target", target, x.shape(), describe("x", x));
  check_row_weights(name, weight, rows(x.shape()), describe("x", x));
  if (!(beta > 0.0f)) refuse(name, "beta is " + std::to_string(beta) + ", more than 0 is needed");
  Tensor loss = context.empty({1});
  const Tensor counted = context.empty({1});
  const kernels::RegressionLossArgs args{.x = x.view(),
                                         .target = target.view(),
                                         .weight = weight.view(),
                                         .kind = kind,
                                         .beta = beta,
                                         .loss = loss.view(),
                                         .counted = counted.view()};
  context.launch("regression_loss", kernels::regression_loss, args,
                 kernels::regression_loss_workspace_bytes(context.exec(), args),
                 {.flops = 3.0 * static_cast<double>(x.numel())});
  if (!recording(context, {&x})) return loss;
  SavedRegression saved{.x = save(context, x),
                        .counted = save(context, counted),
                        .target = target,
                        .weight = weight,
                        .kind = kind,
                        .beta = beta};
  return record(context, name, std::move(loss), {&x},
                [saved = std::move(saved)](BackwardCall& call) { regression_loss_grad(call, saved); });
}

}  // namespace

void check_row_weights(const char* op, const Tensor& weight, std::int64_t rows, const std::string& because) {
  if (!weight.present()) return;
  check_parameter(op, "weight", weight);
  if (weight.numel() != rows)
    refuse(op, describe("weight", weight) + ", but one number per row is needed, as " + because);
}

Variable l1_loss(Context& context, const Variable& x, const Tensor& target, const Tensor& weight) {
  return regression_loss(context, "l1_loss", x, target, weight, kernels::RegressionKind::l1, 1.0f);
}

Variable smooth_l1_loss(Context& context, const Variable& x, const Tensor& target, float beta, const Tensor& weight) {
  return regression_loss(context, "smooth_l1_loss", x, target, weight, kernels::RegressionKind::smooth_l1, beta);
}

}  // namespace athanor::ops
