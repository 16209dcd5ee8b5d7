#include "kernels/ops/conv/conv2d.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/conv.h"

namespace athanor::ops {

namespace {

void check_conv2d(const Variable& x, const Variable& weight, const Variable& bias, const Conv2dOptions& options) {
  check_numbers("conv2d", "x", x);
  check_weight("conv2d", weight, x);
  if (x.rank() != 4) refuse("conv2d", describe("x", x) + ", but [batch, height, width, channels] is needed");
  if (weight.rank() != 4 || weight.dim(3) != x.dim(3))
    refuse("conv2d", describe("weight", weight) + ", but [out, height, width, " + std::to_string(x.dim(3)) +
                         "] is needed, as " + describe("x", x));
  check_shape("conv2d", "bias", bias, {weight.dim(0)}, describe("weight", weight));
  if (options.stride < 1 || options.padding < 0)
    refuse("conv2d", "stride is " + std::to_string(options.stride) + " and padding " + std::to_string(options.padding) +
                         "; at least 1 and 0 are needed");
  if (x.dim(1) + 2 * options.padding < weight.dim(1) || x.dim(2) + 2 * options.padding < weight.dim(2))
    refuse("conv2d", describe("x", x) + ", which is smaller than the window, as " + describe("weight", weight));
}

double conv2d_flops(const Shape& y, const Shape& weight) {
  return 2.0 * static_cast<double>(y.numel()) * static_cast<double>(weight[1] * weight[2] * weight[3]);
}

struct SavedConv2d {
  SavedTensor x, weight;
  Conv2dOptions options;
  Shape weight_shape;
};

// Inputs of the node: 0 x, 1 weight, 2 bias.
void conv2d_grad(BackwardCall& call, const SavedConv2d& saved) {
  Context& context = call.context();
  const Tensor x = saved.x.unpack(context), weight = saved.weight.unpack(context);
  const Tensor& dy = call.output_gradient();
  Tensor dx = call.wanted(0) ? context.empty_like(x) : Tensor();
  ParameterSpace space(call, {{1, saved.weight_shape}, {2, {saved.weight_shape[0]}}});
  const kernels::Conv2dGradArgs args{.x = x.view(),
                                     .w = weight.view(),
                                     .dy = dy.view(),
                                     .stride = saved.options.stride,
                                     .padding = saved.options.padding,
                                     .accumulate_parameters = space.accumulate(),
                                     .dx = dx.view(),
                                     .dw = space.view(1),
                                     .dbias = space.view(2)};
  context.launch("conv2d_grad", kernels::conv2d_grad, args, kernels::conv2d_grad_workspace_bytes(context.exec(), args),
                 {.flops = conv2d_flops(dy.shape(), saved.weight_shape) * (args.dx.present() + args.dw.present())});
  space.commit();
  call.give(0, std::move(dx));
}

}  // namespace

Variable conv2d(Context& context, const Variable& x, const Variable& weight, const Variable& bias,
                const Conv2dOptions& options) {
  check_conv2d(x, weight, bias, options);
  const auto out_size = [&](int dim) {
    return kernels::conv_out_size(x.dim(dim), weight.dim(dim), options.stride, options.padding);
  };
  const DType format = x.value().dtype();
  Tensor y = context.empty({x.dim(0), out_size(1), out_size(2), weight.dim(0)}, format);
  const Tensor rounded = context.cast(weight.value(), format);

  const kernels::Conv2dArgs args{.x = x.view(),
                                 .w = rounded.view(),
                                 .bias = bias.view(),
                                 .stride = options.stride,
                                 .padding = options.padding,
                                 .y = y.view()};
  context.launch("conv2d", kernels::conv2d, args, kernels::conv2d_workspace_bytes(context.exec(), args),
                 {.flops = conv2d_flops(y.shape(), weight.shape())});

  if (!recording(context, {&x, &weight, &bias})) return y;
  SavedConv2d saved{.x = save(context, x),
                    .weight = save_weight(context, weight, rounded),
                    .options = options,
                    .weight_shape = weight.shape()};
  return record(context, "conv2d", std::move(y), {&x, &weight, &bias},
                [saved = std::move(saved)](BackwardCall& call) { conv2d_grad(call, saved); });
}

}  // namespace athanor::ops
