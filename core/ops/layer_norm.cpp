#include "kernels/ops/norm/layer_norm.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/norm.h"

namespace athanor::ops {

namespace {

struct SavedLayerNorm {
  SavedTensor x, gain, mean, rstd;
  Shape parameter_shape;
};

// Inputs of the node: 0 x, 1 gain, 2 bias.
void layer_norm_grad(BackwardCall& call, const SavedLayerNorm& saved) {
  Context& context = call.context();
  const Tensor x = saved.x.unpack(context);
  const Tensor gain = saved.gain.unpack(context), mean = saved.mean.unpack(context), rstd = saved.rstd.unpack(context);
  Tensor dy = std::move(call.output_gradient());
  const bool in_place = dy.unique();
  Tensor dx = !call.wanted(0) ? Tensor() : in_place ? dy : context.empty_like(x);
  ParameterSpace space(call, {{1, saved.parameter_shape}, {2, saved.parameter_shape}});
  const kernels::LayerNormGradArgs args{.x = x.view(),
                                        .gain = gain.view(),
                                        .mean = mean.view(),
                                        .rstd = rstd.view(),
                                        .dy = dy.view(),
                                        .accumulate_parameters = space.accumulate(),
                                        .dx = dx.view(),
                                        .dgain = space.view(1),
                                        .dbias = space.view(2)};
  context.launch("layer_norm_grad", kernels::layer_norm_grad, args,
                 kernels::layer_norm_grad_workspace_bytes(context.exec(), args),
                 {.flops = 12.0 * static_cast<double>(x.numel())});
  space.commit();
  dy = {};
  call.give(0, std::move(dx));
}

}  // namespace

Variable layer_norm(Context& context, const Variable& x, const Variable& gain, const Variable& bias, float eps) {
  check_numbers("layer_norm", "x", x);
  if (x.rank() < 1) refuse("layer_norm", describe("x", x) + ", at least one dim is needed");
  check_shape("layer_norm", "gain", gain, {x.dim(-1)}, describe("x", x));
  check_shape("layer_norm", "bias", bias, {x.dim(-1)}, describe("x", x));
  const bool records = recording(context, {&x, &gain, &bias});
  const Shape stats_shape{rows(x.shape())};

  Tensor y = context.empty_like(x.value());
  const Tensor mean = records ? context.empty(stats_shape) : Tensor();
  const Tensor rstd = records ? context.empty(stats_shape) : Tensor();

  context.launch("layer_norm", kernels::layer_norm,
                 kernels::LayerNormArgs{.x = x.view(),
                                        .gain = gain.view(),
                                        .bias = bias.view(),
                                        .eps = eps,
                                        .y = y.view(),
                                        .mean = mean.view(),
                                        .rstd = rstd.view()},
                 0, {.flops = 7.0 * static_cast<double>(x.numel())});

  if (!records) return y;
  SavedLayerNorm saved{.x = save(context, x),
                       .gain = save(context, gain),
                       .mean = save(context, mean),
                       .rstd = save(context, rstd),
                       .parameter_shape = {x.dim(-1)}};
  return record(context, "layer_norm", std::move(y), {&x, &gain, &bias},
                [saved = std::move(saved)](BackwardCall& call) { layer_norm_grad(call, saved); });
}

}  // namespace athanor::ops
