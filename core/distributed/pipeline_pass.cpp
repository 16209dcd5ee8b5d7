#include "core/distributed/pipeline_pass.h"

#include "core/distributed/rank_numbers.h"
#include "core/parallel/passes.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

#include <utility>

namespace athanor::distributed {
namespace {

// Steps of which one, not the first, shows how long layers take on a GPU, which then waits for each of them.
constexpr std::uint32_t kTimedSteps = 16;

}  // namespace

// A stage that is gone through without recording; the last one keeps what it gives.
class PipelinePass::Sweep {
 public:
  Sweep(PipelinePass& pass, int micro_batches, std::int64_t rows) : pass_(pass), micro_batches_(micro_batches) {
    std::vector<StageWork*> works;
    for (std::size_t stage = 0; stage < pass.stages_.size(); ++stage) {
      const bool is_here = pass.stages_[stage] != nullptr;
      stages_.push_back(is_here ? std::make_unique<Stage>(pass, stage, rows, streams_) : nullptr);
      works.push_back(stages_.back().get());
    }
    const parallel::Schedule forwards = parallel::keep_forwards(pass.plan_.schedule, micro_batches);
    runner_ = std::make_unique<PipelineRunner>(pass.parts_.pipeline, parallel::insert_transfers(forwards),
                                               std::move(works), pass.ports());
    for (std::size_t i = 0; i < pass.made_streams(); ++i) streams_.push_back(make_rows(rows * micro_batches, i));
  }

  // What the last stage gives, of all rows, on every rank.
  models::Streams run() {
    runner_->run();
    models::Streams out;
    for (const Tensor& stream : streams_) {
      comm::Communicator& ranks = pass_.parts_.pipeline;
      RankNumbers numbers(pass_.parts_.context, stream, &ranks);
      ranks.after(pass_.parts_.context.stream().mark());
      ranks.broadcast(numbers.bytes(), pass_.plan_.schedule.stage_ranks.back());
      numbers.write_back();
      out.emplace_back(stream);
    }
    return out;
  }

  [[nodiscard]] PipelineRunner::Cost cost() const { return runner_->cost(); }

 private:
  class Stage final : public StageWork {
   public:
    Stage(PipelinePass& pass, std::size_t stage, std::int64_t rows, std::vector<Tensor>& streams)
        : context_(pass.parts_.context),
          pass_(pass),
          stage_(stage),
          model_(*pass.stages_[stage]),
          is_last_(stage + 1 == pass.stages_.size()),
          rows_(rows),
          streams_(streams) {}

    Tensor make_input_space(int micro_batch) override { return pass_.form(stage_, micro_batch).make_space(context_); }
    Tensor forward(int micro_batch, const Tensor& input) override {
      const models::Streams made =
          model_.features(micro_batch, pass_.form(stage_, micro_batch).unpack(context_, input));
      if (is_last_) {
        for (std::size_t i = 0; i < made.size(); ++i)
          context_.copy(made[i].value(), streams_[i].narrow(0, micro_batch * rows_, rows_));
        return {};
      }
      std::vector<Tensor> values;
      for (const Variable& stream : made) values.push_back(stream.value());
      return pass_.form(stage_ + 1, micro_batch).pack(context_, values);
    }
    // A sweep never goes back.
    Tensor make_output_gradient_space(int) override { return {}; }
    Tensor input_gradient(int, const Tensor&) override { return {}; }
    Tensor backward(int, const Tensor&) override { return {}; }
    void weight_gradient(int) override {}
    void step() override {}

   private:
    Context& context_;
    const PipelinePass& pass_;
    std::size_t stage_;
    StageModel& model_;
    bool is_last_;
    std::int64_t rows_;
    std::vector<Tensor>& streams_;
  };

  [[nodiscard]] Tensor make_rows(std::int64_t rows, std::size_t stream) const {
    const ArrayForm form = *pass_.plan_.forms.back().back().with_rows(rows)[stream];
    return pass_.parts_.context.empty(form.shape, form.dtype);
  }

