#include "core/train/rewind.h"

namespace athanor::train {
namespace {

void keep(Context& context, const Tensor& tensor, std::size_t index, std::vector<Tensor>& copies) {
  if (index < copies.size()) return context.copy(tensor, copies[index]);
  copies.push_back(context.clone(tensor, tensor.storage()->tag()));
}

}  // namespace

void Rewind::take(Context& context, const std::vector<Parameter>& parameters, const optim::Optimizer& optimizer,
                  std::int64_t done) {
  std::size_t index = 0;
  for (const Parameter& parameter : parameters) keep(context, parameter->value, index++, values_);
  index = 0;
  for (const auto& [name, tensor] : optimizer.named_state()) keep(context, tensor, index++, state_);
  optimizer_steps_ = optimizer.step_count();
  done_ = done;
}

void Rewind::restore(Context& context, const std::vector<Parameter>& parameters, optim::Optimizer& optimizer) const {
  std::size_t index = 0;
  for (const Parameter& parameter : parameters) context.copy(values_[index++], parameter->value);
  index = 0;
  for (const auto& [name, tensor] : optimizer.named_state()) context.copy(state_[index++], tensor);
  optimizer.set_step_count(optimizer_steps_);
}

}  // namespace athanor::train
