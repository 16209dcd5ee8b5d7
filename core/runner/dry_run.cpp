#include "core/runner/dry_run.h"

#include "core/autograd/backward.h"
#include "core/runner/assembly.h"
#include "core/runner/encoder.h"
#include "core/runner/facts.h"
#include "core/runner/formats.h"
#include "core/train/rewind.h"

#include <algorithm>

namespace athanor::runner {
namespace {

// Enough for the allocator's cache to reach its final size.
constexpr int kSteps = 3;

class Counter final : public WorkObserver {
 public:
  void on_launch(const char* op, const Work& work) noexcept override {
    if (into == nullptr) return;
    OpCount& count = (*into)[op][size_class(work.flops)];
    count.flops += work.flops;
    ++count.launches;
  }
  OpCounts* into = nullptr;
};

class Rehearsal {
 public:
  Rehearsal(const recipe::Recipe& recipe, const DrySizes& sizes)
      : config_(model_config(recipe, sizes.vocabulary)),
        context_({.device = resolve_device(recipe), .threads = resolve_threads(recipe), .dry = true}),
        model_(context_, config_, 0),
        precision_(learning_precision(recipe)),
        optimizer_(optim::make_optimizer(context_, model_.named_parameters(), optimizer_options(recipe))),
        batch_(recipe.integer("data.batch_size")),
        test_pictures_(sizes.test_pictures) {
    // The copy that dynamic may have to go back to.
    if (precision_ && precision_->is_milestone(0)) rewind_.take(context_, model_.named_parameters(), *optimizer_, 0);
    context_.set_work_observer(&counter_);
  }

  void step(OpCounts* counts) {
    counter_.into = counts;
    if (precision_) precision_->begin_step(done_);
    Variable loss;
    {
      const Tensor pairs = context_.empty({batch_}, DType::i32, MemoryTag::data);
      const auto out = model_.forward(context_, images(batch_), tokens(batch_), lengths(batch_));
      loss = tasks::contrast(context_, out, pairs);
    }
    backward(context_, loss);
    loss = {};
    (void)optimizer_->step(context_, {.learning_rate = 1e-3F, .max_norm = 1.0F});
    optimizer_->clear_gradients();
    ++done_;
    if (precision_) (void)precision_->end_step(done_, 1.0);
    counter_.into = nullptr;
  }

  void evaluate(OpCounts* counts) {
    counter_.into = counts;
    const NoGradient no_gradient(context_);
    context_.set_training(false);
    for (std::int64_t done = 0; done < test_pictures_; done += batch_) {
      const std::int64_t count = std::min(batch_, test_pictures_ - done);
      (void)model_.encode_images(context_, images(count));
      (void)model_.encode_texts(context_, tokens(count), lengths(count));
    }
    context_.set_training(true);
    counter_.into = nullptr;
  }

  [[nodiscard]] const models::TwoTower& model() const { return model_; }
  [[nodiscard]] const std::optional<train::Pretrained>& pretrained() const { return pretrained_; }
  [[nodiscard]] const precision::Session* precision() const { return precision_.get(); }
  [[nodiscard]] MemoryStats memory() const { return context_.memory(); }
  [[nodiscard]] double bytes_per_parameter() const { return optimizer_->bytes_per_parameter(); }

 private:
  // The optimizer keeps state only for what learns in the end; formats are resolved for all layers there are then.
  std::unique_ptr<precision::Session> learning_precision(const recipe::Recipe& recipe) {
    pretrained_ = prepare_learning(recipe, context_, model_.parameters());
    return make_precision(recipe, context_, model_.parameters());
  }
  Tensor images(std::int64_t count) {
    return context_.empty({count, config_.image_px, config_.image_px, 3}, DType::f32, MemoryTag::data);
  }
  Tensor tokens(std::int64_t count) { return context_.empty({count, config_.max_tokens}, DType::i32, MemoryTag::data); }
  Tensor lengths(std::int64_t count) { return context_.empty({count}, DType::i32, MemoryTag::data); }

  models::TwoTowerConfig config_;
  Counter counter_;
  Context context_;
  models::TwoTower model_;
  std::optional<train::Pretrained> pretrained_;
  std::unique_ptr<precision::Session> precision_;
  std::int64_t done_ = 0;
  std::unique_ptr<optim::Optimizer> optimizer_;
  train::Rewind rewind_;
  std::int64_t batch_;
  std::int64_t test_pictures_;
};

}  // namespace

double DryRun::step_flops() const {
  double sum = 0;
  for (const auto& [op, by_class] : step) {
    for (const auto& [size, count] : by_class) sum += count.flops;
  }
  return sum;
}

DryRun dry_run(const recipe::Recipe& recipe, const DrySizes& sizes) {
  DryRun out;
  Rehearsal rehearsal(recipe, sizes);
  rehearsal.evaluate(&out.evaluate);  // a run is judged before its first step
  rehearsal.step(&out.step);
  for (int step = 1; step < kSteps; ++step) rehearsal.step(nullptr);
  out.memory = rehearsal.memory();
  out.bytes_per_parameter = rehearsal.bytes_per_parameter();
  out.parts = nn::summarise(rehearsal.model().parameters());
  out.pretrained = rehearsal.pretrained();
  out.trainable = nn::trainable_numel(rehearsal.model().parameters());
  if (rehearsal.precision()) out.precision = rehearsal.precision()->resolution();
  for (const Parameter& parameter : rehearsal.model().named_parameters()) {
    const std::int64_t numel = parameter->value.numel();
    out.parameters += numel;
    if (parameter->path.starts_with("image_tower.")) out.image_parameters += numel;
    if (parameter->path.starts_with("text_tower.")) out.text_parameters += numel;
  }
  return out;
}

}  // namespace athanor::runner
