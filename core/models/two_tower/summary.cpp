#include "core/models/two_tower/summary.h"

#include "core/autograd/backward.h"
#include "core/ops/loss.h"
#include "core/optim/adamw.h"

namespace athanor::models {

namespace {

// Enough for the caches to reach their final size.
constexpr int kSteps = 3;

class Counter final : public WorkObserver {
 public:
  explicit Counter(ModelSummary& summary) : summary_(summary) {}

  void on_launch(const char* op, const Work& work) noexcept override {
    if (!into_) return;
    *into_ += work.flops;
    summary_.flops_by_op[op] += work.flops;
    ++summary_.launches_by_op[op];
  }
  void count_into(double* sum) { into_ = sum; }

 private:
  ModelSummary& summary_;
  double* into_ = nullptr;
};

class DryTraining {
 public:
  DryTraining(const TwoTowerConfig& config, const SummaryOptions& options)
      : context_({.device = options.device, .threads = options.threads, .dry = true}),
        model_(context_, config, 0),
        optimizer_(context_, model_.named_parameters(), {}),
        options_(options),
        tokens_(options.tokens > 0 ? options.tokens : config.max_tokens) {}

  // Counts nothing while summary is null.
  void step(ModelSummary* summary) {
    Counter counter(*(summary ? summary : &ignored_));
    context_.set_work_observer(&counter);
    counter.count_into(summary ? &summary->flops_forward : nullptr);
    forward_and_backward(summary, counter);
    counter.count_into(summary ? &summary->flops_optimizer : nullptr);
    static_cast<void>(optimizer_.step(context_, {.learning_rate = 1e-3f, .max_norm = 1.0f}));
    optimizer_.clear_gradients();
    context_.set_work_observer(nullptr);
  }

  [[nodiscard]] const TwoTower& model() const { return model_; }
  [[nodiscard]] MemoryStats memory() const { return context_.memory(); }

 private:
  void forward_and_backward(ModelSummary* summary, Counter& counter) {
    const std::int64_t px = model_.config().image_px;
    const Tensor images = context_.empty({options_.batch, px, px, 3}, DType::f32, MemoryTag::data);
    const Tensor ids = context_.empty({options_.batch, tokens_}, DType::i32, MemoryTag::data);
    const Tensor lengths = context_.empty({options_.batch}, DType::i32, MemoryTag::data);
    const Tensor pairs = context_.empty({options_.batch}, DType::i32, MemoryTag::data);
    Variable loss;
    {
      const TwoTowerOutput output = model_.forward(context_, images, ids, lengths);
      loss = ops::contrastive_loss(context_, output.image_BD, output.text_BD, output.logit_scale, {.ids = pairs});
    }
    if (summary) summary->activation_bytes = context_.memory().of(MemoryTag::activations);
    counter.count_into(summary ? &summary->flops_backward : nullptr);
    backward(context_, loss);
  }

  Context context_;
  TwoTower model_;
  optim::AdamW optimizer_;
  SummaryOptions options_;
  std::int64_t tokens_;
  ModelSummary ignored_;
};

}  // namespace

ModelSummary summarize(const TwoTowerConfig& config, const SummaryOptions& options) {
  ModelSummary summary;
  DryTraining training(config, options);
  training.step(&summary);
  for (int step = 1; step < kSteps; ++step) training.step(nullptr);
  summary.memory = training.memory();
  for (const Parameter& parameter : training.model().named_parameters()) {
    const std::int64_t numel = parameter->value.numel();
    summary.parameters.push_back({parameter->path, parameter->value.shape(), numel, parameter->decays});
    summary.parameter_count += numel;
    if (parameter->path.starts_with("image_tower.")) summary.image_tower_count += numel;
    if (parameter->path.starts_with("text_tower.")) summary.text_tower_count += numel;
  }
  return summary;
}

}  // namespace athanor::models
