// A batch's loss and gradients from a pipeline of stages, for a task whose loss ties all rows of a batch together. As
// in core/train/batch_pass.h it goes in three moves: the stages make the features of all micro-batches without
// recording; every rank is given them, of all replicas, and computes the loss and its gradients with respect to them,
// which the ranks of a pipeline do alike; then the schedule is gone through, whose backward passes begin from those.
// With the same number of micro-batches loss and gradients have the bits of one process.
//
// With replicas the gradients of a stage are sent to them as soon as its last micro-batch has gone back, while the rank
// is still at work on its others (REDUCE_GRAD); where replicas share gradients, it waits for their sums there.
// Parameters that no layer owns belong to the criterion, and every rank has them. A fault is the communicator's or a
// stage's; it ends the waits of all ranks.
#pragma once

#include "core/distributed/mesh_ranks.h"
#include "core/distributed/pipeline_runner.h"
#include "core/distributed/stage_model.h"
#include "core/distributed/stopwatch.h"
#include "core/train/criterion_pass.h"
#include "core/train/pass.h"
#include "core/train/world.h"

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace athanor::distributed {

// How a model is cut. The same on every rank.
struct StagePlan {
  parallel::Schedule schedule;      // of compute ops; micro-batches of one replica
  std::vector<std::size_t> begins;  // the first layer of each stage
  // What goes into each stage, and what comes out of the last, of a single row whose text has so many tokens, from 1
  // on. Those of the most tokens alone, where no text is shorter.
  std::vector<std::vector<StreamForms>> forms;
};

// All are referred to and outlive the pass.
struct PipelineParts {
  Context& context;
  tasks::Task& task;
  const std::vector<Parameter>& parameters;  // those that this rank has
  comm::Communicator& pipeline;
  train::Replicas* replicas = nullptr;  // of this rank's stages; null where there is but one
};

class PipelinePass final : public train::Pass {
 public:
  // A call that all ranks of the pipeline make; `plan` is the same on all. Throws what PipelineRunner refuses.
  PipelinePass(PipelineParts parts, StagePlan plan);
  ~PipelinePass() override;

  [[nodiscard]] Tensor forward(const data::Batch& batch) override;
  void backward(float loss_scale) override;
  void drop() override;
  [[nodiscard]] bool watch(const train::PassPorts& ports) override;

  // The task's features of rows that all ranks of the pipeline have the same inputs of, on all of them. Records
  // nothing.
  [[nodiscard]] std::vector<Variable> features(const tasks::Task::Inputs& inputs);
  // What the pipeline has cost this rank so far.
  [[nodiscard]] train::Exchanged exchanged() const;
  // How long the forward passes of each layer took in training so far, on a GPU in one step of several, in seconds; 0
  // for those of other ranks.
  [[nodiscard]] std::vector<double> forward_seconds() const;

 private:
  class Sweep;  // of all micro-batches, forward only

  void prepare(std::int64_t rows);
  [[nodiscard]] PipelineRunner::Cost runners_cost() const;
  [[nodiscard]] std::unique_ptr<StageModel> make_stage(std::size_t stage);
  // Of a micro-batch of inputs_.
  [[nodiscard]] StreamForms form(std::size_t stage, int micro_batch) const;
  void reduce(StageModel& stage);
  void run_layer(Context& context, std::size_t layer, int micro_batch, models::Streams& streams);
  [[nodiscard]] std::vector<Tensor> output_gradients(int micro_batch) const;
  [[nodiscard]] std::size_t made_streams() const { return plan_.forms.back().back().count(); }
  [[nodiscard]] std::vector<Variable> features_of(const models::Streams& made, int micro_batch) const;
  [[nodiscard]] models::Streams sweep(int micro_batches, std::int64_t rows);
  [[nodiscard]] PipelinePorts ports();

  PipelineParts parts_;
  StagePlan plan_;
  std::vector<models::ChainLayer> layers_;
  std::vector<Stopwatch::Clock::duration> forward_times_;  // of each
  train::CriterionPass criterion_;
  train::PassPorts watcher_;
  // What the stages are at: micro-batches of part_rows_ rows, and the tokens of their texts, where these are of unequal
  // length; in training those of this replica.
  std::vector<tasks::Task::Inputs> inputs_;
  std::vector<int> tokens_;
  std::int64_t part_rows_ = 0;
  bool is_training_ = true;
  std::int64_t rows_ = 0;                            // of a micro-batch in training, once known
  std::vector<std::unique_ptr<StageModel>> stages_;  // by stage; null for those of other ranks
  std::unique_ptr<PipelineRunner> runner_;
  PipelineRunner::Cost gone_;                                              // of runners that were made for other rows
  std::map<std::pair<int, std::int64_t>, std::unique_ptr<Sweep>> sweeps_;  // by micro-batches and rows of one
};

}  // namespace athanor::distributed
