#include "core/forecast/dry_run.h"

#include "core/assembly/assembly.h"
#include "core/autograd/backward.h"
#include "core/forecast/facts.h"
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
        learner_(make_learner(recipe, context_, sizes.vocabulary)),
        batch_(recipe.integer("data.batch_size")),
        test_pictures_(sizes.test_pictures) {
    // The copy that dynamic may have to go back to.
    if (learner_.precision && learner_.precision->is_milestone(0))
      rewind_.take(context_, model().named_parameters(), *learner_.optimizer, 0);
    context_.set_work_observer(&counter_);
  }

  void step(OpCounts* counts) {
    counter_.into = counts;
    if (learner_.precision) learner_.precision->begin_step(done_);
    Variable loss;
    {
      const Tensor pairs = context_.empty({batch_}, DType::i32, MemoryTag::data);
      const auto out = model().forward(context_, images(batch_), tokens(batch_), lengths(batch_));
      loss = tasks::contrast(context_, out, pairs);
    }
    backward(context_, loss);
    loss = {};
    (void)learner_.optimizer->step(context_, {.learning_rate = 1e-3F, .max_norm = 1.0F});
    learner_.optimizer->clear_gradients();
    ++done_;
    if (learner_.precision) (void)learner_.precision->end_step(done_, 1.0);
    counter_.into = nullptr;
  }

  void evaluate(OpCounts* counts) {
    counter_.into = counts;
    const NoGradient no_gradient(context_);
    context_.set_training(false);
    for (std::int64_t done = 0; done < test_pictures_; done += batch_) {
      const std::int64_t count = std::min(batch_, test_pictures_ - done);
      (void)model().encode_images(context_, images(count));
      (void)model().encode_texts(context_, tokens(count), lengths(count));
    }
    context_.set_training(true);
    counter_.into = nullptr;
  }

  [[nodiscard]] const models::TwoTower& model() const { return *learner_.model; }
  [[nodiscard]] const Learner& learner() const { return learner_; }
  [[nodiscard]] MemoryStats memory() const { return context_.memory(); }

 private:
  Tensor images(std::int64_t count) {
    return context_.empty({count, config_.image_px, config_.image_px, 3}, DType::f32, MemoryTag::data);
  }
  Tensor tokens(std::int64_t count) { return context_.empty({count, config_.max_tokens}, DType::i32, MemoryTag::data); }
  Tensor lengths(std::int64_t count) { return context_.empty({count}, DType::i32, MemoryTag::data); }

  models::TwoTowerConfig config_;
  Counter counter_;
  Context context_;
  Learner learner_;
  std::int64_t done_ = 0;
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
  const Learner& learner = rehearsal.learner();
  out.bytes_per_parameter = learner.optimizer->bytes_per_parameter();
  out.parts = nn::summarise(learner.model->parameters());
  out.pretrained = learner.pretrained;
  out.trainable = nn::trainable_numel(learner.model->parameters());
  if (learner.precision) out.precision = learner.precision->resolution();
  for (const Parameter& parameter : learner.model->named_parameters()) {
    const std::int64_t numel = parameter->value.numel();
    out.parameters += numel;
    if (parameter->path.starts_with("image_tower.")) out.image_parameters += numel;
    if (parameter->path.starts_with("text_tower.")) out.text_parameters += numel;
  }
  return out;
}

}  // namespace athanor::runner
