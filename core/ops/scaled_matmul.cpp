#include "kernels/ops/quant/scaled_matmul.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/quantized.h"
#include "kernels/ops/gemm/linear.h"
#include "kernels/ops/reduce/sum_leading.h"

namespace athanor::ops {

namespace {

struct Side {
  const Tensor& codes;
  const Tensor& scales;
  const CodeFormat& format;
};

void multiply(Context& context, const Side& a, const Side& b, const View& bias, bool accumulate, const View& c) {
  const kernels::ScaledMatmulArgs args{.a = a.codes.view(),
                                       .a_scales = a.scales.view(),
                                       .a_grouping = a.format.grouping,
                                       .b = b.codes.view(),
                                       .b_scales = b.scales.view(),
                                       .b_grouping = b.format.grouping,
                                       .block = a.format.block,
                                       .bias = bias,
                                       .accumulate = accumulate,
                                       .c = c};
  context.launch("scaled_matmul", kernels::scaled_matmul, args,
                 kernels::scaled_matmul_workspace_bytes(context.exec(), args),
                 {.flops = 2.0 * static_cast<double>(c.numel()) * static_cast<double>(b.codes.dim(-1))});
}

// Quantizes one tensor and tells the observer.
Codes coded(Context& context, const Tensor& x, TensorClass tensor_class, const CodeFormat& format, bool rows,
            bool columns, const QuantizeObserver& observer) {
  const Tensor stats = observer ? new_quantize_stats(context) : Tensor();
  Codes made = quantize(context, x, format, {.rows = rows, .columns = columns, .stats = stats});
  if (observer) observer(context, tensor_class, stats);
  return made;
}

struct SavedScaledLinear {
  SavedTensor x, weight;  // as they were multiplied, where the backward pass does not use codes
  Codes x_codes, weight_codes;
  ScaledLinearOptions options;
  Shape x_shape, weight_shape;
  DType format;
};

void gradients_from_codes(BackwardCall& call, const SavedScaledLinear& saved, const Tensor& dy) {
  Context& context = call.context();
  const ScaledLinearOptions& options = saved.options;
  const Codes dy_codes =
      coded(context, dy, TensorClass::gradient, options.gradient, call.wanted(0), call.wanted(1), options.observer);
  if (call.wanted(0)) {
    Tensor dx = context.empty(saved.x_shape, saved.format);
    multiply(context, {dy_codes.codes, dy_codes.scales, options.gradient},
             {saved.weight_codes.column_codes, saved.weight_codes.column_scales, options.weight}, {}, false, dx.view());
    call.give(0, std::move(dx));
  }
  if (call.wanted(1)) {
    ParameterSpace space(call, {{1, saved.weight_shape}});
    multiply(context, {dy_codes.column_codes, dy_codes.column_scales, options.gradient},
             {saved.x_codes.column_codes, saved.x_codes.column_scales, options.activation}, {}, space.accumulate(),
             space.view(1));
    space.commit();
  }
  if (call.wanted(2)) {
    ParameterSpace space(call, {{2, {saved.weight_shape[0]}}});
    const kernels::SumLeadingArgs args{.x = dy.view(), .accumulate = space.accumulate(), .y = space.view(2)};
    context.launch("sum_leading", kernels::sum_leading, args,
                   kernels::sum_leading_workspace_bytes(context.exec(), args),
                   {.flops = static_cast<double>(dy.numel())});
    space.commit();
  }
}

void gradients_from_numbers(BackwardCall& call, const SavedScaledLinear& saved, const Tensor& dy) {
  Context& context = call.context();
  const Tensor x = saved.x.unpack(context), weight = saved.weight.unpack(context);
  Tensor dx = call.wanted(0) ? context.empty_like(x) : Tensor();
  ParameterSpace space(call, {{1, saved.weight_shape}, {2, {saved.weight_shape[0]}}});
  const kernels::LinearGradArgs args{.x = x.view(),
                                     .w = weight.view(),
                                     .dy = dy.view(),
                                     .accumulate_parameters = space.accumulate(),
                                     .dx = dx.view(),
                                     .dw = space.view(1),
                                     .dbias = space.view(2)};
  const double product = 2.0 * static_cast<double>(rows(x.shape())) * static_cast<double>(weight.numel());
  context.launch("linear_grad", kernels::linear_grad, args, kernels::linear_grad_workspace_bytes(context.exec(), args),
                 {.flops = product * (args.dx.present() + args.dw.present())});
  space.commit();
  call.give(0, std::move(dx));
}

// Inputs of the node: 0 x, 1 weight, 2 bias.
void scaled_linear_grad(BackwardCall& call, const SavedScaledLinear& saved) {
  const Tensor dy = std::move(call.output_gradient());
  if (saved.options.backward)
    gradients_from_codes(call, saved, dy);
  else
    gradients_from_numbers(call, saved, dy);
}

void check_scaled_linear(const Variable& x, const Variable& weight, const Variable& bias) {
  check_numbers("scaled_linear", "x", x);
  check_parameter("scaled_linear", "weight", weight);
  if (x.rank() < 1) refuse("scaled_linear", describe("x", x) + ", at least one dim is needed");
  if (weight.rank() != 2 || weight.dim(1) != x.dim(-1))
    refuse("scaled_linear", describe("weight", weight) + ", but [N, " + std::to_string(x.dim(-1)) + "] is needed, as " +
                                describe("x", x));
  check_shape("scaled_linear", "bias", bias, {weight.dim(0)}, describe("weight", weight));
}

void product_of_numbers(Context& context, const Tensor& x, const Tensor& weight, const View& bias, const Tensor& y) {
  const kernels::LinearArgs args{.x = x.view(), .w = weight.view(), .bias = bias, .y = y.view()};
  context.launch("linear", kernels::linear, args, kernels::linear_workspace_bytes(context.exec(), args),
                 {.flops = 2.0 * static_cast<double>(rows(x.shape())) * static_cast<double>(weight.numel())});
}

}  // namespace

Variable scaled_linear(Context& context, const Variable& x, const Variable& weight, const Variable& bias,
                       const ScaledLinearOptions& options) {
  check_scaled_linear(x, weight, bias);
  const bool records = recording(context, {&x, &weight, &bias});
  const bool keeps_codes = records && options.backward;
  const QuantizeObserver none;
  SavedScaledLinear saved;
  saved.options = options;
  saved.x_shape = x.shape();
  saved.weight_shape = weight.shape();
  saved.format = x.value().dtype();
  Tensor y = context.empty(with_last(x.shape(), weight.dim(0)), saved.format);
  if (options.forward || keeps_codes) {
    const QuantizeObserver& observer = records ? options.observer : none;
    saved.x_codes =
        coded(context, x.value(), TensorClass::activation, options.activation, options.forward, keeps_codes, observer);
    saved.weight_codes =
        coded(context, weight.value(), TensorClass::weight, options.weight, options.forward, keeps_codes, observer);
  }
  if (options.forward)
    multiply(context, {saved.x_codes.codes, saved.x_codes.scales, options.activation},
             {saved.weight_codes.codes, saved.weight_codes.scales, options.weight}, bias.view(), false, y.view());
  if (!options.forward || (records && !options.backward)) {
    const Tensor rounded = context.cast(weight.value(), saved.format);
    if (!options.forward) product_of_numbers(context, x.value(), rounded, bias.view(), y);
    if (records && !options.backward) {
      saved.x = save(context, x);
      saved.weight = save_weight(context, weight, rounded);
    }
  }
  if (!records) return y;
  saved.x_codes.codes = saved.weight_codes.codes = {};  // the backward pass reads the columns
  return record(context, "scaled_linear", std::move(y), {&x, &weight, &bias},
                [saved = std::move(saved)](BackwardCall& call) { scaled_linear_grad(call, saved); });
}

}  // namespace athanor::ops
