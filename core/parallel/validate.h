// What is wrong with a schedule, all of it, each fault as a value that names op, rank and peer and explains itself.
// A pure function; a schedule without faults can be executed on buffered first-in first-out transports without
// deadlock.
//
// The rules, for m micro-batches:
//   - each stage lies on one rank, and only that rank does its ops;
//   - each stage does each micro-batch's F once, and B once or I and W once each; of a sweep, F alone;
//   - on a rank F stands before I or B, I before W, and an op after what it needs of other stages on that rank;
//     OFFLOAD after F, then PREFETCH, then I or B; REDUCE_GRAD after the stage's last W or B, STEP after that; a stage
//     that is ever gathered is gathered (between UNSHARD and RESHARD) at each F, I and B;
//   - where transfers stand in the lists, every result that another rank needs is sent once after it is computed and
//     received once before it is needed, and the two ends of each ordered pair of ranks see the same order;
//   - doing each rank's ops in order, each as soon as what it needs is there, comes to the end of every list;
//   - no rank holds more activations than its cap.
#pragma once

#include "core/parallel/cost_model.h"
#include "core/parallel/schedule.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace athanor::parallel {

enum class FaultKind {
  malformed,  // the number of ranks, stages or micro-batches makes no sense
  foreign,    // an op of a stage or micro-batch that does not exist, or a transfer that nobody needs
  misplaced,  // an op of a stage that lies on another rank
  missing,
  duplicate,
  order,     // two ops of one rank
  channel,   // sender and receiver disagree about the order of messages
  deadlock,  // one for each rank that stands still for ever; looked for where none of the above is found
  memory,
};
inline constexpr std::array<const char*, 9> kFaultKindNames = {
    "malformed", "foreign", "misplaced", "missing", "duplicate", "order", "channel", "deadlock", "memory"};
[[nodiscard]] constexpr const char* to_string(FaultKind kind) noexcept {
  return kFaultKindNames[static_cast<std::size_t>(kind)];
}

inline constexpr int kNobody = -1;

struct Fault {
  FaultKind kind = FaultKind::malformed;
  int rank = kNobody;       // whose list is at fault
  int peer = kNobody;       // the other rank concerned: waited for, sent to or received from
  std::optional<Op> op;     // the op at fault; of a deadlock the blocked one
  std::optional<Op> other;  // what it stands in conflict with; of a deadlock the missing producer
  int place = -1;           // of `op` in the rank's list, from 0; -1 where it does not stand there
  std::string sentence;     // "rank 1 does I1.0 (place 3) before F1.0 (place 4), which it needs"
};

// The most that each rank may hold, in the unit of the stages' activations.
struct MemoryLimit {
  std::vector<StageCost> stages;
  std::vector<double> caps;  // one for each rank
};

// What a schedule is for: a step, or a sweep of forward passes alone, as for evaluating.
enum class Purpose { step, sweep };
// A sweep where no micro-batch ever goes backward.
[[nodiscard]] inline Purpose purpose_of(const Schedule& schedule) noexcept {
  return goes_backward(schedule) ? Purpose::step : Purpose::sweep;
}

// In the order of the rules above, then of ranks; empty where nothing is wrong. `limit`, where given, has as many
// stages and caps as the schedule has stages and ranks.
[[nodiscard]] std::vector<Fault> validate(const Schedule& schedule, const MemoryLimit* limit = nullptr,
                                          Purpose purpose = Purpose::step);

}  // namespace athanor::parallel
