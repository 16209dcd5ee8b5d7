// The loss of a whole batch from features that were made in parts, some of them by replicas, and what it gives back.
// Replicas divide its work where the task can (core/tasks/task.h), or compute it alike: it has the same bits on all.
//   criterion.begin(rows);  criterion.put(…) for each part;  criterion.gather();  loss = criterion.loss();
//   criterion.backward(scale);  … gradient() for each part …;  criterion.add_own_gradients();
#pragma once

#include "core/autograd/input_leaf.h"
#include "core/tasks/task.h"
#include "core/train/replicas.h"

#include <cstdint>
#include <vector>

namespace athanor::train {

class CriterionPass {
 public:
  // All are referred to and outlive it; `replicas` is null where there is but one.
  CriterionPass(Context& context, tasks::Task& task, const std::vector<Parameter>& parameters, Replicas* replicas)
      : context_(context), task_(task), parameters_(parameters), replicas_(replicas) {}

  // A batch of so many rows, of which those from `first_row` on are this replica's.
  void begin(std::int64_t first_row, std::int64_t batch_rows);
  // Features of rows of this replica, counted among its own.
  void put(const std::vector<Variable>& features, std::int64_t first);
  // Once all own rows are there: brings those of the others. A call that all replicas make.
  void gather();
  // And then the loss [1] of the batch.
  [[nodiscard]] Tensor loss();

  // What the criterion itself gives to parameters is the same on all replicas and counts once: it is kept apart, and
  // the parameters are left without a gradient. A call that all replicas make.
  void backward(float loss_scale);
  // With respect to one of the features, of rows of this replica; absent where it gets none.
  [[nodiscard]] Tensor gradient(std::size_t feature, std::int64_t first, std::int64_t count) const;
  // Adds what was kept apart to the gradients of the parameters.
  void add_own_gradients();

  [[nodiscard]] std::int64_t first_row() const noexcept { return first_row_; }  // of this replica's, in the batch
  void drop();

 private:
  Context& context_;
  tasks::Task& task_;
  const std::vector<Parameter>& parameters_;
  Replicas* replicas_;

  [[nodiscard]] bool is_divided() const;

  std::int64_t first_row_ = 0, own_rows_ = 0, batch_rows_ = 0;
  std::vector<Tensor> whole_;      // features of the whole batch
  std::vector<InputLeaf> leaves_;  // those of them that may learn, in order; where it is divided, of own rows
  Variable loss_;
  std::vector<Tensor> of_features_;   // gradients of own rows, by feature
  std::vector<Tensor> of_criterion_;  // by parameter
};

}  // namespace athanor::train
