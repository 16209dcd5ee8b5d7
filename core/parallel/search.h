// The search for a pipeline schedule: the fastest that fits the memory of every rank. A pure function of its arguments:
// the same seed gives the same schedule on every machine and never depends on the time it takes.
//
// Three means, since none is best alone:
//   1. every static schedule of `generate.h`, its backwards taken apart;
//   2. list schedules, which give each rank as soon as it is free the op that may begin first, with random head starts
//      for classes of ops (after the heuristics of Qi et al. 2023, arXiv 2401.10241);
//   3. from the best of those a walk: one op, every other time one of the critical path, moves along its rank's list,
//      and stays there unless that is slower.
// It ends early where the bound is reached:
//   makespan >= max over ranks of (F and hops until the rank's first stage can begin) + (all work of the rank)
// which for two chunks placed as a V is m T + (p-1)(F/2 + c), T = F + I + W of a rank and c a hop.
#pragma once

#include "core/parallel/cost_model.h"

#include <cstdint>
#include <string>
#include <vector>

namespace athanor::parallel {

struct SearchProblem {
  int ranks = 1;
  int micro_batches = 1;
  // The model in equal consecutive parts; a placement of v chunks is tried where their number is a multiple of p v.
  std::vector<StageCost> pieces;
  double hop = 0;
  bool blocking_sends = false;
  std::vector<double> memory_caps;  // of each rank, in the unit of the pieces' activations
};

struct SearchEffort {
  std::uint64_t seed = 0;
  double scale = 1;  // of the work done; 1 takes one core about a second for p = 16, m = 64
  int chunks = 2;    // the most that a rank may have
};

struct SearchResult {
  Schedule schedule;       // of F, I and W; not joined, since B sends later than I
  double makespan = 0;     // as `simulate` gives it
  double efficiency = 0;   // sum of busy / (p makespan)
  double bound = 0;        // the efficiency that no schedule of the same placement exceeds
  double gap = 0;          // makespan / its bound - 1
  std::string origin;      // the static schedule, or "list", that it was found from
  std::int64_t tried = 0;  // orders timed
};

// The makespan that no order of these stages' ops is faster than, whatever the memory.
[[nodiscard]] double least_makespan(const std::vector<int>& stage_ranks, int ranks, int micro_batches,
                                    const CostModel& costs);

// An invalid_input error where the problem makes no sense, out_of_memory where nothing found fits the caps.
[[nodiscard]] Result<SearchResult> search(const SearchProblem& problem, const SearchEffort& effort = {});

}  // namespace athanor::parallel
