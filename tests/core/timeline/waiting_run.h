// A pipeline run whose stages wait a given time instead of computing: its ranks, schedule, messages and journals are
// real. Ranks are threads of this process.
#pragma once

#include "core/parallel/cost_model.h"
#include "core/parallel/schedule.h"

#include <filesystem>
#include <vector>

namespace athanor::timeline::test {

struct WaitingRun {
  parallel::Schedule schedule;                // compute ops only; lowered here
  std::vector<parallel::StageCost> costs_ns;  // of each stage
  int steps = 1;
  bool goes_on = false;  // leaves the run without its last word
};

// Writes the journals of all ranks into `folder`, and a recipe. Rank 0 also tells losses, how long it waited and what
// it sent, and of a rank that was lost and replaced. Throws Failure.
void write_waiting_run(const std::filesystem::path& folder, const WaitingRun& run);

// 8 ranks, 16 micro-batches, zb-v; the last stage is slower than the others.
[[nodiscard]] WaitingRun eight_ranks(double forward_ns, int steps);

}  // namespace athanor::timeline::test
