#include "core/forecast/dry_run.h"

#include "core/assembly/assembly.h"
#include "core/assembly/holder.h"
#include "core/assembly/norm.h"
#include "core/comm/silent_communicator.h"
#include "core/data/captions.h"
#include "core/data/length_groups.h"
#include "core/distributed/model_norm.h"
#include "core/distributed/pipeline_pass.h"
#include "core/distributed/replica_traffic.h"
#include "core/distributed/sharded_update.h"
#include "core/distributed/state_copy.h"
#include "core/forecast/facts.h"
#include "core/train/batch_pass.h"
#include "core/train/rewind.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace athanor::runner {
namespace {

// At most, for the allocator's cache to reach its final size: it has, once a step finds there all that it needs.
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

  Inputs upload(Context& context, const data::Batch& batch, const data::Rows& rows) override {
    return inputs(context, rows.count, batch.tokens_of(rows));
  }
  [[nodiscard]] Inputs inputs(Context& context, std::int64_t rows, std::int64_t tokens) const {
    return {images(context, rows), make(context, {rows, tokens}, DType::i32), row(context, rows), row(context, rows)};
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
  [[nodiscard]] bool divides(const Context& context, std::int64_t rows) const override {
    return ops::divides_contrastive_loss(context, rows);
  }
  Variable divided_criterion(Context& context, const Divided& parts) override {
    return tasks::divided_contrast(context, model_, parts);
  }
  // As tasks::Contrastive judges, batch by batch, then the loss.
  void judge(Context& context, std::int64_t pairs, std::int64_t batch_size) {
    for (std::int64_t done = 0; done < pairs; done += batch_size)
      (void)encode(context, inputs(context, std::min(batch_size, pairs - done), config_.max_tokens));
    const std::int64_t size = std::min(batch_size, pairs);
    for (std::int64_t done = 0; done < pairs; done += size) {
      const auto embedded = [&] { return make(context, {size, config_.embedding_dim}, DType::f32); };
      const Tensor pictures = embedded(), texts = embedded();
      (void)criterion(context, {pictures, texts, row(context, size)});
    }
  }
  [[nodiscard]] std::vector<models::ChainLayer> layers() const override { return model_.layers(); }
  [[nodiscard]] std::size_t streams() const override { return tasks::Contrastive::kStreams; }
  std::vector<Variable> features_of(const models::Streams& streams, const Inputs& inputs) override {
    return {streams[0], streams[1], inputs[3]};
  }
  tasks::Figures state(const Context&) const override { return {}; }
  tasks::Judgement judge(Context&) override { return {}; }

 private:
  static Tensor make(Context& context, const Shape& shape, DType dtype) {
    return context.empty(shape, dtype, MemoryTag::data);
  }
  [[nodiscard]] Tensor images(Context& context, std::int64_t rows) const {
    return make(context, {rows, config_.image_px, config_.image_px, 3}, DType::f32);
  }
  static Tensor row(Context& context, std::int64_t rows) { return make(context, {rows}, DType::i32); }

  const models::TwoTower& model_;
  const models::TwoTowerConfig& config_;
};

// Replicas that are as many as the recipe says, and give nothing: what they would be sent is counted.
class SilentReplicas final : public train::Replicas {
 public:
  SilentReplicas(const recipe::Recipe& recipe, Context& context, Learner& learner, int rank)
      : count_(mesh_of(recipe).data),
        index_(rank),
        format_(gradient_format(recipe)),
        shares_step_(learner.share != nullptr),
        is_on_gpus_(meets_on_gpus(recipe)),
        counter_(begin()),
        ranks_(count_, index_, is_on_gpus_) {
    if (learner.share) update_.emplace(context, &ranks_, nullptr, *learner.share, *learner.optimizer);
  }
  int count() const override { return count_; }
  int index() const override { return index_; }
  void gather(Context&, const Tensor& whole) override { counter_.gather(whole); }
  void complete(Context& context, const Parameter& parameter) override {
    update_ ? update_->complete(context, parameter) : counter_.complete(context, parameter);
  }
  void sum_gradients(Context& context, std::span<const Parameter> parameters) override {
    const bool is_coded = format_ != comm::WireFormat::f32;
    if (!update_ || is_coded) counter_.sum_gradients(context, parameters);
    if (!update_) return;
    const comm::Traffic before = ranks_.traffic();
    update_->sum_gradients(context);
    if (is_coded) instead_ = ranks_.traffic() - before;  // which goes coded
  }
  void add_alike(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> alike) override {
    if (update_) return update_->add_alike(context, parameters, std::move(alike));
    Replicas::add_alike(context, parameters, std::move(alike));
  }

