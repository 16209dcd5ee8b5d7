#include "core/autograd/node.h"

#include "core/autograd/accumulate.h"
#include "core/autograd/backward_pass.h"
#include "kernels/ops/elementwise/add.h"
#include "kernels/ops/elementwise/axpby.h"

#include <algorithm>

namespace athanor {

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

namespace {

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

void BackwardCall::give(int input, Tensor gradient) { give_to(edge(input), std::move(gradient)); }

void BackwardCall::give_to(const Edge& to, Tensor gradient) {
  if (to.parameter) {
    if (pass_) settle(*to.parameter);
    return accumulate_into_parameter(context_, *to.parameter, std::move(gradient));
  }
  if (!to.node) return;
  Tensor& pending = to.node->pending_;
  if (pending.present())
    accumulate(context_, pending, std::move(gradient));
  else
    pending = std::move(gradient);
}

bool BackwardCall::deferring(int input) const noexcept {
  return pass_ && pass_->defers() && edge(input).parameter && !left(input);
}

void BackwardCall::defer(std::initializer_list<int> inputs, std::vector<SavedTensor> kept, DeferredFunction function) {
  std::vector<Edge> edges(inputs_.size());
  for (const int input : inputs) {
    if (!deferring(input)) continue;
    edges[static_cast<std::size_t>(input)] = edge(input);
    left_.push_back({input, has_gradient(input)});
  }
  deferral_ = &pass_->defer(std::move(edges), std::move(kept), std::move(function));
}

std::vector<Variable> BackwardCall::inputs_again(std::span<const SavedTensor> values) const {
  std::vector<Variable> again;
  for (std::size_t i = 0; i < values.size(); ++i)
    again.push_back(values[i].present() ? Variable(values[i].unpack(context_), inputs_[i]) : Variable());
  return again;
}

void BackwardCall::continue_through(const Variable& output, std::uint64_t first) {
  pass_->continue_through(*this, output, first);
}

const BackwardCall::Left* BackwardCall::left(int input) const noexcept {
  const auto found = std::ranges::find(left_, input, &Left::input);
  return found == left_.end() ? nullptr : &*found;
}

// Whether there is a gradient that the input's own is added to.
bool BackwardCall::has_gradient(int input) const {
  const Edge& to = edge(input);
  if (const Left* later = left(input)) return later->has_gradient;
  return to.parameter && (to.parameter->gradient.present() || (pass_ && !to.parameter->owed.empty()));
}

ParameterSpace::ParameterSpace(BackwardCall& call, std::initializer_list<Wish> wishes) : call_(call) {
  bool later = false, others = true;
  accumulate_ = call.may_accumulate_;
  for (const Wish& wish : wishes) {
    const Edge& to = call.edge(wish.input);
    if (!to.wanted()) continue;
    if (call.pass_ && to.parameter && call.wanted(wish.input)) settle(*to.parameter);
    accumulate_ = accumulate_ && call.has_gradient(wish.input);
    later = later || !call.wanted(wish.input);
    others = others && (!call.wanted(wish.input) || call.has_gradient(wish.input));
  }
  if (later && !others) call.deferral_->write_apart();
  for (const Wish& wish : wishes) {
    if (!call.wanted(wish.input)) continue;
    places_.push_back({wish.input, accumulate_ ? call.edge(wish.input).parameter->gradient
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
