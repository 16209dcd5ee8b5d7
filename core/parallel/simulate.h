// The time a schedule takes, by discrete events. A pure function.
//
// Each rank has one compute lane on which F, I, W and B run in the order of its list, each as soon as the lane is free
// and what it needs has arrived. A result is on another rank one hop after the op ended. With blocking sends the
// sender's lane stands still for a hop, handing the result over, and only then does the result travel for another. A
// schedule without sends sends each result where it is ready. SEND, RECV and the ops of a whole stage take no compute
// time; a REDUCE_GRAD runs on a lane of its own. Links have a latency and no limit to what is under way.
//
// Every rank waits for the slowest before its step (the gradient norm is global), unless simulate_step() is asked what
// is gained without, so
//   efficiency      = sum of busy / (p makespan)                 from the beginning of the step to its end
//   span efficiency = sum of busy / (p longest span of a rank)   from its first op to the end of its last
// The second leaves out the ramp that no order of ops can fill; "zero bubble" is said of it.
#pragma once

#include "core/parallel/cost_model.h"

#include <span>
#include <vector>

namespace athanor::parallel {

enum class Lane : std::int32_t { compute = 0, send = 1, reduce = 2 };

// One bar of a timeline; the same form as a span in a journal, in the unit of the cost model.
struct TimelineSpan {
  std::int32_t rank = 0;
  Lane lane = Lane::compute;
  Op op;
  double begin = 0;
  double end = 0;
};

// Memory that a rank holds from `time` on.
struct MemoryPoint {
  double time = 0;
  double held = 0;
};

struct RankUse {
  double busy = 0;               // on the compute lane, without blocked sends
  double first = 0, last = 0;    // begin of the first and end of the last compute op
  double bubble = 0;             // share of the makespan that the lane is not busy
  double memory_high_water = 0;  // activations
  std::vector<MemoryPoint> memory;
};

struct Simulation {
  double makespan = 0;
  double efficiency = 0;
  double span_efficiency = 0;
  std::vector<RankUse> ranks;
  std::vector<TimelineSpan> timeline;  // by rank, then in the order of its list
};

// An invalid_input error with the first fault that `validate` names, or where costs are missing, negative or not
// finite.
// `free` says from when on each rank can begin; empty: all from 0 on.
[[nodiscard]] Result<Simulation> simulate(const Schedule& schedule, const CostModel& costs,
                                          std::span<const double> free = {});

// A step whose stages first make what all micro-batches come to, forward only, meet for the loss of the whole batch,
// and then go through the schedule: how long it takes in a row of such steps.
struct StepTime {
  double waiting = 0;  // where ranks wait for the slowest before the optimizer's step
  double ahead = 0;    // where each takes its step at once, and the next one's forward passes begin
};
// As simulate().
[[nodiscard]] Result<StepTime> simulate_step(const Schedule& schedule, const CostModel& costs);

}  // namespace athanor::parallel
