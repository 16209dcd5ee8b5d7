// Training that goes on although ranks are lost. Whoever is left keeps what it has learnt; with the process that takes
// the lost one's place they agree on one state, which is that of rank 0 where it is left, and take the step that was
// under way again. Nothing of it is read from a disk, and the numbers are those of a run in which nothing happened.
#pragma once

#include "core/assembly/assembly.h"
#include "core/runner/rank_link.h"
#include "core/train/trainer.h"

#include <cstdint>
#include <functional>

namespace athanor::runner {

struct Elastic {
  const recipe::Recipe& recipe;
  Assembly& assembly;
  RankLink* link;         // null: there is but one rank, and nothing to lose
  std::int64_t done = 0;  // in and out: steps
  bool knows = true;      // this rank has the state after `done` steps
  // Of rank 0, for when nobody knows: brings back what was saved and says after how many steps.
  std::function<std::int64_t()> restore = {};
};

// Runs the plan to its end. Each recovery is told as a Recovery, after the FaultSeen that led to it. Throws Failure
// where what went wrong is no lost rank, or where none takes its place.
[[nodiscard]] train::Outcome train_elastic(Elastic& elastic, const train::Plan& plan, const train::Ports& ports);

}  // namespace athanor::runner
