#include "kernels/ops/norm/rms_norm.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/norm.h"

namespace athanor::ops {

namespace {

struct SavedRmsNorm {
  SavedTensor x, gain, rstd;
  Shape gain_shape;
};

// Inputs of the node: 0 x, 1 gain.
void rms_norm_grad(BackwardCall& call, const SavedRmsNorm& saved) {
  Context& context = call.context();
  const Tensor x = saved.x.unpack(context), gain = saved.gain.unpack(context), rstd = saved.rstd.unpack(context);
  Tensor dy = std::move(call.output_gradient());
  const bool in_place = dy.unique();
  Tensor dx = !call.wanted(0) ? Tensor() : in_place ? dy : context.empty_like(x);
  ParameterSpace space(call, {{1, saved.gain_shape}});
  const kernels::RmsNormGradArgs args{.x = x.view(),
                                      .gain = gain.view(),
                                      .rstd = rstd.view(),
                                      .dy = dy.view(),
                                      .accumulate_parameters = space.accumulate(),
                                      .dx = dx.view(),
                                      .dgain = space.view(1)};
  context.launch("rms_norm_grad", kernels::rms_norm_grad, args,
                 kernels::rms_norm_grad_workspace_bytes(context.exec(), args),
                 {.flops = 8.0 * static_cast<double>(x.numel())});
  space.commit();
  dy = {};
  call.give(0, std::move(dx));
}

}  // namespace

Variable rms_norm(Context& context, const Variable& x, const Variable& gain, float eps) {
  check_numbers("rms_norm", "x", x);
  if (x.rank() < 1) refuse("rms_norm", describe("x", x) + ", at least one dim is needed");
  check_shape("rms_norm", "gain", gain, {x.dim(-1)}, describe("x", x));
  const bool records = recording(context, {&x, &gain});

  Tensor y = context.empty_like(x.value());
  const Tensor rstd = records ? context.empty({rows(x.shape())}) : Tensor();

  context.launch(
      "rms_norm", kernels::rms_norm,
      kernels::RmsNormArgs{.x = x.view(), .gain = gain.view(), .eps = eps, .y = y.view(), .rstd = rstd.view()}, 0,
      {.flops = 4.0 * static_cast<double>(x.numel())});

  if (!records) return y;
  SavedRmsNorm saved{
      .x = save(context, x), .gain = save(context, gain), .rstd = save(context, rstd), .gain_shape = {x.dim(-1)}};
  return record(context, "rms_norm", std::move(y), {&x, &gain},
                [saved = std::move(saved)](BackwardCall& call) { rms_norm_grad(call, saved); });
}

}  // namespace athanor::ops