  PipelinePass& pass_;
  int micro_batches_;
  std::vector<Tensor> streams_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::unique_ptr<PipelineRunner> runner_;
};

PipelinePass::PipelinePass(PipelineParts parts, StagePlan plan)
    : parts_(parts),
      plan_(std::move(plan)),
      layers_(parts.task.layers()),
      forward_times_(layers_.size()),
      criterion_(parts.context, parts.task, parts.parameters, parts.replicas) {}

PipelinePass::~PipelinePass() = default;

Tensor PipelinePass::forward(const data::Batch& batch) {
  drop();
  const int micro_batches = plan_.schedule.micro_batches;
  if (batch.size % micro_batches != 0)
    throw Failure(ErrorKind::invalid_input, "take a batch in parts",
                  fmt::format("{} rows are no multiple of {} micro-batches", batch.size, micro_batches),
                  "Set data.batch_size to a multiple of parallel.micro_batches");
  prepare(batch.size / micro_batches);
  for (int i = 0; i < micro_batches; ++i) {
    const data::Rows rows{i * rows_, rows_};
    inputs_.push_back(parts_.task.upload(parts_.context, batch, rows));
    if (batch.is_grouped) tokens_.push_back(batch.tokens_of(rows));
  }
  const train::Replicas* const replicas = parts_.replicas;
  criterion_.begin(replicas ? replicas->index() * batch.size : 0,
                   std::int64_t{replicas ? replicas->count() : 1} * batch.size);
  is_training_ = true;
  part_rows_ = rows_;
  do {
    const models::Streams made = sweep(micro_batches, rows_);
    for (int i = 0; i < micro_batches; ++i) criterion_.put(features_of(made, i), i * rows_);
  } while (watcher_.holds && !watcher_.holds());
  criterion_.gather();
  return criterion_.loss();
}

void PipelinePass::backward(float loss_scale) {
  criterion_.backward(loss_scale);
  for (const auto& stage : stages_)
    if (stage) stage->begin_step();
  runner_->run();
  if (parts_.replicas) {
    parts_.replicas->sum_gradients(parts_.context, parts_.parameters);
  } else {
    for (const auto& stage : stages_)
      if (stage) stage->finish_gradients();
  }
  criterion_.add_own_gradients();
}

void PipelinePass::drop() {
  inputs_.clear();
  tokens_.clear();
  criterion_.drop();
}

bool PipelinePass::watch(const train::PassPorts& ports) {
  watcher_ = ports;
  if (parts_.replicas) (void)parts_.replicas->watch(ports);
  return true;
}

std::vector<Variable> PipelinePass::features(const tasks::Task::Inputs& inputs) {
  const std::int64_t rows = inputs.front().dim(0);
  if (stages_.empty()) prepare(rows);
  tokens_.clear();
  inputs_ = {inputs};
  is_training_ = false;
  part_rows_ = rows;
  auto made = parts_.task.features_of(sweep(1, rows), inputs);
  inputs_.clear();
  return made;
}

PipelineRunner::Cost PipelinePass::runners_cost() const {
  PipelineRunner::Cost sum = gone_;
  const auto add = [&sum](const PipelineRunner::Cost& cost) {
    sum.sent_bytes += cost.sent_bytes;
    sum.waited_s += cost.waited_s;
  };
  if (runner_) add(runner_->cost());
  for (const auto& [key, each] : sweeps_) add(each->cost());
  return sum;
}

train::Exchanged PipelinePass::exchanged() const {
  const PipelineRunner::Cost sum = runners_cost();
  const comm::Traffic own = parts_.pipeline.traffic();
  return {"pipeline", sum.sent_bytes + own.payload_bytes + own.overhead_bytes, sum.waited_s, sum.waited_s};
}

std::vector<double> PipelinePass::forward_seconds() const {
  std::vector<double> out;
  for (const auto time : forward_times_) out.push_back(std::chrono::duration<double>(time).count());
  return out;
}

// The stages and their runner, for micro-batches of so many rows.
void PipelinePass::prepare(std::int64_t rows) {
  if (rows_ == rows) return;
  gone_ = runners_cost();
  runner_.reset();
  sweeps_.clear();
  rows_ = rows;
  stages_.clear();
  const parallel::Schedule& schedule = plan_.schedule;
  for (int stage = 0; stage < schedule.stage_count(); ++stage) {
    const bool is_here = schedule.stage_ranks[static_cast<std::size_t>(stage)] == parts_.pipeline.rank();
    stages_.push_back(is_here ? make_stage(static_cast<std::size_t>(stage)) : nullptr);
  }
  std::vector<StageWork*> works;
  for (const auto& stage : stages_) works.push_back(stage.get());
  parallel::Schedule lowered = parallel::insert_transfers(schedule);
  if (parts_.replicas) lowered = parallel::insert_reductions(std::move(lowered));
  runner_ = std::make_unique<PipelineRunner>(parts_.pipeline, std::move(lowered), std::move(works), ports());
}

std::unique_ptr<StageModel> PipelinePass::make_stage(std::size_t stage) {
  const bool is_last = stage + 1 == plan_.begins.size();
  const std::size_t end = is_last ? layers_.size() : plan_.begins[stage + 1];
  StageParts out;
  if (stage > 0) out.input = [this, stage](int micro_batch) { return form(stage, micro_batch); };
  out.output = [this, stage](int micro_batch) { return form(stage + 1, micro_batch); };
  for (std::size_t layer = plan_.begins[stage]; layer < end; ++layer) {
    out.layers.push_back([this, layer](Context& context, int micro_batch, models::Streams& streams) {
      run_layer(context, layer, micro_batch, streams);
    });
    for (const Parameter& parameter : parts_.parameters)
      if (layers_[layer].owns(parameter->path)) out.parameters.push_back(parameter);
  }
  if (parts_.replicas) out.reduce_gradients = [this, stage] { reduce(*stages_[stage]); };
  if (is_last) out.output_gradients = [this](int micro_batch) { return output_gradients(micro_batch); };
  return std::make_unique<StageModel>(parts_.context, std::move(out), plan_.schedule.micro_batches);
}

StreamForms PipelinePass::form(std::size_t stage, int micro_batch) const {
  if (tokens_.empty()) return plan_.forms.back()[stage].with_rows(part_rows_);
  const auto tokens = static_cast<std::size_t>(tokens_[static_cast<std::size_t>(micro_batch)]);
  return plan_.forms[tokens - 1][stage].with_rows(part_rows_);
}

// Of the rows of a micro-batch, from what the last stage made of all.
std::vector<Variable> PipelinePass::features_of(const models::Streams& made, int micro_batch) const {
  models::Streams own;
  for (const Variable& stream : made) own.emplace_back(stream.value().narrow(0, micro_batch * part_rows_, part_rows_));
  return parts_.task.features_of(own, inputs_[static_cast<std::size_t>(micro_batch)]);
}

// No more comes to a stage's gradients: they travel while others are still at work.
void PipelinePass::reduce(StageModel& stage) {
  stage.finish_gradients();
  for (const Parameter& parameter : stage.parameters()) parts_.replicas->complete(parts_.context, parameter);
}

void PipelinePass::run_layer(Context& context, std::size_t layer, int micro_batch, models::Streams& streams) {
  const std::int64_t first = micro_batch * part_rows_;
  const PartOfBatch scope(
      context, is_training_ ? BatchRows{criterion_.first_row() + first, part_rows_, !tokens_.empty()} : BatchRows{});
  const bool is_on_gpu = context.device().kind == DeviceKind::cuda;
  const bool is_timed = is_training_ && (!is_on_gpu || context.step() % kTimedSteps == kTimedSteps - 1);
  Stopwatch::Clock::duration elsewhere{};
  const Stopwatch watch(is_timed ? forward_times_[layer] : elsewhere);
  layers_[layer].forward(context, inputs_[static_cast<std::size_t>(micro_batch)], streams);
  if (is_timed) context.stream().wait();
}

std::vector<Tensor> PipelinePass::output_gradients(int micro_batch) const {
  std::vector<Tensor> gradients;
  for (std::size_t i = 0; i < made_streams(); ++i)
    gradients.push_back(criterion_.gradient(i, micro_batch * rows_, rows_));
  return gradients;
}

models::Streams PipelinePass::sweep(int micro_batches, std::int64_t rows) {
  auto& found = sweeps_[{micro_batches, rows}];
  if (!found) found = std::make_unique<Sweep>(*this, micro_batches, rows);
  return found->run();
}

PipelinePorts PipelinePass::ports() {
  PipelinePorts out;
  if (parts_.context.device().kind == DeviceKind::cuda) out.gpu = &parts_.context;
  out.settle = [this] {
    if (watcher_.tell && is_training_) parts_.context.stream().wait();
  };
  out.now_ns = [this] { return watcher_.now_ns ? watcher_.now_ns() : 0; };
  out.tell = [this](const PipelineSpan& span) {
    if (watcher_.tell && is_training_)
      watcher_.tell(to_journal(span, 0, static_cast<std::int64_t>(parts_.context.step()) + 1));
  };
  out.enter = [this](std::string_view op) {
    if (watcher_.at) watcher_.at(op);
  };
  return out;
}

}  // namespace athanor::distributed
