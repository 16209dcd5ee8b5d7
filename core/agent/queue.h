// What the agent tells of its queue and its sweeps. Values only.
#pragma once

#include "core/recipe/sweep.h"
#include "core/store/queue.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace athanor::agent {

// Room for runs: whole cores, GPUs, and runs at a time.
struct Room {
  int cores = 0, gpus = 0, slots = 0;
  [[nodiscard]] bool operator==(const Room&) const = default;
};
inline constexpr int kAnySlots = 1 << 20;

// Why a queued run has not begun.
enum class Why : std::uint8_t {
  starts,      // it is about to begin
  held,        // somebody holds it
  fault,       // one that it follows has not ended well
  sweep_held,  // somebody holds its sweep
  after,       // it follows runs that go on or wait
  later,       // its next attempt begins later
  queue_held,  // somebody holds the whole queue
  cores,       // it is the first that does not fit
  gpus,
  slots,
  behind  // it would fit, but would make the first that does not fit wait longer
};

struct QueueEntry {
  store::Job job;
  int position = 0;  // from 1; 0: it goes on
  Room room;         // what it takes
  Why why = Why::starts;
  std::vector<store::RunId> waits_for;  // of after, fault and behind
  std::string text;                     // why, in words
};

struct QueueView {
  std::vector<QueueEntry> queued, going_on;
  store::QueueSettings settings;
  Room all, free;  // of what the agent may use; slots: kAnySlots without a limit
};

// A sweep, its trials and how they stand.
struct SweepView {
  store::Sweep sweep;
  recipe::Objective objective;
  std::vector<store::TrialState> trials;  // by number
  int queued = 0, going_on = 0, waiting = 0, finished = 0, left_out = 0, failed = 0, stopped = 0;
  std::optional<std::size_t> best;  // of trials, so far
};

struct AddedSweep {
  store::SweepId sweep = 0;
  std::vector<store::RunId> runs;  // by number of the trial
};

// What takes the place of a queued run's recipe, or of single values in it.
struct Edit {
  std::string recipe_toml;             // empty: the run's own
  std::vector<std::string> overrides;  // "path=value"
};

}  // namespace athanor::agent
