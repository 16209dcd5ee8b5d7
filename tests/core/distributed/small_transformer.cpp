#include "tests/core/distributed/small_transformer.h"

#include "core/autograd/backward.h"
#include "core/ops/loss.h"

#include <bit>
#include <mutex>
#include <numeric>

namespace athanor::distributed::test {
namespace {

constexpr std::uint64_t kSeed = 11;
constexpr optim::AdamWOptions kAdamW{.beta1 = 0.9f, .beta2 = 0.98f, .eps = 1e-8f, .weight_decay = 0.1f};

optim::StepOptions options_of(const Training& training) {
  return {.learning_rate = 0.01f, .max_norm = training.clip_norm};
}

void tell_norm(Trained& trained, const optim::StepReport& report) {
  trained.norms.push_back(std::bit_cast<std::uint64_t>(report.gradient_norm));
}

void tell_weights(Trained& trained, const Context& context, const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters)
    for (const float value : context.download(parameter->value))
      trained.weights[parameter->path].push_back(std::bit_cast<std::uint32_t>(value));
}

}  // namespace

SmallTransformer::SmallTransformer(Context& context, const TransformerSize& size, int micro_batches)
    : size_(size), micro_batches_(micro_batches) {
  const nn::Scope scope(context, parameters_, kSeed);
  table_ = std::make_unique<nn::Embedding>(scope.child("table"), size.vocabulary, size.width, 0.02f);
  positions_ = std::make_unique<nn::Positions>(scope.child("positions"), size.tokens, size.width);
  blocks_ = nn::make_blocks(scope.child("blocks"), size.depth,
                            {.width = size.width, .heads = size.heads, .dropout = size.dropout, .causal = true});
  norm_ = std::make_unique<nn::LayerNorm>(scope.child("norm"), size.width);
  head_ = std::make_unique<nn::Linear>(scope.child("head"), nn::LinearConfig{size.width, size.vocabulary});
  for (std::int64_t i = 0; i < size.depth; ++i) {
    const nn::TransformerBlock& block = blocks_[static_cast<std::size_t>(i)];
    if (i == 0)
      add_layer("table. positions. blocks.0.", [&](Context& c, const Variable& x) {
        return block.forward(c, positions_->forward(c, table_->forward(c, x.value())), {});
      });
    else if (i + 1 < size.depth)
      add_layer("blocks." + std::to_string(i) + ".",
                [&](Context& c, const Variable& x) { return block.forward(c, x, {}); });
    else
      add_layer("blocks." + std::to_string(i) + ". norm. head.", [&](Context& c, const Variable& x) {
        return head_->forward(c, norm_->forward(c, block.forward(c, x, {})));
      });
  }
  for (std::size_t layer = 0; layer < size.frozen; ++layer)
    for (const Parameter& parameter : layers_[layer].parameters) parameter->trainable = false;
}

void SmallTransformer::add_layer(const std::string& prefixes,
                                 std::function<Variable(Context&, const Variable&)> forward) {
  Layer layer{.forward = std::move(forward), .parameters = {}};
  for (std::size_t at = 0; at < prefixes.size();) {
    const std::size_t end = std::min(prefixes.find(' ', at), prefixes.size());
    for (const Parameter& parameter : parameters_.all())
      if (parameter->path.starts_with(prefixes.substr(at, end - at))) layer.parameters.push_back(parameter);
    at = end + 1;
  }
  layers_.push_back(std::move(layer));
}

StageParts SmallTransformer::stage(int stage, int stages) const {
  const auto border = [&](int of) { return static_cast<std::ptrdiff_t>(layers_.size()) * of / stages; };
  const StreamForms form({ArrayForm{.shape = {size_.samples, size_.tokens, size_.width}}});
  StageParts parts;
  for (auto layer = layers_.begin() + border(stage); layer != layers_.begin() + border(stage + 1); ++layer) {
    parts.layers.push_back([this, &layer = *layer](Context& context, int micro_batch, models::Streams& streams) {
      streams[0] = run(layer, context, micro_batch, streams[0]);
    });
    parts.parameters.insert(parts.parameters.end(), layer->parameters.begin(), layer->parameters.end());
  }
  if (stage > 0) parts.input = [form](int) { return form; };
  parts.output = [form](int) { return form; };
  parts.seed = 1.0f / static_cast<float>(micro_batches_);
  if (stage + 1 == stages)
    parts.loss = [this](Context& c, const models::Streams& x, int micro_batch) { return loss(c, x[0], micro_batch); };
  return parts;
}

// What a layer drops is a function of the step and the micro-batch.
Variable SmallTransformer::run(const Layer& layer, Context& context, int micro_batch, const Variable& x) const {
  context.set_step(static_cast<std::uint32_t>(step_ * micro_batches_ + micro_batch));
  return layer.forward(context, x.present() ? x : Variable(ids(context, micro_batch)));
}

