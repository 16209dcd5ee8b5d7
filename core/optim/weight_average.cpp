#include "core/optim/weight_average.h"

#include "kernels/ops/elementwise/axpby.h"

#include <algorithm>

namespace athanor::optim {

WeightAverage::WeightAverage(Context& context, const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters)
    slots_.push_back({parameter, context.clone(parameter->value, MemoryTag::optimizer)});
}

void WeightAverage::update(Context& context, float decay) {
  const auto count = static_cast<float>(updates_++);
  const float used = std::min(decay, (1 + count) / (10 + count));
  for (const Slot& slot : slots_) {
    slot.average.count_change();
    context.launch("axpby", kernels::axpby,
                   kernels::AxpbyArgs{
                       .alpha = 1 - used, .x = slot.parameter->value.view(), .beta = used, .y = slot.average.view()});
  }
}

void WeightAverage::swap() {
  for (Slot& slot : slots_) std::swap(slot.parameter->value, slot.average);
}

std::vector<std::pair<std::string, Tensor>> WeightAverage::named_state() const {
  std::vector<std::pair<std::string, Tensor>> state;
  for (const Slot& slot : slots_) state.emplace_back(slot.parameter->path + ".average", slot.average);
  return state;
}

}  // namespace athanor::optim