  // For the norm of a model of which replicas have parts.
  [[nodiscard]] comm::Communicator& ranks() { return ranks_; }
  void begin_step() {
    counter_ = begin();
    before_ = sent();
    instead_ = {};
  }
  [[nodiscard]] distributed::ReplicaCost cost() const {
    distributed::ReplicaCost out = counter_.cost();
    out.sent = out.sent + (sent() - before_ - instead_);
    return out;
  }

 private:
  [[nodiscard]] comm::Traffic sent() const {
    return update_ ? ranks_.traffic() + update_->traffic() : ranks_.traffic();
  }
  [[nodiscard]] distributed::ReplicaCounter begin() const {
    return {format_, count_, index_, shares_step_, is_on_gpus_};
  }
  int count_, index_;
  comm::WireFormat format_;
  bool shares_step_;
  bool is_on_gpus_;
  distributed::ReplicaCounter counter_;
  comm::SilentCommunicator ranks_;
  comm::Traffic before_, instead_;
  std::optional<distributed::ShardedUpdate> update_;
};

class Rehearsal {
 public:
  Rehearsal(const DryWorld& world, int rank)
      : mesh_(mesh_of(world.recipe)),
        rank_(rank),
        here_(parallel::coordinates_of(mesh_, rank)),
        config_(model_config(world.recipe, world.sizes.vocabulary)),
        tensor_(tensor_ranks(world.recipe, rank)),
        context_({.device = resolve_device(world.recipe), .threads = resolve_threads(world.recipe), .dry = true}),
        stages_(world.stages ? &*world.stages : nullptr),
        learner_(make_learner(world.recipe, divided(context_, tensor_.get()), world.sizes.vocabulary, rank, kept())),
        task_(*learner_.model, config_),
        batch_size_(world.recipe.integer("data.batch_size")),
        replicas_(world.recipe, context_, learner_, here_.data),
        pipeline_(mesh_.pipeline, here_.pipeline),
        along_group_(mesh_.tensor, here_.tensor),
        test_pictures_(world.sizes.test_pictures),
        keeps_state_(world.recipe.boolean("checkpoint.in_memory")) {
    train::Replicas* replicas = mesh_.data > 1 ? &replicas_ : nullptr;
    if (stages_) {
      cut(replicas);
    } else {
      pass_ = std::make_unique<train::BatchPass>(context_, task_, model().named_parameters(),
                                                 train_plan(world.recipe).micro_batches, replicas);
    }
    norm_ = make_norm(model().named_parameters(), learner_.share.get(), stages_, here_,
                      {&replicas_.ranks(), tensor_ ? &along_group_ : nullptr, &pipeline_}, *learner_.optimizer);
    // The copy that dynamic may have to go back to.
    if (learner_.precision && learner_.precision->is_milestone(0))
      rewind_.take(context_, model().named_parameters(), *learner_.optimizer, 0);
    context_.set_work_observer(&counter_);
  }

