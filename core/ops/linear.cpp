#include "kernels/ops/gemm/linear.h"

#include "core/ops/check.h"
#include "core/ops/gemm.h"
#include "core/ops/gradients.h"

namespace athanor::ops {

namespace {

void check_linear(const Variable& x, const Variable& weight, const Variable& bias, const Variable& residual) {
  check_numbers("linear", "x", x);
  check_weight("linear", weight, x);
  if (x.rank() < 1) refuse("linear", describe("x", x) + ", at least one dim is needed");
  if (weight.rank() != 2 || weight.dim(1) != x.dim(-1))
    refuse("linear", describe("weight", weight) + ", but [N, " + std::to_string(x.dim(-1)) + "] is needed, as " +
                         describe("x", x));
  check_shape("linear", "bias", bias, {weight.dim(0)}, describe("weight", weight));
  check_stream("linear", "residual", residual, with_last(x.shape(), weight.dim(0)),
               describe("x", x) + " and " + describe("weight", weight), {"x", x});
}

// Inputs of the node: 0 x, 1 weight, 2 bias, 3 residual.
void linear_grad(BackwardCall& call, const SavedLinear& saved) {
  give_linear_gradients(call, saved, call.output_gradient());
  if (call.wanted(3)) call.give(3, std::move(call.output_gradient()));
}

}  // namespace

Variable linear(Context& context, const Variable& x, const Variable& weight, const Variable& bias,
                const LinearOptions& options) {
  const Variable& residual = options.residual;
  check_linear(x, weight, bias, residual);
  const bool records = recording(context, {&x, &weight, &bias, &residual});
  const Shape shape = with_last(x.shape(), weight.dim(0));

  const DType format = x.value().dtype();
  Tensor y = context.empty(shape, format);
  const Tensor rounded = context.cast(weight.value(), format);
  const bool keeps_preactivation = records && options.activation != Activation::none;
  const Tensor preactivation = keeps_preactivation ? context.empty(shape, format) : Tensor();

  const kernels::LinearArgs args{.x = x.view(),
                                 .w = rounded.view(),
                                 .bias = bias.view(),
                                 .residual = residual.view(),
                                 .activation = options.activation,
                                 .y = y.view(),
                                 .preactivation = preactivation.view()};
  context.launch("linear", kernels::linear, args, kernels::linear_workspace_bytes(context.exec(), args),
                 {.flops = 2.0 * static_cast<double>(rows(x.shape())) * static_cast<double>(weight.numel())});

  if (!records) return y;
  SavedLinear saved{.x = save(context, x),
                    .weight = save_weight(context, weight, rounded),
                    .preactivation = save(context, preactivation),
                    .activation = options.activation,
                    .weight_shape = weight.shape()};
  return record(context, "linear", std::move(y), {&x, &weight, &bias, &residual},
                [saved = std::move(saved)](BackwardCall& call) { linear_grad(call, saved); });
}

}  // namespace athanor::ops
