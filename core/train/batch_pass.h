// The forward and the backward pass of one batch, which may be shared with replicas and taken in micro-batches.
//
// The loss may tie all rows of a batch together, as a contrastive one does. So in parts it goes in three moves (Gao et
// al. 2021, "GradCache", arXiv:2101.06983): the features of all micro-batches without recording, gathered from all
// replicas; the loss of the whole batch and its gradients with respect to the features, which replicas divide or
// compute alike; then each micro-batch once more, recorded, and its backward pass. Memory holds the activations of one
// micro-batch at a time, and gradients are summed in one order for any number of replicas (gradient_sum.h): with the
// same number of micro-batches in all, a power of two for each replica, loss and gradients have the same bits.
#pragma once

#include "core/ops/tensor_group.h"
#include "core/tasks/task.h"
#include "core/train/criterion_pass.h"
#include "core/train/gradient_sum.h"
#include "core/train/pass.h"
#include "core/train/replicas.h"

#include <cstdint>
#include <vector>

namespace athanor::train {

class BatchPass final : public Pass {
 public:
  // All are referred to and outlive it. `micro_batches` are those of all replicas together, of which each takes its
  // own; `replicas` is null where there is but one.
  BatchPass(Context& context, tasks::Task& task, const std::vector<Parameter>& parameters, int micro_batches,
            Replicas* replicas);

  ~BatchPass() override;
  BatchPass(const BatchPass&) = delete;
  BatchPass& operator=(const BatchPass&) = delete;

  // Whether a batch is taken as a whole, by one that waits for nobody.
  [[nodiscard]] bool is_whole() const noexcept override { return is_alone() && ops::group_of(context_) == nullptr; }
  // Refuses rows that are no multiple of its micro-batches.
  [[nodiscard]] Tensor forward(const data::Batch& batch) override;
  void backward(float loss_scale) override;
  // Of a batch in parts: each part, and what waits for replicas.
  [[nodiscard]] bool watch(const PassPorts& ports) override;
  void drop() override;

 private:
  [[nodiscard]] bool is_alone() const noexcept { return replicas_ == nullptr && own_.count == 1; }
  [[nodiscard]] bool sums_nodes() const { return replicas_ != nullptr && replicas_->sums_nodes(); }
  void sum_over_replicas();
  [[nodiscard]] data::Rows rows_of(int micro_batch) const;  // among this replica's
  [[nodiscard]] std::vector<Variable> features(int micro_batch);
  void collect_features();
  void run_micro_batch(int micro_batch);
  void complete(Context& context, std::size_t parameter);
  void begin(journal::SpanKind section);
  // What was done since it last told.
  void tell(journal::SpanKind kind, int micro_batch = kWholeBatch);

  static constexpr int kWholeBatch = -1;
  Context& context_;
  tasks::Task& task_;
  const std::vector<Parameter>& parameters_;
  Replicas* replicas_;
  std::int64_t micro_batches_;
  MicroBatches own_;

  std::int64_t rows_ = 0;
  bool is_grouped_ = false;                  // micro-batches are of unequal length
  std::vector<tasks::Task::Inputs> inputs_;  // by micro-batch of this replica
  std::vector<Variable> recorded_;           // features of the only micro-batch
  Variable loss_;                            // where the batch is taken as a whole
  CriterionPass criterion_;
  GradientSum sum_;
  bool is_last_ = false;        // the micro-batch that goes backward
  std::vector<bool> complete_;  // in the last one, by parameter
  PassPorts ports_;
  bool replicas_tell_ = false;
  std::int64_t told_ns_ = 0;
};

}  // namespace athanor::train
