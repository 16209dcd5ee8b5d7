#include "core/distributed/stage_model.h"

#include "core/autograd/backward.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

#include <utility>

namespace athanor::distributed {

StageModel::StageModel(Context& context, StageParts parts, int micro_batches)
    : context_(context),
      parts_(std::move(parts)),
      passes_(static_cast<std::size_t>(micro_batches)),
      losses_(parts_.loss ? passes_.size() : 0) {}

void StageModel::begin_step(std::int64_t step) {
  step_ = step;
  turn_ = 0;
}

std::vector<Parameter> StageModel::parameters() const {
  std::vector<Parameter> all;
  for (const StageLayer& layer : parts_.layers) all.insert(all.end(), layer.parameters.begin(), layer.parameters.end());
  return all;
}

std::vector<float> StageModel::losses() const {
  std::vector<float> values;
  for (const Tensor& loss : losses_) values.push_back(context_.download(loss).front());
  return values;
}

Tensor StageModel::make_input_space(int) { return context_.empty(parts_.input.shape, parts_.input.dtype); }

Tensor StageModel::make_output_gradient_space(int) { return context_.empty(parts_.output.shape, parts_.output.dtype); }

Tensor StageModel::forward(int micro_batch, const Tensor& input) {
  const auto count = static_cast<std::int64_t>(passes_.size());
  context_.set_step(static_cast<std::uint32_t>(step_ * count + micro_batch));
  Pass& mine = pass(micro_batch);
  Variable x;
  if (parts_.feed)
    x = parts_.feed(context_, micro_batch);
  else
    x = mine.input.emplace(context_, input).variable();
  for (const StageLayer& layer : parts_.layers) x = layer.forward(context_, x);
  if (parts_.loss) {
    mine.output = parts_.loss(context_, x, micro_batch);
    losses_[static_cast<std::size_t>(micro_batch)] = mine.output.value();
    return {};
  }
  mine.output = std::move(x);
  return contiguous(mine.output.value());
}

Tensor StageModel::input_gradient(int micro_batch, const Tensor& output_gradient) {
  const Variable output = take_output(micro_batch);
  if (!output.wants_gradient()) return {};
  pass(micro_batch).later =
      parts_.loss ? input_gradients(context_, output, parts_.seed) : input_gradients(context_, output, output_gradient);
  return take_input_gradient(micro_batch);
}

Tensor StageModel::backward(int micro_batch, const Tensor& output_gradient) {
  const Variable output = take_output(micro_batch);
  if (!output.wants_gradient()) return {};
  if (parts_.loss)
    athanor::backward(context_, output, parts_.seed);
  else
    athanor::backward(context_, output, output_gradient);
  return take_input_gradient(micro_batch);
}

void StageModel::weight_gradient(int micro_batch) {
  if (auto later = std::exchange(pass(micro_batch).later, {})) later->run();
}

void StageModel::reduce_gradients() {
  if (parts_.reduce_gradients) parts_.reduce_gradients();
}

void StageModel::step() {
  if (parts_.step) parts_.step();
}

Variable StageModel::take_output(int micro_batch) {
  if (micro_batch != turn_)
    throw Failure(ErrorKind::invalid_input, fmt::format("add the gradients of micro-batch {} up", micro_batch),
                  fmt::format("it comes before micro-batch {}, and sums would depend on the schedule", turn_),
                  "put the schedule's micro-batches in order");
  ++turn_;
  return std::exchange(pass(micro_batch).output, {});
}

Tensor StageModel::take_input_gradient(int micro_batch) {
  Pass& mine = pass(micro_batch);
  if (!mine.input) return {};
  const Tensor gradient = mine.input->take_gradient();
  const Tensor value = mine.input->variable().value();
  mine.input.reset();
  return gradient.present() ? contiguous(gradient)
                            : context_.full(value.shape(), 0.0f, MemoryTag::activations, value.dtype());
}

Tensor StageModel::contiguous(const Tensor& tensor) { return tensor.contiguous() ? tensor : context_.clone(tensor); }

}  // namespace athanor::distributed
