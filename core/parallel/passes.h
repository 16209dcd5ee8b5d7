// Passes that lower a schedule of compute ops to what a runtime executes. Pure functions from schedule to schedule; a
// pass that has nothing to do returns what it was given, so each may run twice. They ask for ops whose stages exist and
// never fail; on a schedule with other faults they do what they can and leave the explaining to `validate`.
#pragma once

#include "core/parallel/schedule.h"

namespace athanor::parallel {

// On each stage the first F is of micro-batch 0, the next of 1, and so on; so are the first I or B, and the first W of
// those that are left. Gradients are then summed over micro-batches in one order, whatever the schedule. No op begins
// later for it and no need is broken: what the n-th of a kind needs has been done n times before. For a schedule
// without transfers.
[[nodiscard]] Schedule order_micro_batches(Schedule schedule);

// I directly followed by W of the same stage and micro-batch becomes B, which a tape does in one go. The
// input gradient is then sent after both halves, so that joining may cost time; `simulate` tells.
[[nodiscard]] Schedule join_backward(Schedule schedule);

// The forwards of the first so many micro-batches alone, as for evaluating; in the order of a schedule whose ops are in
// order_micro_batches().
[[nodiscard]] Schedule keep_forwards(Schedule schedule, int micro_batches);

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
