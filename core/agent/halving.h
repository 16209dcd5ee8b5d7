// Which trials of a sweep go on. Pure functions; safe on any thread.
#pragma once

#include "core/recipe/sweep.h"
#include "core/store/writer.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace athanor::agent {

struct Advance {
  std::vector<store::RunId> going_on;  // the best first
  std::int64_t until = 0;              // the step they go to; 0: their last
  std::vector<store::LeftOut> left_out;
};

// The figure of a trial that waits, at the step where it does; NaN: it has none.
using FigureOf = std::function<double(const store::TrialState& trial)>;

// Nothing until all trials that are as far as any have come to where they wait, or have ended without. Those that wait
// further back, as after they were resumed by hand, are left behind, and so are deleted ones.
[[nodiscard]] std::optional<Advance> advance(const recipe::SweepPlan& plan,
                                             const std::vector<store::TrialState>& trials, const FigureOf& figure_of);

}  // namespace athanor::agent
