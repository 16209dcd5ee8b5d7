#include "core/distributed/stage_model.h"

#include "core/autograd/backward.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

#include <utility>

namespace athanor::distributed {
namespace {

std::vector<Tensor> values_of(const models::Streams& streams) {
  std::vector<Tensor> values;
  for (const Variable& stream : streams) values.push_back(stream.value());
  return values;
}

std::vector<Tensor> take_gradients(const std::vector<Parameter>& parameters) {
  std::vector<Tensor> gradients;
  for (const Parameter& parameter : parameters) gradients.push_back(std::exchange(parameter->gradient, {}));
  return gradients;
}

}  // namespace

StageModel::StageModel(Context& context, StageParts parts, int micro_batches)
    : context_(context),
      parts_(std::move(parts)),
      passes_(static_cast<std::size_t>(micro_batches)),
      losses_(parts_.loss ? passes_.size() : 0) {}

void StageModel::begin_step() {
  turn_ = sum_turn_ = 0;
  for (Pass& each : passes_) each = {};
  sum_ = {};
}

std::vector<float> StageModel::losses() const {
  std::vector<float> values;
  for (const Tensor& loss : losses_) values.push_back(context_.download(loss).front());
  return values;
}

Tensor StageModel::make_input_space(int micro_batch) { return parts_.input(micro_batch).make_space(context_); }

Tensor StageModel::make_output_gradient_space(int micro_batch) {
  return parts_.output(micro_batch).make_space(context_);
}

void StageModel::run_layers(int micro_batch, models::Streams& streams) {
  for (const auto& layer : parts_.layers) layer(context_, micro_batch, streams);
}

models::Streams StageModel::features(int micro_batch, const std::vector<Tensor>& input) {
  const NoGradient scope(context_);
  models::Streams streams(input.begin(), input.end());
  streams.resize(parts_.output(micro_batch).count());
  run_layers(micro_batch, streams);
  return streams;
}

Tensor StageModel::forward(int micro_batch, const Tensor& input) {
  Pass& mine = pass(micro_batch) = {};
  models::Streams streams(parts_.output(micro_batch).count());
  mine.inputs.resize(streams.size());
  if (!is_first()) {
    const std::vector<Tensor> values = parts_.input(micro_batch).unpack(context_, input);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i].present()) streams[i] = mine.inputs[i].emplace(context_, values[i]).variable();
  }
  run_layers(micro_batch, streams);
  mine.outputs = streams;
  if (parts_.loss) {
    mine.loss = parts_.loss(context_, streams, micro_batch);
    losses_[static_cast<std::size_t>(micro_batch)] = mine.loss.value();
  }
  if (parts_.loss || parts_.output_gradients) return {};
  return parts_.output(micro_batch).pack(context_, values_of(streams));
}

Tensor StageModel::input_gradient(int micro_batch, const Tensor& output_gradient) {
  Pass& mine = pass(micro_batch);
  for (const Root& root : take_roots(micro_batch, output_gradient))
    mine.later.push_back(root.gradient.present() ? input_gradients(context_, root.value, root.gradient)
                                                 : input_gradients(context_, root.value, parts_.seed));
  mine.gradients = take_gradients(parts_.parameters);
  for (const Parameter& parameter : parts_.parameters) mine.owed.push_back(std::exchange(parameter->owed, {}));
  return take_input_gradient(micro_batch);
}

Tensor StageModel::backward(int micro_batch, const Tensor& output_gradient) {
  for (const Root& root : take_roots(micro_batch, output_gradient))
    root.gradient.present() ? athanor::backward(context_, root.value, root.gradient)
                            : athanor::backward(context_, root.value, parts_.seed);
  Tensor gradient = take_input_gradient(micro_batch);
  complete(micro_batch);
  return gradient;
}

void StageModel::weight_gradient(int micro_batch) {
  Pass& mine = pass(micro_batch);
  for (std::size_t i = 0; i < mine.gradients.size(); ++i) {
    parts_.parameters[i]->gradient = std::move(mine.gradients[i]);
    parts_.parameters[i]->owed = std::move(mine.owed[i]);
  }
  for (DeferredGradients& later : std::exchange(mine.later, {})) later.run();
  complete(micro_batch);
}

void StageModel::complete(int micro_batch) {
  pass(micro_batch).gradients = take_gradients(parts_.parameters);
  pass(micro_batch).is_complete = true;
  for (; sum_turn_ < static_cast<int>(passes_.size()) && pass(sum_turn_).is_complete; ++sum_turn_) {
    Pass& next = pass(sum_turn_);
    for (std::size_t i = 0; i < next.gradients.size(); ++i)
      parts_.parameters[i]->gradient = std::move(next.gradients[i]);
    sum_.add(context_, parts_.parameters);
    next = {};
  }
}

void StageModel::reduce_gradients() {
  if (parts_.reduce_gradients) parts_.reduce_gradients();
}

void StageModel::step() {
  finish_gradients();
  if (parts_.step) parts_.step();
}

std::vector<StageModel::Root> StageModel::take_roots(int micro_batch, const Tensor& output_gradient) {
  if (micro_batch != turn_)
    throw Failure(ErrorKind::invalid_input, fmt::format("take micro-batch {} backward", micro_batch),
                  fmt::format("it comes before micro-batch {}, whose turn it is", turn_),
                  "put the schedule's micro-batches in order");
  ++turn_;
  Pass& mine = pass(micro_batch);
  mine.passed_on.resize(mine.inputs.size());
  const models::Streams outputs = std::exchange(mine.outputs, {});
  if (parts_.loss) {
    const Variable loss = std::exchange(mine.loss, {});
    return loss.wants_gradient() ? std::vector<Root>{{loss, {}}} : std::vector<Root>();
  }
  const std::vector<Tensor> gradients = parts_.output_gradients
                                            ? parts_.output_gradients(micro_batch)
                                            : parts_.output(micro_batch).unpack(context_, output_gradient);
  std::vector<Root> roots;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].wants_gradient() || !gradients[i].present()) continue;
    if (mine.inputs[i] && mine.inputs[i]->variable().edge().node == outputs[i].edge().node)
      mine.passed_on[i] = gradients[i];
    else
      roots.push_back({outputs[i], gradients[i]});
  }
  return roots;
}

Tensor StageModel::take_input_gradient(int micro_batch) {
  if (is_first()) return {};
  Pass& mine = pass(micro_batch);
  std::vector<Tensor> gradients(mine.inputs.size());
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (!mine.inputs[i]) continue;
    gradients[i] = mine.passed_on[i].present() ? mine.passed_on[i] : mine.inputs[i]->take_gradient();
    mine.inputs[i].reset();
  }
  return parts_.input(micro_batch).pack(context_, gradients);
}

}  // namespace athanor::distributed