  // Of a batch of texts of which so many tokens are read, by row; empty: all that there may be.
  void step(OpCounts* counts, const std::vector<std::int32_t>& tokens = {}) {
    counter_.into = counts;
    replicas_.begin_step();
    const comm::Traffic before = pipeline_.traffic(), tensor_before = along_tensor();
    if (learner_.precision) learner_.precision->begin_step(done_);
    (void)pass_->forward(batch(tokens));
    pass_->backward(1.0F);
    const optim::StepOptions options{.learning_rate = 1e-3F, .max_norm = 1.0F};
    if (stages_ && stages_->steps_ahead) {
      learner_.optimizer->step_ahead(context_, options);
      is_ahead_ = true;
    } else {
      (void)learner_.optimizer->step(context_, options);
      clear_gradients();
    }
    ++done_;
    if (learner_.precision) (void)learner_.precision->end_step(done_, 1.0);
    if (mesh_.data > 1) along_data_ = replicas_.cost();
    along_pipeline_ = pipeline_.traffic() - before;
    along_tensor_ = along_tensor() - tensor_before;
    counter_.into = nullptr;
  }

  // As the trainer does in the next forward pass, of a step that was taken ahead and right. Always true.
  bool settle() {
    if (!std::exchange(is_ahead_, false)) return true;
    (void)learner_.optimizer->settle(context_);
    clear_gradients();
    return true;
  }

  // Every rank where none has the whole model, otherwise one for all.
  void evaluate(OpCounts* counts) {
    const bool has_part =
        stages_ || tensor_ || (learner_.share && learner_.share->shard() == parallel::Shard::parameters);
    if (rank_ != 0 && !has_part) return;
    counter_.into = counts;
    const NoGradient no_gradient(context_);
    context_.set_training(false);
    task_.judge(context_, test_pictures_, batch_size_);
    context_.set_training(true);
    counter_.into = nullptr;
  }

  // Of the last step; to agree whether to stop is counted with the first axis, as a run does.
  [[nodiscard]] std::vector<AxisCost> axes() const {
    std::vector<AxisCost> out;
    if (mesh_.data > 1) out.push_back({parallel::Axis::data, along_data_.sent});
    if (tensor_) out.push_back({parallel::Axis::tensor, along_tensor_});
    if (mesh_.pipeline > 1) out.push_back({parallel::Axis::pipeline, along_pipeline_});
    if (!out.empty())
      out.front().sent = out.front().sent + comm::all_reduce_traffic(DType::i32, 1, parallel::world_size(mesh_), rank_);
    return out;
  }
  [[nodiscard]] std::int64_t exchange_bytes() const { return along_data_.buffer_bytes; }
  // All numbers are written as f32.
  [[nodiscard]] std::int64_t checkpoint_bytes() const {
    std::int64_t numbers = 0;
    for (const train::Held& held : written_by(holder())) numbers += volume(held.box.extent);
    if (is_shared()) {
      numbers += along_data_.sender_residuals + along_data_.owner_residuals;
    } else if (rank_ == 0) {
      // Of all replicas; the parts that they own are together as long as what one sends.
      numbers += (mesh_.data + 1) * along_data_.sender_residuals;
    }
    return numbers * static_cast<std::int64_t>(sizeof(float));
  }

  [[nodiscard]] std::int64_t kept_bytes() const {
    if (!is_shared() || !keeps_state_) return 0;
    std::int64_t numbers = 0;
    for (const train::Held& held : held_by(holder())) numbers += volume(held.box.extent);
    return distributed::StateCopy::bytes_for(numbers);
  }

  [[nodiscard]] const models::TwoTower& model() const { return *learner_.model; }
  [[nodiscard]] MemoryStats memory() const { return context_.memory(); }

 private:
  [[nodiscard]] data::Batch batch(const std::vector<std::int32_t>& tokens) const {
    const std::int64_t rows = batch_size_ / replicas_.count();
    data::Batch out;
    out.size = static_cast<int>(rows);
    out.max_tokens = static_cast<int>(config_.max_tokens);
    if (tokens.empty()) return out;
    out.is_grouped = true;
    const auto own = std::span(tokens).subspan(static_cast<std::size_t>(rows * replicas_.index()));
    out.lengths.assign(own.begin(), own.begin() + rows);
    return out;
  }
  [[nodiscard]] comm::Traffic along_tensor() const {
    return tensor_ ? tensor_->sent() + along_group_.traffic() : comm::Traffic();
  }

