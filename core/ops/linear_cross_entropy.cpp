#include "kernels/ops/loss/linear_cross_entropy.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/loss.h"
#include "kernels/ops/elementwise/axpby.h"

#include <array>

namespace athanor::ops {

namespace {

void check_head(const Variable& x, const Variable& weight, const Variable& bias) {
  constexpr const char* kOp = "linear_cross_entropy";
  check_numbers(kOp, "x", x);
  check_weight(kOp, weight, x);
  if (x.rank() < 1) refuse(kOp, describe("x", x) + ", at least one dim is needed");
  if (weight.rank() != 2 || weight.dim(0) < 1 || weight.dim(1) != x.dim(-1))
    refuse(kOp, describe("weight", weight) + ", but [classes, " + std::to_string(x.dim(-1)) + "] is needed, as " +
                    describe("x", x));
  check_shape(kOp, "bias", bias, {weight.dim(0)}, describe("weight", weight));
}

// Of the loss itself, made together with it, in f32: the tape's factor, which may be what lifts them out of the
// subnormals of a narrow format, is applied when they are handed over.
using HeadGradients = std::array<Tensor, 3>;  // of x, weight, bias; absent where not wanted

void hand_over(BackwardCall& call, HeadGradients& gradients, DType format) {
  Context& context = call.context();
  const float dloss = call.scalar_output_gradient();
  for (int input = 0; input < 3; ++input) {
    Tensor& gradient = gradients[static_cast<std::size_t>(input)];
    if (!gradient.present()) continue;
    if (dloss != 1.0f)
      context.launch("axpby", kernels::axpby,
                     kernels::AxpbyArgs{.alpha = dloss, .x = gradient.view(), .beta = 0.0f, .y = gradient.view()});
    if (input == 0 && format != DType::f32) gradient = context.cast(gradient, format);
    call.give(input, std::move(gradient));
  }
}

}  // namespace

Variable linear_cross_entropy(Context& context, const Variable& x, const Variable& weight, const Variable& bias,
                              const Tensor& targets, const CrossEntropyOptions& options) {
  check_head(x, weight, bias);
  check_targets("linear_cross_entropy", targets, rows(x.shape()), describe("x", x), weight.dim(0), options);
  const bool records = recording(context, {&x, &weight, &bias});
  const DType format = x.value().dtype();
  const Tensor rounded = context.cast(weight.value(), format);
  Tensor loss = context.empty({1});
  const Tensor counted = context.empty({1});
  HeadGradients gradients;
  const auto room = [&](const Variable& input, MemoryTag tag) {
    return records && input.wants_gradient() ? context.empty(input.shape(), DType::f32, tag) : Tensor();
  };
  gradients = {room(x, MemoryTag::activations), room(weight, MemoryTag::gradients), room(bias, MemoryTag::gradients)};

  const kernels::LinearCrossEntropyArgs args{.x = x.view(),
                                             .w = rounded.view(),
                                             .bias = bias.view(),
                                             .targets = targets.view(),
                                             .smoothing = options.smoothing,
                                             .ignored = options.ignored,
                                             .loss = loss.view(),
                                             .counted = counted.view(),
                                             .dx = gradients[0].view(),
                                             .dw = gradients[1].view(),
                                             .dbias = gradients[2].view()};
  const double product = 2.0 * static_cast<double>(rows(x.shape())) * static_cast<double>(weight.numel());
  context.launch("linear_cross_entropy", kernels::linear_cross_entropy, args,
                 kernels::linear_cross_entropy_workspace_bytes(context.exec(), args),
                 {.flops = product * (1 + gradients[0].present() + gradients[1].present())});

  if (!records) return loss;
  return record(
      context, "linear_cross_entropy", std::move(loss), {&x, &weight, &bias},
      [gradients = std::move(gradients), format](BackwardCall& call) mutable { hand_over(call, gradients, format); });
}

}  // namespace athanor::ops
