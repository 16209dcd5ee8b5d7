#include "core/autograd/node.h"

#include "kernels/ops/elementwise/add.h"
#include "kernels/ops/elementwise/axpby.h"

#include <algorithm>

namespace athanor {

namespace {

// sum += addend, in the memory of whichever of the two nobody else sees.
void accumulate(Context& context, Tensor& sum, Tensor addend) {
  if (!sum.unique() && addend.unique()) std::swap(sum, addend);
  if (sum.unique()) {
    context.launch("axpby", kernels::axpby, kernels::AxpbyArgs{.x = addend.view(), .beta = 1.0f, .y = sum.view()});
    return;
  }
  Tensor total = context.empty_like(sum);
  context.launch("add", kernels::add, kernels::AddArgs{.a = sum.view(), .b = addend.view(), .y = total.view()});
  sum = std::move(total);
}

void accumulate_into_parameter(Context& context, ParameterState& parameter, Tensor gradient) {
  if (is_narrow_float(gradient.dtype())) gradient = context.cast(gradient, DType::f32, MemoryTag::gradients);
  if (parameter.gradient.present()) {
    context.launch("axpby", kernels::axpby,
                   kernels::AxpbyArgs{.x = gradient.view(), .beta = 1.0f, .y = parameter.gradient.view()});
  } else if (gradient.unique() && gradient.storage()->tag() == MemoryTag::gradients) {
    parameter.gradient = std::move(gradient);
  } else {
    parameter.gradient = context.clone(gradient, MemoryTag::gradients);
  }
}

}  // namespace

Tensor& BackwardCall::output_gradient() {
  if (!output_gradient_.present()) output_gradient_ = context_.full({1}, seed_);
  return output_gradient_;
}

float BackwardCall::scalar_output_gradient() {
  if (!output_gradient_.present()) return seed_;
  return context_.download(output_gradient_)[0];
}

void BackwardCall::give(int input, Tensor gradient) {
  const Edge& to = edge(input);
  if (to.parameter) return accumulate_into_parameter(context_, *to.parameter, std::move(gradient));
  if (!to.node) return;
  Tensor& pending = to.node->pending_;
  if (pending.present())
    accumulate(context_, pending, std::move(gradient));
  else
    pending = std::move(gradient);
}

ParameterSpace::ParameterSpace(BackwardCall& call, std::initializer_list<Wish> wishes) : call_(call) {
  const auto has_gradient = [&](const Wish& wish) {
    const Edge& to = call.edge(wish.input);
    return !to.wanted() || (to.parameter && to.parameter->gradient.present());
  };
  accumulate_ = std::all_of(wishes.begin(), wishes.end(), has_gradient);
  for (const Wish& wish : wishes) {
    const Edge& to = call.edge(wish.input);
    if (!to.wanted()) continue;
    places_.push_back({wish.input, accumulate_ ? to.parameter->gradient
                                               : call.context().empty(wish.shape, wish.format, MemoryTag::gradients)});
  }
}

View ParameterSpace::view(int input) const noexcept {
  for (const Place& place : places_)
    if (place.input == input) return place.tensor.view();
  return {};
}

void ParameterSpace::commit() {
  if (!accumulate_)
    for (Place& place : places_) call_.give(place.input, std::move(place.tensor));
  places_.clear();
}

bool recording(const Context& context, std::initializer_list<const Variable*> inputs) {
  return context.recording() &&
         std::any_of(inputs.begin(), inputs.end(), [](const Variable* input) { return input->wants_gradient(); });
}

Variable record(Context& context, const char* op, Tensor output, std::initializer_list<const Variable*> inputs,
                GradientFunction gradient) {
  std::vector<Edge> edges;
  edges.reserve(inputs.size());
  for (const Variable* input : inputs) edges.push_back(input->edge());
  return {std::move(output),
          std::make_shared<Node>(op, context.next_sequence(), std::move(edges), std::move(gradient))};
}

Variable record_all(Context& context, const char* op, Tensor output, std::span<const Variable> inputs,
                    GradientFunction gradient) {
  std::vector<Edge> edges;
  edges.reserve(inputs.size());
  for (const Variable& input : inputs) edges.push_back(input.edge());
  return {std::move(output),
          std::make_shared<Node>(op, context.next_sequence(), std::move(edges), std::move(gradient))};
}

}  // namespace athanor
