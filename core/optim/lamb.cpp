#include "core/optim/lamb.h"

#include "core/optim/wide_masters.h"
#include "kernels/ops/optim/lamb.h"

namespace athanor::optim {

Lamb::Lamb(Context& context, const std::vector<Parameter>& parameters, const LambOptions& options)
    : Optimizer(parameters, options.weight_decay, {"m", "v"}), options_(options) {
  for (Slot& slot : slots()) {
    check_wide("LAMB", *slot.parameter);
    const Shape& shape = slot.parameter->value.shape();
    slot.state = {context.zeros(shape, MemoryTag::optimizer), context.zeros(shape, MemoryTag::optimizer)};
  }
}

void Lamb::update(Context& context, Update& update) {
  std::vector<kernels::LambSegment> segments;
  const double numel = for_each_moving([&](const Slot& slot) {
    const ParameterState& parameter = *slot.parameter;
    segments.push_back({.param = parameter.value.view().as<float>(),
                        .grad = parameter.gradient.view().as<const float>(),
                        .m = slot.state[0].view().as<float>(),
                        .v = slot.state[1].view().as<float>(),
                        .numel = parameter.value.numel(),
                        .lr = rate_of(update, parameter),
                        .weight_decay = decay_of(parameter)});
  });
  const kernels::LambArgs args{.segments = segments,
                               .beta1 = options_.beta1,
                               .beta2 = options_.beta2,
                               .eps = options_.eps,
                               .step = step_count(),
                               .gradient_scale = update.options.gradient_scale,
                               .sum_squares = update.sum_squares.view(),
                               .max_norm = update.options.max_norm,
                               .values = update.values.view(),
                               .step_on_device = update.step.view(),
                               .nonfinite = update.nonfinite.view()};
  context.launch("lamb", kernels::lamb, args, kernels::lamb_workspace_bytes(context.exec(), args),
                 {.flops = 26.0 * numel});
}

}  // namespace athanor::optim
