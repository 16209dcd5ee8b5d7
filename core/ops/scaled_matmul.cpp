#include "kernels/ops/quant/scaled_matmul.h"

#include "core/ops/check.h"
#include "core/ops/gradients.h"
#include "core/ops/quantized.h"
#include "kernels/ops/gemm/linear.h"

namespace athanor::ops {

namespace {

struct Blocks {
  kernels::Grouping grouping;
  std::int64_t size;
};
Blocks blocks_of(const CodeFormat& format) { return {format.grouping, format.block}; }

struct Side {
  const Tensor& codes;
  const Tensor& scales;
  Blocks blocks;
};

void multiply(Context& context, const Side& a, const Side& b, const View& bias, bool accumulate, const View& c) {
  const kernels::ScaledMatmulArgs args{.a = a.codes.view(),
                                       .a_scales = a.scales.view(),
                                       .a_grouping = a.blocks.grouping,
                                       .b = b.codes.view(),
                                       .b_scales = b.scales.view(),
                                       .b_grouping = b.blocks.grouping,
                                       .block = a.blocks.size,
                                       .bias = bias,
                                       .accumulate = accumulate,
                                       .c = c};
  context.launch("scaled_matmul", kernels::scaled_matmul, args,
                 kernels::scaled_matmul_workspace_bytes(context.exec(), args),
                 {.flops = 2.0 * static_cast<double>(c.numel()) * static_cast<double>(b.codes.dim(-1))});
}

struct SavedScaledLinear {
  SavedLinear numbers;  // where the backward pass does not use codes
  Codes x_codes, weight_codes;
  ScaledLinearOptions options;
  Shape x_shape, weight_shape;
  DType format;
};

void give_weight_gradient(BackwardCall& call, const Shape& shape, const Side& dy, const Side& x) {
  ParameterSpace space(call, {{1, shape}});
  multiply(call.context(), dy, x, {}, space.accumulate(), space.view(1));
  space.commit();
}

// dy becomes codes for both halves of the pass at once: its statistics are written once.
void gradients_from_codes(BackwardCall& call, const SavedScaledLinear& saved, const Tensor& dy) {
  Context& context = call.context();
  const ScaledLinearOptions::Backward& how = saved.options.backward;
  const Tensor& stats = saved.options.stats[static_cast<std::size_t>(TensorClass::gradient)];
  const Codes dy_codes =
      quantize(context, dy, how.gradient, {.rows = call.wanted(0), .columns = call.wanted(1), .stats = stats});
  if (call.deferring(1))
    call.defer({1},
               {hold(context, dy_codes.column_codes), hold(context, dy_codes.column_scales),
                hold(context, saved.x_codes.column_codes), hold(context, saved.x_codes.column_scales)},
               [shape = saved.weight_shape, dy_blocks = blocks_of(how.gradient), x_blocks = blocks_of(how.activation)](
                   BackwardCall& later, const auto& kept) {
                 give_weight_gradient(later, shape, {kept[0], kept[1], dy_blocks}, {kept[2], kept[3], x_blocks});
               });
  if (call.wanted(0)) {
    Tensor dx = context.empty(saved.x_shape, saved.format);
    multiply(context, {dy_codes.codes, dy_codes.scales, blocks_of(how.gradient)},
             {saved.weight_codes.column_codes, saved.weight_codes.column_scales, blocks_of(how.weight)}, {}, false,
             dx.view());
    call.give(0, std::move(dx));
  }
  if (call.wanted(1))
    give_weight_gradient(call, saved.weight_shape,
                         {dy_codes.column_codes, dy_codes.column_scales, blocks_of(how.gradient)},
                         {saved.x_codes.column_codes, saved.x_codes.column_scales, blocks_of(how.activation)});
  give_repeated_sum(call, 2, {saved.weight_shape[0]}, dy);
}

// Inputs of the node: 0 x, 1 weight, 2 bias.
void scaled_linear_grad(BackwardCall& call, const SavedScaledLinear& saved) {
  const Tensor dy = std::move(call.output_gradient());
  if (saved.options.backward.codes) return gradients_from_codes(call, saved, dy);
  give_linear_gradients(call, saved.numbers, dy);
}

void check_scaled_linear(const Variable& x, const Variable& weight, const Variable& bias) {
  check_numbers("scaled_linear", "x", x);
  check_weight("scaled_linear", weight, x);
  if (x.rank() < 1) refuse("scaled_linear", describe("x", x) + ", at least one dim is needed");
  if (weight.rank() != 2 || weight.dim(1) != x.dim(-1))
    refuse("scaled_linear", describe("weight", weight) + ", but [N, " + std::to_string(x.dim(-1)) + "] is needed, as " +
                                describe("x", x));
  check_shape("scaled_linear", "bias", bias, {weight.dim(0)}, describe("weight", weight));
}

// The product of x and the weight, both rounded to `format`, in y.
Tensor product_of_numbers(Context& context, const Tensor& x, const Tensor& weight, const View& bias, DType format,
                          Tensor y) {
  const DType numbers = format == DType::f32 ? x.dtype() : format;
  const Tensor left = context.cast(x, numbers), right = context.cast(weight, numbers);
  const Tensor product = numbers == y.dtype() ? y : context.empty(y.shape());
  const kernels::LinearArgs args{.x = left.view(), .w = right.view(), .bias = bias, .y = product.view()};
  context.launch("linear", kernels::linear, args, kernels::linear_workspace_bytes(context.exec(), args),
                 {.flops = 2.0 * static_cast<double>(rows(x.shape())) * static_cast<double>(weight.numel())});
  return context.cast(product, y.dtype());
}

// What the two passes read of one tensor.
struct CodePair {
  Codes forward, backward;
};
struct Wanted {
  bool forward, backward;
};

CodePair coded(Context& context, const Tensor& x, const CodeFormat& forward, const CodeFormat& backward, Wanted wanted,
               const Tensor& stats) {
  CodePair made;
  if (wanted.forward && wanted.backward && forward.same_as(backward)) {
    made.forward = made.backward = quantize(context, x, forward, {.rows = true, .columns = true, .stats = stats});
    return made;
  }
  if (wanted.forward) made.forward = quantize(context, x, forward, {.rows = true, .stats = stats});
  if (wanted.backward)
    made.backward =
        quantize(context, x, backward, {.rows = false, .columns = true, .stats = wanted.forward ? Tensor() : stats});
  return made;
}

}  // namespace

Variable scaled_linear(Context& context, const Variable& x, const Variable& weight, const Variable& bias,
                       const ScaledLinearOptions& options) {
  check_scaled_linear(x, weight, bias);
  const bool records = recording(context, {&x, &weight, &bias});
  SavedScaledLinear saved;
  saved.options = options;
  saved.x_shape = x.shape();
  saved.weight_shape = weight.shape();
  saved.format = x.value().dtype();
  Tensor y = context.empty(with_last(x.shape(), weight.dim(0)), saved.format);
  const Wanted wanted{options.forward.codes, records && options.backward.codes};
  const auto stats = [&](TensorClass c) { return records ? options.stats[static_cast<std::size_t>(c)] : Tensor(); };
  const CodePair x_codes = coded(context, x.value(), options.forward.activation, options.backward.activation, wanted,
                                 stats(TensorClass::activation));
  const CodePair w_codes = coded(context, weight.value(), options.forward.weight, options.backward.weight, wanted,
                                 stats(TensorClass::weight));
  if (options.forward.codes)
    multiply(context, {x_codes.forward.codes, x_codes.forward.scales, blocks_of(options.forward.activation)},
             {w_codes.forward.codes, w_codes.forward.scales, blocks_of(options.forward.weight)}, bias.view(), false,
             y.view());
  else
    y = product_of_numbers(context, x.value(), weight.value(), bias.view(), options.forward.numbers, std::move(y));
  if (!records) return y;
  saved.x_codes = x_codes.backward;
  saved.weight_codes = w_codes.backward;
  saved.x_codes.codes = saved.weight_codes.codes = {};  // the backward pass reads the columns
  if (!options.backward.codes) {
    saved.numbers.x = save(context, x);
    saved.numbers.weight = save_weight(context, weight, context.cast(weight.value(), saved.format));
    saved.numbers.weight_shape = weight.shape();
  }
  return record(context, "scaled_linear", std::move(y), {&x, &weight, &bias},
                [saved = std::move(saved)](BackwardCall& call) { scaled_linear_grad(call, saved); });
}

}  // namespace athanor::ops
