#include "core/forecast/dry_run.h"

#include "core/assembly/assembly.h"
#include "core/distributed/sharded_update.h"
#include "core/forecast/facts.h"
#include "core/train/batch_pass.h"
#include "core/train/rewind.h"

#include <algorithm>
#include <optional>

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

// The task without its data: a batch is as many rows of nothing.
class Shapes final : public tasks::Task {
 public:
  Shapes(const models::TwoTower& model, const models::TwoTowerConfig& config) : model_(model), config_(config) {}

  Inputs upload(Context& context, const data::Batch& batch) override { return inputs(context, batch.size); }
  [[nodiscard]] Inputs inputs(Context& context, std::int64_t rows) const {
    const auto make = [&](const Shape& shape, DType dtype) { return context.empty(shape, dtype, MemoryTag::data); };
    return {make({rows, config_.image_px, config_.image_px, 3}, DType::f32),
            make({rows, config_.max_tokens}, DType::i32), make({rows}, DType::i32), make({rows}, DType::i32)};
  }
  std::vector<Variable> features(Context& context, const Inputs& inputs) override {
    return {model_.encode_images(context, inputs[0]), model_.encode_texts(context, inputs[1], inputs[2]), inputs[3]};
  }
  Variable criterion(Context& context, const std::vector<Variable>& features) override {
    return tasks::contrast(context,
                           {.image_BD = features[0],
                            .text_BD = features[1],
                            .logit_scale = model_.logit_scale(),
                            .logit_bias = model_.logit_bias()},
                           features[2].value());
  }
  tasks::Figures state(const Context&) const override { return {}; }
  tasks::Judgement judge(Context&) override { return {}; }

 private:
  const models::TwoTower& model_;
  const models::TwoTowerConfig& config_;
};

// Replicas that are as many as the recipe says, and give nothing.
class SilentReplicas final : public train::Replicas {
 public:
  SilentReplicas(int count, Learner& learner) : count_(count) {
    if (learner.share) update_.emplace(nullptr, nullptr, *learner.share, *learner.optimizer);
  }
  int count() const override { return count_; }
  int index() const override { return 0; }
  void gather(Context&, const Tensor&) override {}
  void begin_only_pass() override {
    if (update_) update_->begin_only_pass();
  }
  void sum_gradients(Context& context, std::span<const Parameter>) override {
    if (update_) update_->sum_gradients(context);
  }
  void add_alike(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> alike) override {
    if (update_) return update_->add_alike(context, parameters, std::move(alike));
    Replicas::add_alike(context, parameters, std::move(alike));
  }

 private:
  int count_;
  std::optional<distributed::ShardedUpdate> update_;
};

class Rehearsal {
 public:
  Rehearsal(const recipe::Recipe& recipe, const DrySizes& sizes)
      : config_(model_config(recipe, sizes.vocabulary)),
        context_({.device = resolve_device(recipe), .threads = resolve_threads(recipe), .dry = true}),
        learner_(make_learner(recipe, context_, sizes.vocabulary, 0)),
        task_(*learner_.model, config_),
        batch_size_(recipe.integer("data.batch_size")),
        replicas_(mesh_of(recipe).data, learner_),
        pass_(context_, task_, model().named_parameters(), train_plan(recipe).micro_batches,
              replicas_.count() > 1 ? &replicas_ : nullptr),
        test_pictures_(sizes.test_pictures) {
    // The copy that dynamic may have to go back to.
    if (learner_.precision && learner_.precision->is_milestone(0))
      rewind_.take(context_, model().named_parameters(), *learner_.optimizer, 0);
    context_.set_work_observer(&counter_);
  }

  void step(OpCounts* counts) {
    counter_.into = counts;
    if (learner_.precision) learner_.precision->begin_step(done_);
    data::Batch batch;
    batch.size = static_cast<int>(batch_size_ / replicas_.count());
    (void)pass_.forward(batch);
    pass_.backward(1.0F);
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
    for (std::int64_t done = 0; done < test_pictures_; done += batch_size_)
      (void)task_.features(context_, task_.inputs(context_, std::min(batch_size_, test_pictures_ - done)));
    context_.set_training(true);
    counter_.into = nullptr;
  }

  [[nodiscard]] const models::TwoTower& model() const { return *learner_.model; }
  [[nodiscard]] const Learner& learner() const { return learner_; }
  [[nodiscard]] MemoryStats memory() const { return context_.memory(); }

 private:
  models::TwoTowerConfig config_;
  Counter counter_;
  Context context_;
  Learner learner_;
  Shapes task_;
  std::int64_t batch_size_;
  SilentReplicas replicas_;
  train::BatchPass pass_;
  std::int64_t done_ = 0;
  train::Rewind rewind_;
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
  if (learner.share) {
    // Of a share all is held; of the rest of the model the values, and gradients until they are summed.
    const double whole = 2 * sizeof(float), state = out.bytes_per_parameter - whole;
    const double part = 1.0 / mesh_of(recipe).data;
    out.bytes_per_parameter = learner.share->shard() == parallel::Shard::optimizer
                                  ? whole + state * part
                                  : whole / 2 * (1 + part) + state * part;
  }
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