  [[nodiscard]] bool is_shared() const noexcept { return learner_.share || stages_ || tensor_; }
  [[nodiscard]] Holder holder() const {
    return {model().named_parameters(), *learner_.optimizer, learner_.share.get(), stages_, here_};
  }

  static Context& divided(Context& context, ops::TensorGroup* group) {
    context.set_tensor_group(group);
    return context;
  }

  [[nodiscard]] std::function<bool(const ParameterState&)> kept() const {
    if (!stages_) return {};
    return [this](const ParameterState& parameter) {
      return stages_->rank_of(parameter.path).value_or(here_.pipeline) == here_.pipeline;
    };
  }

  void cut(train::Replicas* replicas) {
    const std::vector<Parameter>& parameters = model().named_parameters();
    auto pass = std::make_unique<distributed::PipelinePass>(
        distributed::PipelineParts{context_, task_, parameters, pipeline_, replicas}, stages_->plan);
    task_.encode_with(
        [pass = pass.get()](Context&, const tasks::Task::Inputs& inputs) { return pass->features(inputs); });
    (void)pass->watch({.now_ns = [] { return std::int64_t{0}; },
                       .tell = [](const journal::Span&) {},
                       .at = [](std::string_view) {},
                       .holds = [this] { return settle(); }});
    pass_ = std::move(pass);
  }

  void clear_gradients() {
    learner_.optimizer->clear_gradients();
    for (const Parameter& parameter : model().named_parameters()) parameter->gradient = {};
  }

  parallel::Mesh mesh_;
  int rank_;
  parallel::Coordinates here_;
  models::TwoTowerConfig config_;
  Counter counter_;
  std::unique_ptr<distributed::TensorRanks> tensor_;
  Context context_;
  const Stages* stages_;  // null: the rank has all of the model
  Learner learner_;
  Shapes task_;
  std::int64_t batch_size_;
  SilentReplicas replicas_;
  comm::SilentCommunicator pipeline_, along_group_;  // what the norm sends along it
  std::unique_ptr<train::Pass> pass_;
  std::unique_ptr<distributed::ModelNorm> norm_;
  distributed::ReplicaCost along_data_;
  comm::Traffic along_pipeline_, along_tensor_;
  std::int64_t done_ = 0;
  bool is_ahead_ = false;  // the last step is not settled
  train::Rewind rewind_;
  std::int64_t test_pictures_;
  bool keeps_state_;
};

}  // namespace

double DryRun::step_flops() const {
  double sum = 0;
  for (const auto& [op, by_class] : step) {
    for (const auto& [size, count] : by_class) sum += count.flops;
  }
  return sum;
}

namespace {

// As the loader groups them; where there are not enough, they are taken once more.
std::vector<std::vector<std::int32_t>> grouped(const recipe::Recipe& recipe, const DrySizes& sizes) {
  const auto rows = static_cast<std::size_t>(recipe.integer("data.batch_size"));
  const int micro_batches = static_cast<int>(recipe.integer("parallel.micro_batches"));
  const auto each = static_cast<std::ptrdiff_t>(rows) / micro_batches;
  std::vector<std::vector<std::int32_t>> out;
  for (std::size_t batch = 0; batch < static_cast<std::size_t>(sizes.rehearsed); ++batch) {
    std::vector<std::int32_t> drawn(rows);
    for (std::size_t row = 0; row < rows; ++row)
      drawn[row] = sizes.text_lengths[(batch * rows + row) % sizes.text_lengths.size()];
    std::vector<std::int32_t>& read = out.emplace_back();
    for (const std::size_t place : data::group_by_length(drawn, micro_batches, sizes.row_cost, batch))
      read.push_back(drawn[place]);
    for (auto group = read.begin(); group != read.end(); group += each)
      std::fill_n(group, each, *std::max_element(group, group + each));
  }
  return out;
}

std::vector<std::int32_t> usual(const std::vector<std::vector<std::int32_t>>& batches, int replicas,
                                const std::vector<double>& row_cost) {
  const std::size_t rows = batches.front().size(), own = rows / static_cast<std::size_t>(replicas);
  double sum = 0;
  for (const auto& batch : batches) {
    double slowest = 0;
    for (std::size_t first = 0; first < rows; first += own) {
      double load = 0;
      for (const std::int32_t tokens : std::span(batch).subspan(first, own))
        load += row_cost[static_cast<std::size_t>(tokens) - 1];
      slowest = std::max(slowest, load);
    }
    sum += slowest / static_cast<double>(own);
  }
  const double mean = sum / static_cast<double>(batches.size());
  const auto nearest = std::ranges::min_element(row_cost, {}, [&](double cost) { return std::abs(cost - mean); });
  return std::vector<std::int32_t>(rows, static_cast<std::int32_t>(nearest - row_cost.begin()) + 1);
}

}  // namespace

