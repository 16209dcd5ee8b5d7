// The only writer of history.db; used by the agent alone. Every call is one transaction: it happens wholly or, when it
// returns an Error, not at all. Changes that no journal could give back (queue, edits) are flushed to the disk before
// the call returns; what comes out of journals is not, since an offset lost with its samples is simply read again. One
// thread at a time.
#pragma once

#include "core/base/result.h"
#include "core/journal/clock.h"
#include "core/journal/event.h"
#include "core/journal/metric_rows.h"
#include "core/store/types.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace athanor::store {

// How the agent starts a queued run.
enum class Launch : std::uint8_t { nothing, fresh, resume, fork };

struct NewRun {
  std::string name;
  std::string recipe_toml;
  std::int64_t steps = 0;
  std::int64_t created_ns = 0;
  RunStatus status = RunStatus::queued;
  Launch launch = Launch::nothing;  // other than nothing: at the end of the queue
  std::optional<RunId> parent;
  std::int64_t fork_step = 0;
  std::filesystem::path directory;  // where it is; or, with `id_in_directory`, the folder for "<name>-<id>"
  bool id_in_directory = false;
  std::string folder;   // with `id_in_directory`: "<folder>-<id>" instead, for names that are no good file names
  RunId wanted_id = 0;  // taken when it is free
};

// A process as told apart from a later one with the same number.
struct Process {
  std::int64_t pid = 0;      // 0: none
  std::int64_t started = 0;  // clock ticks after boot
  std::string boot;          // of the machine
  [[nodiscard]] bool operator==(const Process&) const = default;
};

// What the agent must watch or start.
struct Job {
  RunId run = 0;
  RunStatus status = RunStatus::queued;
  Launch launch = Launch::nothing;
  std::filesystem::path directory;
  std::optional<RunId> parent;
  std::int64_t fork_step = 0;
  Process process;
};

// A stretch of one journal, as journal::read gave it.
struct Stretch {
  RunId run = 0;
  int rank = 0;
  std::int64_t from_offset = 0;  // must be where the store stands
  std::int64_t next_offset = 0;
  std::int64_t anchor_wall_ns = 0;
  std::span<const journal::Event> events;
  std::uint32_t writer_pid = 0;  // of a writer that opened the journal in this stretch; 0: none did
  std::span<const JournalDamage> damage = {};
  std::optional<journal::SessionClock> clock = {};  // of a session that began in this stretch
  std::span<const journal::MetricRows> rows = {};
};

// Which kinds of rows a call changed.
struct Touched {
  bool runs = false, metrics = false, log = false, retrieval = false, occurrences = false, spans = false;
};

class Writer {
 public:
  // Creates the store or brings an older one up to date. ErrorKind::unavailable when a newer version wrote it.
  [[nodiscard]] static Result<std::unique_ptr<Writer>> open(const std::filesystem::path& file);
  ~Writer();

  // What `work` does through this writer is one transaction: when it returns an Error, or throws, none of it happened.
  Result<void> together(const std::function<Result<void>()>& work);

  [[nodiscard]] Result<Job> add_run(const NewRun& run);
  // All that are queued (in the order of the queue), then all that are live.
  [[nodiscard]] Result<std::vector<Job>> jobs();
  [[nodiscard]] Result<Job> job(RunId run);
  // The run whose directory this is, if there is one.
  [[nodiscard]] Result<std::optional<RunId>> run_in(const std::filesystem::path& directory);
  // What the run turned out to be: its resolved recipe. The name is taken when the run has only that of its folder.
  Result<void> describe(RunId run, const std::string& recipe_toml, std::int64_t steps, const std::string& name);
  // The run that it was forked from, and at which step.
  Result<void> set_parent(RunId run, RunId parent, std::int64_t fork_step);
  // To the end of the queue, as `queued`.
  Result<void> enqueue(RunId run, Launch launch);
  // To the front of the queue again, for what it was queued for: its process never came to anything.
  Result<void> requeue(RunId run);
  // Leaves the queue as `starting`.
  Result<void> set_started(RunId run, const Process& process);
  Result<void> set_process(RunId run, const Process& process);
  // Sets the end time when the status is not live: the one given, or now. Leaves the queue unless `queued`.
  Result<void> set_status(RunId run, RunStatus status, const std::string& cause, std::int64_t ended_ns = 0);

  [[nodiscard]] Result<std::int64_t> offset(RunId run, int rank);
  [[nodiscard]] Result<Touched> ingest(const Stretch& stretch);
  // Another one at the same place of the same journal is replaced.
  Result<void> note_damage(RunId run, const JournalDamage& damage);
  // Forgets everything that came out of the run's journals, so that they are read again from their beginning.
  Result<void> forget(RunId run);

  // Metadata: each call is one step of undo. The texts say what was done: "Delete run starter-3".
  Result<void> rename(RunId run, const std::string& name);
  Result<void> set_tags(const std::vector<RunId>& runs, const std::vector<std::string>& tags);
  Result<void> set_note(RunId run, const std::string& note);
  Result<void> set_pinned(const std::vector<RunId>& runs, bool pinned);
  Result<void> erase(const std::vector<RunId>& runs, std::int64_t now_ns);
  Result<void> restore(const std::vector<RunId>& runs);  // deleted ones
  Result<std::string> undo();
  Result<std::string> redo();

  // Takes the rows of all runs, the queue and the steps of undo from an older history into this one, which holds no run
  // yet; nothing of what came out of journals. Says up to which byte the older one had taken in each run's journal of
  // rank 0. ErrorKind::unavailable when a newer version wrote it.
  Result<std::map<RunId, std::int64_t>> copy_runs(const std::filesystem::path& older);
  // Takes a run away with all that is known of it, also from the steps of undo.
  Result<void> remove(RunId run);

 private:
  struct State;
  explicit Writer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Brings what the log beside a history holds into the file itself where that can be done, so that the file alone is the
// history.
void fold_log(const std::filesystem::path& file) noexcept;

}  // namespace athanor::store
