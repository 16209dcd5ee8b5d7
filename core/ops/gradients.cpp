#include "core/ops/gradients.h"

#include "core/ops/check.h"
#include "kernels/ops/gemm/linear.h"
#include "kernels/ops/reduce/sum_leading.h"

namespace athanor::ops {

void give_repeated_sum(BackwardCall& call, int input, const Shape& shape, const Tensor& dy, DType format) {
  if (!call.wanted(input)) return;
  Context& context = call.context();
  ParameterSpace space(call, {{input, shape, format}});
  const kernels::SumLeadingArgs args{.x = dy.view(), .accumulate = space.accumulate(), .y = space.view(input)};
  context.launch("sum_leading", kernels::sum_leading, args, kernels::sum_leading_workspace_bytes(context.exec(), args),
                 {.flops = static_cast<double>(dy.numel())});
  space.commit();
}

namespace {

// What of a linear op one launch reads; x and weight are absent where the gradients wanted do not need their numbers.
struct LinearOperands {
  Tensor x, weight, preactivation;
  Activation activation;
  Shape weight_shape;
};

void launch_linear_grad(BackwardCall& call, const LinearOperands& of, const Tensor& dy) {
  Context& context = call.context();
  const Shape x_shape = with_last(dy.shape(), of.weight_shape[1]);
  Tensor dx = call.wanted(0) ? context.empty(x_shape, dy.dtype()) : Tensor();
  ParameterSpace space(call, {{1, of.weight_shape}, {2, {of.weight_shape[0]}}});
  const kernels::LinearGradArgs args{
      .x = of.x.present() ? of.x.view() : without_numbers(dy.dtype(), x_shape),
      .w = of.weight.present() ? of.weight.view() : without_numbers(dy.dtype(), of.weight_shape),
      .dy = dy.view(),
      .activation = of.activation,
      .preactivation = of.preactivation.view(),
      .accumulate_parameters = space.accumulate(),
      .dx = dx.view(),
      .dw = space.view(1),
      .dbias = space.view(2)};
  const double product = 2.0 * static_cast<double>(rows(x_shape)) * static_cast<double>(of.weight_shape.numel());
  context.launch("linear_grad", kernels::linear_grad, args, kernels::linear_grad_workspace_bytes(context.exec(), args),
                 {.flops = product * (args.dx.present() + args.dw.present())});
  space.commit();
  call.give(0, std::move(dx));
}

}  // namespace

void give_linear_gradients(BackwardCall& call, const SavedLinear& saved, const Tensor& dy) {
  Context& context = call.context();
  LinearOperands of{.x = {},
                    .weight = {},
                    .preactivation = saved.preactivation.unpack(context),
                    .activation = saved.activation,
                    .weight_shape = saved.weight_shape};
  if (call.deferring(1))
    call.defer({1}, {saved.x, hold(context, dy), hold(context, of.preactivation)},
               [activation = of.activation, shape = of.weight_shape](BackwardCall& later, const auto& kept) {
                 launch_linear_grad(later, {kept[0], {}, kept[2], activation, shape}, kept[1]);
               });
  if (!call.wanted(0) && !call.wanted(1) && !call.wanted(2)) return;
  if (call.wanted(0)) of.weight = saved.weight.unpack(context);
  if (call.wanted(1)) of.x = saved.x.unpack(context);
  launch_linear_grad(call, of, dy);
}

}  // namespace athanor::ops