DryWorld dry_world(const recipe::Recipe& recipe, const DrySizes& sizes) {
  const bool is_grouped = !sizes.text_lengths.empty();
  const parallel::Mesh mesh = mesh_of(recipe);
  DryWorld out{recipe, sizes, std::nullopt};
  if (mesh.pipeline > 1)
    out.stages = cut_into_stages(recipe, sizes.vocabulary, nullptr,
                                 is_grouped ? data::mean_length(sizes.text_lengths) : kReadsAll);
  if (!is_grouped) return out;
  out.batches = grouped(recipe, sizes);
  out.usual_batch = usual(out.batches, mesh.data, sizes.row_cost);
  return out;
}

DryRun dry_run(const DryWorld& world, int rank) {
  DryRun out;
  Rehearsal rehearsal(world, rank);
  rehearsal.evaluate(&out.evaluate);  // a run is judged before its first step
  if (world.batches.empty()) {
    rehearsal.step(&out.step);
    std::size_t reserved = 0;
    for (int step = 1; step < kSteps && reserved != rehearsal.memory().peak_reserved_bytes; ++step) {
      reserved = rehearsal.memory().peak_reserved_bytes;
      rehearsal.step(nullptr);
    }
  }
  // Blocks of many sizes are what memory is taken for, and the usual size what time is.
  for (const std::vector<std::int32_t>& tokens : world.batches) rehearsal.step(nullptr, tokens);
  rehearsal.settle();
  rehearsal.evaluate(nullptr);  // and after steps, which leave other blocks to use again
  out.memory = rehearsal.memory();
  if (!world.batches.empty()) {
    rehearsal.step(&out.step, world.usual_batch);
    rehearsal.step(nullptr, world.usual_batch);  // which settles the one before, if that was taken ahead
  }
  out.axes = rehearsal.axes();
  out.exchange_bytes = rehearsal.exchange_bytes();
  out.checkpoint_bytes = rehearsal.checkpoint_bytes();
  out.kept_bytes = rehearsal.kept_bytes();
  return out;
}

DryRun dry_run(const recipe::Recipe& recipe, const DrySizes& sizes, int rank) {
  return dry_run(dry_world(recipe, sizes), rank);
}

WholeModel whole_model(const recipe::Recipe& recipe, std::int64_t vocabulary) {
  Context context({.device = resolve_device(recipe), .dry = true});
  const Learner learner = make_learner(recipe, context, vocabulary);
  WholeModel out;
  out.bytes_per_parameter = learner.optimizer->bytes_per_parameter();
  const parallel::Shard shard = shard_of(recipe);
  if (const int replicas = mesh_of(recipe).data; replicas > 1 && shard != parallel::Shard::none) {
    // Of a share all is held; of the rest of the model what its level leaves whole.
    const double number = sizeof(float), state = out.bytes_per_parameter - 2 * number;
    const double part = 1.0 / replicas;
    out.bytes_per_parameter = number * (shard >= parallel::Shard::parameters ? part : 1) +
                              number * (shard >= parallel::Shard::gradients ? part : 1) + state * part;
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