Variable SmallTransformer::logits(Context& context, int micro_batch) const {
  Variable x;
  for (const Layer& layer : layers_) x = run(layer, context, micro_batch, x);
  return x;
}

Tensor SmallTransformer::words(Context& context, int micro_batch, int shift) const {
  std::vector<std::int32_t> words;
  const std::int64_t first = (step_ * micro_batches_ + micro_batch) * size_.samples;
  for (std::int64_t sample = first; sample < first + size_.samples; ++sample)
    for (std::int64_t i = 0; i < size_.tokens; ++i) {
      const std::int64_t at = i + shift;
      words.push_back(static_cast<std::int32_t>((sample * 37 + at * at * 5 + at * 11) % size_.vocabulary));
    }
  return context.upload(std::span<const std::int32_t>(words), {size_.samples, size_.tokens});
}

Variable SmallTransformer::loss(Context& context, const Variable& logits, int micro_batch) const {
  return ops::cross_entropy(context, logits, words(context, micro_batch, 1));
}

Trained train_alone(const TransformerSize& size, const Training& training, std::vector<int> order) {
  const int count = training.micro_batches;
  if (order.empty()) {
    order.resize(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
  }
  Context context({});
  SmallTransformer model(context, size, count);
  optim::AdamW optimizer(context, model.parameters(), kAdamW);
  Trained trained;
  trained.losses.resize(static_cast<std::size_t>(training.steps * count));
  for (std::int64_t step = 0; step < training.steps; ++step) {
    model.begin_step(step);
    train::GradientSum sum;
    for (const int micro_batch : order) {
      const Variable loss = model.loss(context, model.logits(context, micro_batch), micro_batch);
      trained.losses[static_cast<std::size_t>(step * count + micro_batch)] =
          std::bit_cast<std::uint32_t>(loss.value().item());
      backward(context, loss, 1.0f / static_cast<float>(count));
      sum.add(context, model.parameters());
    }
    sum.finish(context, model.parameters());
    tell_norm(trained, optimizer.step(context, options_of(training)));
    optimizer.clear_gradients();
  }
  tell_weights(trained, context, model.parameters());
  return trained;
}

PipelineRank::PipelineRank(comm::Group& group, const parallel::Schedule& schedule, const TransformerSize& size,
                           const Training& training, PipelinePorts ports)
    : context_({}), model_(context_, size, training.micro_batches) {
  std::vector<StageWork*> stages;
  int here = 0;
  for (int stage = 0; stage < schedule.stage_count(); ++stage) {
    StageParts parts = model_.stage(stage, schedule.stage_count());
    parts.step = [this] { step_->arrive(); };
    const bool is_mine = schedule.stage_ranks[static_cast<std::size_t>(stage)] == group.world().rank();
    stages_.push_back(is_mine ? std::make_unique<StageModel>(context_, std::move(parts), training.micro_batches)
                              : nullptr);
    stages.push_back(stages_.back().get());
    if (!is_mine) continue;
    ++here;
    for (const Parameter& parameter : stages_.back()->parameters()) mine_.push_back(parameter);
  }
  optimizer_ = std::make_unique<optim::AdamW>(context_, mine_, kAdamW);
  step_ = std::make_unique<PipelineOptimizer>(context_, group.world(), *optimizer_,
                                              optim::sizes_of(model_.parameters()), mine_, here);
  step_->set_options(options_of(training));
  runner_ = std::make_unique<PipelineRunner>(group.world(), schedule, std::move(stages), std::move(ports));
}

void PipelineRank::take_step(std::int64_t step) {
  model_.begin_step(step);
  for (const auto& stage : stages_)
    if (stage) stage->begin_step();
  runner_->run();
  tell_norm(so_far_, step_->report());
  if (stages_.back())
    for (const float loss : stages_.back()->losses()) so_far_.losses.push_back(std::bit_cast<std::uint32_t>(loss));
}

void PipelineRank::tell(Trained& trained) const {
  if (stages_.back()) trained.losses = so_far_.losses;
  trained.norms = so_far_.norms;
  tell_weights(trained, context_, mine_);
}

Trained train_pipeline(const parallel::Schedule& schedule, const TransformerSize& size, const Training& training) {
  Trained trained;
  std::mutex mutex;
  comm::run_threads(schedule.rank_count(), {}, [&](comm::Group& group) {
    PipelineRank rank(group, schedule, size, training);
    for (std::int64_t step = 0; step < training.steps; ++step) rank.take_step(step);
    const std::lock_guard lock(mutex);
    rank.tell(trained);
  });
  return trained;
}

}  // namespace athanor::distributed::test
