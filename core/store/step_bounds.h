// Where steps begin and end, and what share of it pipelines stood still, from their spans. Pure.
#pragma once

#include "core/journal/rounds.h"
#include "core/store/timeline.h"

#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace athanor::store {

class StepBounds {
 public:
  // Of spans that were read between these times: what lies at the edges may not be all of a step.
  StepBounds(std::int64_t begin_ns, std::int64_t end_ns) : begin_ns_(begin_ns), end_ns_(end_ns) {}
  // Those of a lane in the order in which they ended.
  void add(const journal::Span& span);
  // Those that reach into this window; none where there are more than can be told apart.
  [[nodiscard]] std::vector<TimelineStep> within(std::int64_t begin_ns, std::int64_t end_ns) const;

 private:
  struct Round {
    std::int64_t begin_ns = 0, end_ns = 0;
    double busy_ns = 0;
  };
  struct Step {
    std::int64_t begin_ns = 0, end_ns = 0;
    std::map<std::pair<int, int>, journal::Rounds> lanes;  // by rank and lane
    std::set<int> ranks;
    std::map<int, int> rank_of_stage;
    std::vector<Round> rounds;
    bool lies_on_several_ranks = false;
  };
  [[nodiscard]] TimelineStep value_of(std::int64_t number, const Step& step) const;

  std::int64_t begin_ns_, end_ns_;
  std::unordered_map<std::int64_t, Step> steps_;
};

}  // namespace athanor::store
