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

void give_linear_gradients(BackwardCall& call, const LinearOperands& operands, const Tensor& dy) {
  Context& context = call.context();
  const auto& [x, weight, activation, preactivation] = operands;
  Tensor dx = call.wanted(0) ? context.empty_like(x) : Tensor();
  ParameterSpace space(call, {{1, weight.shape()}, {2, {weight.dim(0)}}});
  const kernels::LinearGradArgs args{.x = x.view(),
                                     .w = weight.view(),
                                     .dy = dy.view(),
                                     .activation = activation,
                                     .preactivation = preactivation.view(),
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

}  // namespace athanor::ops
