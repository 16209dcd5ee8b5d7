// Schedules as the runtime executes them, shared by its tests.
#pragma once

#include "core/parallel/generate.h"
#include "core/parallel/passes.h"
#include "core/parallel/search.h"

#include <string>
#include <vector>

namespace athanor::distributed::test {

inline parallel::Schedule lowered(const parallel::Schedule& schedule) {
  using namespace parallel;
  return insert_steps(insert_reductions(insert_transfers(order_micro_batches(schedule))));
}

inline parallel::Schedule searched(int ranks, int micro_batches) {
  using namespace parallel;
  const StageCost cost{.forward = 1, .input_gradient = 1.15, .weight_gradient = 0.85};
  SearchProblem problem{.ranks = ranks, .micro_batches = micro_batches, .pieces = {}, .hop = 0.05, .memory_caps = {}};
  problem.pieces = uniform_costs(ranks, 2, cost, 0).stages;
  problem.memory_caps.assign(static_cast<std::size_t>(ranks), 1.5 * ranks);
  Schedule schedule = value_or_throw(search(problem, {.seed = 3, .scale = 0.05})).schedule;
  schedule.name = "searched";
  return schedule;
}

// Every generator and one found by search, lowered; of the latter some backwards are joined.
inline std::vector<parallel::Schedule> every_schedule(int p, int m) {
  using namespace parallel;
  std::vector<Schedule> all;
  for (const Schedule& schedule : {gpipe(p, m), one_f_one_b(p, m), interleaved_one_f_one_b(p, 2, m), zb_h1(p, m),
                                   zb_h2(p, m), zb_v(p, m), v_half(p, m), v_min(p, m), join_backward(searched(p, m))})
    all.push_back(lowered(schedule));
  return all;
}

}  // namespace athanor::distributed::test
