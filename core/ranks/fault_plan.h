// Faults that a run is to suffer on purpose, to see that it survives them: which, where, how often. The same text gives
// the same faults at the same steps, whatever the timing.
//
//   seed=7; kill: p=0.001; hang: rank=1 step=30 at=backward; slow: rank=2 p=0.1 ms=300; disk: step=40
//   drag: rank=1 step=10 until=80 factor=3
//
// Each fault has a kind (FaultKind), and where it is not said otherwise befalls any rank (rank), at any step (step),
// each time with the probability 1 (p), at a moment that is the kind's own (at), once: a rank that takes the place of
// another does not suffer it at the same step again, unless it says `again`.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::runner {

enum class FaultKind : std::uint8_t {
  kill,     // the process ends at once, as by kill -9
  stop,     // it is stopped by a signal and does nothing more
  hang,     // it does nothing more, and nothing tells so
  loader,   // the same while it waits for data
  slow,     // it pauses for `ms`
  drag,     // from `step` on, to `until`, all that it computes takes `factor` times as long
  memory,   // it asks for more memory than there is
  message,  // its next message comes damaged
  size,     // it is in the call that the others are in, with another size
  order,    // it is in another call than the others
  disk      // the disk is full when it saves
};
[[nodiscard]] const char* to_string(FaultKind kind) noexcept;

// Between two parts of a step; each comes after the part that it is named after, while the rank is still seen in it.
enum class FaultMoment : std::uint8_t { data, forward, backward, optimizer, tell, evaluate, checkpoint, save };
[[nodiscard]] const char* to_string(FaultMoment moment) noexcept;

struct PlannedFault {
  FaultKind kind = FaultKind::kill;
  FaultMoment at = FaultMoment::forward;  // tell and save: before it
  std::optional<int> rank;
  std::optional<std::int64_t> step;  // that is being taken; of evaluate, checkpoint and save the last one done
  double probability = 1;
  int pause_ms = 500;  // of slow
  double factor = 2;   // of drag, and the last step of it
  std::optional<std::int64_t> until;
  bool again = false;
};

struct FaultPlan {
  std::uint64_t seed = 0;
  std::vector<PlannedFault> faults;

  // Whether this one is due for a rank at a step and moment. A function of its arguments.
  [[nodiscard]] bool is_due(std::size_t fault, int rank, std::int64_t step, FaultMoment moment) const noexcept;
  // How many times as long as usual the rank's work is to take in a step, at least 1.
  [[nodiscard]] double drag(int rank, std::int64_t step) const noexcept;
};

// As read_fault_plan() reads it.
[[nodiscard]] std::string to_string(const PlannedFault& fault);
// Empty for an empty text. invalid_input names the word that is wrong and those that are possible.
[[nodiscard]] Result<FaultPlan> read_fault_plan(std::string_view text);

}  // namespace athanor::runner
