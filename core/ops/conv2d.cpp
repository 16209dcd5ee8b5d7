#include "kernels/ops/conv/conv2d.h"

#include "core/ops/check.h"
#include "core/ops/conv.h"
#include "core/ops/gradients.h"

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
  Shape x_shape, weight_shape;
};

// x and weight are absent where the gradients wanted do not need their numbers.
void launch_conv2d_grad(BackwardCall& call, const SavedConv2d& of, const Tensor& x, const Tensor& weight,
                        const Tensor& dy) {
  Context& context = call.context();
  Tensor dx = call.wanted(0) ? context.empty(of.x_shape, dy.dtype()) : Tensor();
  ParameterSpace space(call, {{1, of.weight_shape}, {2, {of.weight_shape[0]}}});
  const kernels::Conv2dGradArgs args{
      .x = x.present() ? x.view() : without_numbers(dy.dtype(), of.x_shape),
      .w = weight.present() ? weight.view() : without_numbers(dy.dtype(), of.weight_shape),
      .dy = dy.view(),
      .stride = of.options.stride,
      .padding = of.options.padding,
      .accumulate_parameters = space.accumulate(),
      .dx = dx.view(),
      .dw = space.view(1),
      .dbias = space.view(2)};
  context.launch("conv2d_grad", kernels::conv2d_grad, args, kernels::conv2d_grad_workspace_bytes(context.exec(), args),
                 {.flops = conv2d_flops(dy.shape(), of.weight_shape) * (args.dx.present() + args.dw.present())});
  space.commit();
  call.give(0, std::move(dx));
}

// Inputs of the node: 0 x, 1 weight, 2 bias. The CPU finds the gradient of the bias along with that of the weight.
void conv2d_grad(BackwardCall& call, const SavedConv2d& saved) {
  Context& context = call.context();
  const Tensor& dy = call.output_gradient();
  if (call.deferring(1) || call.deferring(2))
    call.defer({1, 2}, {saved.x, hold(context, dy)},
               [shapes = SavedConv2d{{}, {}, saved.options, saved.x_shape, saved.weight_shape}](
                   BackwardCall& later, const auto& kept) { launch_conv2d_grad(later, shapes, kept[0], {}, kept[1]); });
  const bool parameters = call.wanted(1) || call.wanted(2);
  if (!call.wanted(0) && !parameters) return;
  launch_conv2d_grad(call, saved, parameters ? saved.x.unpack(context) : Tensor(),
                     call.wanted(0) ? saved.weight.unpack(context) : Tensor(), dy);
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
                    .x_shape = x.shape(),
                    .weight_shape = weight.shape()};
  return record(context, "conv2d", std::move(y), {&x, &weight, &bias},
                [saved = std::move(saved)](BackwardCall& call) { conv2d_grad(call, saved); });
}

}  // namespace athanor::ops
