// What the ops of a pipeline cost: values that planner, simulator and search share. Times are in any one unit, memory
// in any one unit. Includes only std and core/base.
#pragma once

#include "core/parallel/schedule.h"

#include <vector>

namespace athanor::parallel {

struct StageCost {
  double forward = 1;          // F, of one micro-batch
  double input_gradient = 1;   // I
  double weight_gradient = 1;  // W; B takes I + W
  double activation = 1;       // memory from the beginning of F
  double kept = 1;    // of that, what stays after I until the end of W: inputs and output gradients of products
  double reduce = 0;  // REDUCE_GRAD, on a lane of its own
};

struct CostModel {
  std::vector<StageCost> stages;
  double hop = 0;               // how long a result travels to another rank
  bool blocking_sends = false;  // whether the sender's compute stands still for a hop before that
};

// The cost of all layers of one rank cut into equal chunks: stages of 1/chunks of it.
[[nodiscard]] CostModel uniform_costs(int ranks, int chunks, const StageCost& rank, double hop);

// Costs of many equal or unequal pieces of the model, in order of depth, as those of `stages` stages of as many pieces
// each. The number of pieces is a multiple of `stages`.
[[nodiscard]] std::vector<StageCost> gather_pieces(const std::vector<StageCost>& pieces, int stages);

// What an op adds to the memory of its rank when it begins (F, PREFETCH: at least 0) or ends (the others: at most 0).
[[nodiscard]] double memory_change(const StageCost& cost, OpKind kind) noexcept;
// The time an op takes on the compute lane; 0 for those that are not compute.
[[nodiscard]] double compute_time(const StageCost& cost, OpKind kind) noexcept;

}  // namespace athanor::parallel
