#include "kernels/ops/norm/group_norm.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/norm.h"

namespace athanor::ops {

namespace {

struct SavedGroupNorm {
  SavedTensor x, gain, bias, mean, rstd;
  GroupNormOptions options;
  Shape parameter_shape;
};

// Inputs of the node: 0 x, 1 gain, 2 bias.
void group_norm_grad(BackwardCall& call, const SavedGroupNorm& saved) {
  Context& context = call.context();
  const Tensor x = saved.x.unpack(context);
  const Tensor gain = saved.gain.unpack(context), bias = saved.bias.unpack(context);
  const Tensor mean = saved.mean.unpack(context), rstd = saved.rstd.unpack(context);
  Tensor dy = std::move(call.output_gradient());
  const bool in_place = dy.unique();
  Tensor dx = !call.wanted(0) ? Tensor() : in_place ? dy : context.empty_like(x);
  ParameterSpace space(call, {{1, saved.parameter_shape}, {2, saved.parameter_shape}});
  const kernels::GroupNormGradArgs args{.x = x.view(),
                                        .gain = gain.view(),
                                        .bias = bias.view(),
                                        .mean = mean.view(),
                                        .rstd = rstd.view(),
                                        .dy = dy.view(),
                                        .groups = saved.options.groups,
                                        .activation = saved.options.activation,
                                        .accumulate_parameters = space.accumulate(),
                                        .dx = dx.view(),
                                        .dgain = space.view(1),
                                        .dbias = space.view(2)};
  context.launch("group_norm_grad", kernels::group_norm_grad, args,
                 kernels::group_norm_grad_workspace_bytes(context.exec(), args),
                 {.flops = 14.0 * static_cast<double>(x.numel())});
  space.commit();
  dy = {};
  call.give(0, std::move(dx));
}

void check_group_norm(const Variable& x, const Variable& gain, const Variable& bias, int groups) {
  check_numbers("group_norm", "x", x);
  if (x.rank() < 2) refuse("group_norm", describe("x", x) + ", at least two dims are needed");
  if (groups < 1 || x.dim(-1) % groups != 0)
    refuse("group_norm",
           "groups is " + std::to_string(groups) + ", which does not divide the channels, as " + describe("x", x));
  check_shape("group_norm", "gain", gain, {x.dim(-1)}, describe("x", x));
  check_shape("group_norm", "bias", bias, {x.dim(-1)}, describe("x", x));
}

}  // namespace

Variable group_norm(Context& context, const Variable& x, const Variable& gain, const Variable& bias,
                    const GroupNormOptions& options) {
  check_group_norm(x, gain, bias, options.groups);
  const bool records = recording(context, {&x, &gain, &bias});
  const Shape stats_shape{x.dim(0), options.groups};

  Tensor y = context.empty_like(x.value());
  const Tensor mean = records ? context.empty(stats_shape) : Tensor();
  const Tensor rstd = records ? context.empty(stats_shape) : Tensor();

  context.launch("group_norm", kernels::group_norm,
                 kernels::GroupNormArgs{.x = x.view(),
                                        .gain = gain.view(),
                                        .bias = bias.view(),
                                        .groups = options.groups,
                                        .eps = options.eps,
                                        .activation = options.activation,
                                        .y = y.view(),
                                        .mean = mean.view(),
                                        .rstd = rstd.view()},
                 0, {.flops = 8.0 * static_cast<double>(x.numel())});

  if (!records) return y;
  SavedGroupNorm saved{.x = save(context, x),
                       .gain = save(context, gain),
                       .bias = save(context, bias),
                       .mean = save(context, mean),
                       .rstd = save(context, rstd),
                       .options = options,
                       .parameter_shape = {x.dim(-1)}};
  return record(context, "group_norm", std::move(y), {&x, &gain, &bias},
                [saved = std::move(saved)](BackwardCall& call) { group_norm_grad(call, saved); });
}

}  // namespace athanor::ops
