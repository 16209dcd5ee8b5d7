#include "core/optim/sgd.h"

#include "core/optim/wide_masters.h"
#include "kernels/ops/optim/sgd.h"

namespace athanor::optim {

Sgd::Sgd(Context& context, const std::vector<Parameter>& parameters, const SgdOptions& options)
    : Optimizer(parameters, options.weight_decay, {"momentum"}), options_(options) {
  for (Slot& slot : slots()) {
    check_wide("SGD", *slot.parameter);
    if (options.momentum != 0.0f) slot.state = {context.zeros(slot.parameter->value.shape(), MemoryTag::optimizer)};
  }
}

void Sgd::update(Context& context, Update& update) {
  std::vector<kernels::SgdSegment> segments;
  const double numel = for_each_moving([&](const Slot& slot) {
    const ParameterState& parameter = *slot.parameter;
    segments.push_back({.param = parameter.value.view().as<float>(),
                        .grad = parameter.gradient.view().as<const float>(),
                        .momentum = slot.state[0].view().as<float>(),
                        .numel = parameter.value.numel(),
                        .lr = rate_of(update, parameter),
                        .weight_decay = decay_of(parameter)});
  });
  context.launch("sgd", kernels::sgd,
                 kernels::SgdArgs{.segments = segments,
                                  .mu = options_.momentum,
                                  .nesterov = options_.nesterov,
                                  .gradient_scale = update.options.gradient_scale,
                                  .sum_squares = update.sum_squares.view(),
                                  .max_norm = update.options.max_norm,
                                  .values = update.values.view(),
                                  .nonfinite = update.nonfinite.view()},
                 0, {.flops = 6.0 * numel});
}

}  // namespace athanor::optim
