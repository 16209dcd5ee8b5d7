// Cutting a model into stages, and a batch into shares. Pure functions; exact, not heuristic.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::parallel {

// One layer of the model in order of depth; embedding and loss are layers too.
struct LayerCost {
  double time = 0;        // F + I + W of one micro-batch
  double activation = 0;  // memory of one micro-batch from F to W
  double state = 0;       // memory of parameters, gradients and optimizer state
};

// What a stage may take.
struct StageLimit {
  int in_flight = 1;  // micro-batches whose activations it holds at once; under 1F1B min(m, p - r)
  double memory = 0;  // at most this: sum of states + in_flight x sum of activations
  double pace = 1;    // how long its rank takes for a unit of time
};

struct Partition {
  std::vector<std::size_t> begins;  // the first layer of each stage
  double slowest = 0;               // the time of the slowest stage, at its pace
};

// The limits of 1F1B with the same memory on each of p ranks.
[[nodiscard]] std::vector<StageLimit> one_f_one_b_limits(int ranks, int micro_batches, double memory);

// Consecutive stages, each of at least one layer, whose slowest is as fast as the limits allow; of several such
// partitions the one with the least sum of squared times, of several of those the one whose last stages begin first.
// Dynamic programming over prefix sums, O(L^2 S) for L layers and S stages. An invalid_input error where there are
// fewer layers than stages or a cost is negative or not finite; out_of_memory where no partition keeps the limits,
// which names the stage that could not be filled.
[[nodiscard]] Result<Partition> partition_layers(std::span<const LayerCost> layers, std::span<const StageLimit> limits);

// Micro-batches for each of several replicas: whole numbers that sum to `micro_batches` and minimise the time of the
// last to finish, max n_i / speed_i; of equal shares the first replica gets more. They are proportional to the speeds
// up to rounding (the highest averages of d'Hondt and Jefferson). Speeds are in any one unit, at least 0 and not all 0;
// a replica of speed 0 gets none. An invalid_input error otherwise.
[[nodiscard]] Result<std::vector<std::int64_t>> share_micro_batches(std::int64_t micro_batches,
                                                                    std::span<const double> speeds);

}  // namespace athanor::parallel
