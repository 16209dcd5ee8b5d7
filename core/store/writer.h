// The only writer of history.db; used by the agent alone. Every call is one transaction: it happens wholly or, when it
// returns an Error, not at all. Changes that no journal could give back (queue, edits) are flushed to the disk before
// the call returns; what comes out of journals is not, since an offset lost with its samples is simply read again. One
// thread at a time.
#pragma once

#include "core/base/result.h"
#include "core/journal/clock.h"
#include "core/journal/event.h"
#include "core/journal/metric_rows.h"
#include "core/store/alerts.h"
#include "core/store/queue.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace athanor::store {

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
  QueueWish wish = {};
  Needs needs = {};
  std::int64_t until = 0;              // the step after which it ends; 0: the recipe's last
  int trial = 0;                       // of add_sweep: its number
  std::string trial_values = {};       // and what sets it apart
  std::vector<std::string> tags = {};  // with which it comes
  std::string note = {};
};

struct NewSweep {
  std::string name, definition, recipe_toml;
  std::int64_t created_ns = 0;
};

// What takes the place of a queued run's recipe.
struct NewRecipe {
  std::string recipe_toml;
  std::string name, old_name;  // the name is taken where the run's is still the old one
  std::int64_t steps = 0;
  Needs needs;
  std::vector<std::string> changes;  // of a run that is to go on: see Job
};

// A trial that the others of its sweep leave behind.
struct LeftOut {
  RunId run = 0;
  std::string cause;
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
  // After these events: what is to be known of alerts; nothing: as it was. See AlertState.
  std::optional<std::string> alert_state = {}, alert_due = {};
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
  // Its trials, at the end of the queue in the order given. Their runs, in that order.
  [[nodiscard]] Result<std::pair<SweepId, std::vector<RunId>>> add_sweep(const NewSweep& sweep,
                                                                         const std::vector<NewRun>& trials);
  // All that are queued (in the order of the queue), then all that are live or whose end is not answered yet.
  [[nodiscard]] Result<std::vector<Job>> jobs();
  [[nodiscard]] Result<Job> job(RunId run);
  // The run whose directory this is, if there is one.
  [[nodiscard]] Result<std::optional<RunId>> run_in(const std::filesystem::path& directory);
  // What the run turned out to be: its resolved recipe. The name is taken when the run has only that of its folder.
  Result<void> describe(RunId run, const std::string& recipe_toml, std::int64_t steps, const std::string& name);
  // The run that it was forked from, and at which step.
  Result<void> set_parent(RunId run, RunId parent, std::int64_t fork_step);
  // To the end of the queue, as `queued`, with none of its attempts taken yet.
  Result<void> enqueue(RunId run, Launch launch);
  // To the front of the queue again, for what it was queued for: its process never came to anything.
  Result<void> requeue(RunId run);
  // Leaves the queue as `starting`, with its share of the machine; what follows from its end is then to be answered.
  Result<void> set_started(RunId run, const Process& process, const Share& share = {});
  Result<void> set_process(RunId run, const Process& process);
  // Sets the end time when the status is not live: the one given, or now. Leaves the queue unless `queued`. The end is
  // answered.
  Result<void> set_status(RunId run, RunStatus status, const std::string& cause, std::int64_t ended_ns = 0);
  // Nothing follows from the end of the run's process that its journal has not said.
  Result<void> answer(RunId run);
  // It ended after the step it was to reach, and waits for the other trials of its sweep.
  Result<void> set_waiting(RunId run, const std::string& cause);
  // To the front of the queue, for another attempt that begins no earlier than said.
  Result<void> retry(RunId run, Launch launch, const std::string& fault, std::int64_t not_before_ns);

  // The queue: each call is one wish. invalid_input for a run that is not queued.
  // The runs in the order given, and with the priority of those beside which they come to stand.
  Result<void> move(const std::vector<RunId>& runs, Spot spot, RunId beside = 0);
  Result<void> set_priority(const std::vector<RunId>& runs, int priority);
  Result<void> hold(const std::vector<RunId>& runs);
  // Those that a run went wrong for which they follow follow it no more.
  Result<void> release(const std::vector<RunId>& runs);
  Result<void> hold_for_fault(RunId run, const std::string& reason);
  Result<void> set_recipe(RunId run, const NewRecipe& recipe);
  Result<void> set_needs(RunId run, const Needs& needs);
  Result<void> set_settings(const QueueSettings& settings);
  [[nodiscard]] Result<QueueSettings> settings();

  // Alerts. A rule is never changed: another one takes its place.
  [[nodiscard]] Result<std::int64_t> add_alert(std::optional<RunId> run, const std::string& rule, std::int64_t when_ns);
  Result<void> remove_alert(std::int64_t id, std::int64_t when_ns);
  // Those of all runs and of this one, also those that were removed, by number.
  [[nodiscard]] Result<std::vector<AlertRule>> alert_rules(RunId run);
  [[nodiscard]] std::uint64_t alert_version() const;  // another one once rules changed
  [[nodiscard]] Result<AlertState> alert_state(RunId run);
  Result<void> forget_alert_due(RunId run);
  // To the front of the queue, since what an alert asked for is done; held where a reason is given.
  Result<void> go_on_after_alert(RunId run, Launch launch, const std::string& held_for);

  // Those of which a trial waits.
  [[nodiscard]] Result<std::vector<Sweep>> waiting_sweeps();
  [[nodiscard]] Result<std::vector<TrialState>> trials(SweepId sweep, const std::string& metric);
  Result<void> hold_sweep(SweepId sweep, bool held);
  // Its queued trials leave the queue, those that wait stay stopped.
  Result<void> end_sweep(SweepId sweep);
  // Those that go on, to the front of the queue in the order given, up to the step `until` (0: to their end), and those
  // that do not.
  Result<void> advance(SweepId sweep, const std::vector<RunId>& going_on, std::int64_t until,
                       const std::vector<LeftOut>& left_out);

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
