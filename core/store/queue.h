// The queue as values: what a run asks of a machine, where it stands, what it waits for; and sweeps, which are many
// runs with one aim. Times are wall-clock nanoseconds since the Unix epoch.
#pragma once

#include "core/store/types.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace athanor::store {

using SweepId = std::int64_t;

// How the agent starts a queued run.
enum class Launch : std::uint8_t { nothing, fresh, resume, fork };

// A process as told apart from a later one with the same number.
struct Process {
  std::int64_t pid = 0;      // 0: none
  std::int64_t started = 0;  // clock ticks after boot
  std::string boot;          // of the machine
  [[nodiscard]] bool operator==(const Process&) const = default;
};

// Why a run stays in the queue whatever is free: somebody asked for it, or one that it follows has not ended well.
enum class Hold : std::uint8_t { none, asked, fault };

enum class DeviceWish : std::uint8_t { automatic, cpu, cuda };

// What a run asks of a machine, as its recipe says it.
struct Needs {
  int ranks = 0;    // 0: not known
  int threads = 0;  // of each rank on a CPU; 0: an even share of all cores
  DeviceWish device = DeviceWish::automatic;
};

// What a run has of the machine while it goes on.
struct Share {
  int cores = 0;                     // 0: not known
  std::vector<std::string> devices;  // GPUs, as CUDA_VISIBLE_DEVICES names them
};

// What somebody who queues a run may say of it.
struct QueueWish {
  int priority = 0;  // higher ones first
  bool held = false;
  std::vector<RunId> after = {};   // it begins once these have ended well
  bool continue_on_error = false;  // in any way
  int retries = 0;                 // so often it goes on by itself after a fault that may pass
  bool retry_numeric = false;      // also after numbers that were not finite
};

// A run that another one in the queue follows.
struct Followed {
  RunId run = 0;
  RunStatus status = RunStatus::broken;  // as now
  bool has_ended = false;                // it does not go on by itself any more
};

struct Retrying {
  int limit = 0;
  int done = 0;  // attempts after the first
  bool numeric = false;
  std::int64_t not_before_ns = 0;
  std::string fault;  // what the attempt before ended with
};

// A run's part in its sweep.
struct Trial {
  SweepId sweep = 0;
  int number = 0;            // from 1
  std::string values = {};   // "train.learning_rate=0.001 model.text_depth=2"
  bool waits = false;        // it has reached its step and waits for the others
  bool is_out = false;       // the others go on without it
  bool sweep_held = false;   // all of its sweep
  bool sweep_ended = false;  // somebody ended the sweep
};

// What the agent must start or watch.
struct Job {
  RunId run = 0;
  std::string name;
  RunStatus status = RunStatus::queued;
  Launch launch = Launch::nothing;
  std::filesystem::path directory;
  std::optional<RunId> parent;
  std::int64_t fork_step = 0;
  Process process;
  int priority = 0;
  Hold hold = Hold::none;
  std::string hold_reason;  // of Hold::fault
  Needs needs;
  Share share;
  std::vector<Followed> after;
  bool continue_on_error = false;
  Retrying retry;
  bool is_unanswered = false;        // what follows from the end of its process was not decided yet
  std::int64_t until = 0;            // the step after which it ends; 0: the recipe's last
  std::vector<std::string> changes;  // "path=value": of a recipe with which it has begun already
  std::optional<Trial> trial;
};

// How much the agent may use, and whether it starts anything.
struct QueueSettings {
  bool held = false;
  std::optional<int> cores = {}, gpus = {};  // nothing: all that the machine has
  std::optional<int> slots = {};             // runs at a time; nothing: as many as fit
  [[nodiscard]] bool operator==(const QueueSettings&) const = default;
};

struct Sweep {
  SweepId id = 0;
  std::string name;
  std::int64_t created_ns = 0;
  std::string definition;   // recipe::to_text of its plan
  std::string recipe_toml;  // that its trials begin from
  bool held = false;
  bool ended = false;  // by somebody, before all trials had ended
};

// A trial as its run stands.
struct TrialState {
  RunId run = 0;
  Trial trial;
  RunStatus status = RunStatus::queued;
  std::string cause;
  std::int64_t step = 0, steps = 0, until = 0;
  bool is_unanswered = false;  // as in Job
  bool is_deleted = false;
  double last = 0;  // of the metric that was asked for; NaN: none yet
};

// Where runs are moved to in the queue.
enum class Spot : std::uint8_t { front, end, before, after };

}  // namespace athanor::store
