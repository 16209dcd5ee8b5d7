// Passes that lower a schedule of compute ops to what a runtime executes. Pure functions from schedule to schedule; a
// pass that has nothing to do returns what it was given, so each may run twice. They ask for ops whose stages exist and
// never fail; on a schedule with other faults they do what they can and leave the explaining to `validate`.
#pragma once

#include "core/parallel/schedule.h"

namespace athanor::parallel {

// I directly followed by W of the same stage and micro-batch becomes B, which a tape does in one go. The
// input gradient is then sent after both halves, so that joining may cost time; `simulate` tells.
[[nodiscard]] Schedule join_backward(Schedule schedule);

// Inserts sends and receives between stages on different ranks, and none between stages that share one. A send stands
// right after the op whose result it carries. A receive stands before the op that needs it, as late as the order of its
// channel allows: on each ordered pair of ranks (a channel) both sides see the same order, without which first-in
// first-out transports deadlock. Sends are buffered and receives are posted: neither waits for its peer, only the op
// that needs what was received does. Transfers that already stand there are replaced.
[[nodiscard]] Schedule insert_transfers(Schedule schedule);

// REDUCE_GRAD of each stage right after its last W or B, so that reducing along the data axis overlaps the drain.
[[nodiscard]] Schedule insert_reductions(Schedule schedule);

// STEP of each of its stages, in order of stages, at the end of each rank.
[[nodiscard]] Schedule insert_steps(Schedule schedule);

}  // namespace athanor::parallel
