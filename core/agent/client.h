// Talks to the user's athanor-agent over its socket (mode 0600 under ATHANOR_HOME): newline-delimited JSON requests and
// replies, and a stream of change notices for those who subscribe. Blocking calls with a deadline; use off the GUI
// thread.
#pragma once

#include "core/agent/queue.h"
#include "core/alerts/rule.h"
#include "core/base/result.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace athanor::agent {

struct Enqueue {
  std::string recipe_toml;
  store::RunId fork_of = 0;  // 0: from nothing
  std::int64_t fork_step = 0;
  store::QueueWish wish = {};
};

// What became of an imported run.
struct TakenIn {
  enum class What : std::uint8_t { added, changed, unchanged } what = What::unchanged;
  store::RunId run = 0;
};
inline constexpr const char* kStagedFolder = ".import-";  // and a process's number, a dash and what it likes

// What the subscriber should read again from the store.
struct Change {
  enum class What { runs, metrics, log, retrieval, occurrences, metadata, spans } what = What::runs;
  store::RunId run = 0;
};

class Client {
 public:
  // Connects; starts an agent (detached, the athanor-agent beside this program) when none answers.
  [[nodiscard]] static Result<std::unique_ptr<Client>> connect(const std::filesystem::path& home,
                                                               bool start_if_absent = true);
  // Ends the agent of this home, also one of another version, and waits until it has ended; false when none runs.
  [[nodiscard]] static Result<bool> quit_agent(const std::filesystem::path& home);
  ~Client();

  [[nodiscard]] Result<store::RunId> enqueue(const Enqueue& request);
  Result<void> stop(store::RunId run);    // checkpoint, then end; a queued run leaves the queue
  Result<void> resume(store::RunId run);  // back into the queue, from its last checkpoint
  // Asks a run on several ranks to suffer faults now, to see that it survives them: "kill: rank=1". The run itself says
  // in its log which it knows.
  Result<void> inject(store::RunId run, const std::string& faults);
  // Once the run has ended, its process is gone and it could be resumed. A run that is tried again has not ended, nor
  // has a trial that waits for the others of its sweep.
  [[nodiscard]] Result<store::Run> wait(store::RunId run, std::chrono::milliseconds deadline);
  [[nodiscard]] Result<std::vector<store::Run>> list();
  [[nodiscard]] Result<store::Run> run(store::RunId run);  // with its recipe

  // The queue. Each call is one wish, which happens wholly or not at all, and outlives the agent. Runs that are named
  // must be queued.
  [[nodiscard]] Result<QueueView> queue();
  // What the queue knows of a run, also of one that has ended: its attempts, its part in a sweep.
  [[nodiscard]] Result<QueueEntry> job(store::RunId run);
  // In the order given, and with the priority of those beside which they come to stand.
  Result<void> move(const std::vector<store::RunId>& runs, store::Spot spot, store::RunId beside = 0);
  Result<void> set_priority(const std::vector<store::RunId>& runs, int priority);
  Result<void> hold(const std::vector<store::RunId>& runs);
  // Also those that are held since one that they follow has not ended well: they follow it no more.
  Result<void> release(const std::vector<store::RunId>& runs);
  Result<void> hold_queue(bool held);  // nothing more begins
  Result<void> edit(store::RunId run, const Edit& edit);
  // How much of the machine it may use; `held` is not looked at.
  Result<void> limit(const store::QueueSettings& limits);

  // Alert rules, of all runs or of one; see core/alerts.
  Result<void> add_alert(std::optional<store::RunId> run, const alerts::Rule& rule);
  Result<void> remove_alert(std::optional<store::RunId> run, const std::string& name);
  struct AlertRule {
    std::optional<store::RunId> run;
    alerts::Rule rule;
    std::int64_t added_ns = 0;
  };
  [[nodiscard]] Result<std::vector<AlertRule>> alerts();

  // Many runs of one recipe, as recipe::to_text of the plan says, in one step.
  [[nodiscard]] Result<AddedSweep> add_sweep(const Enqueue& request, const std::string& plan);
  [[nodiscard]] Result<std::vector<SweepView>> sweeps();
  [[nodiscard]] Result<SweepView> sweep(store::SweepId sweep);
  Result<void> hold_sweep(store::SweepId sweep, bool held);
  Result<void> end_sweep(store::SweepId sweep);  // its trials stop, with checkpoints

  // Metadata. Each call is one step that undo() takes back, also after a restart.
  Result<void> rename(store::RunId run, const std::string& name);
  Result<void> set_tags(const std::vector<store::RunId>& runs, const std::vector<std::string>& tags);
  Result<void> set_note(store::RunId run, const std::string& note);
  Result<void> set_pinned(const std::vector<store::RunId>& runs, bool pinned);
  Result<void> erase(const std::vector<store::RunId>& runs);    // recoverable
  Result<void> restore(const std::vector<store::RunId>& runs);  // erased ones
  Result<std::string> undo();                                   // says what was taken back
  Result<std::string> redo();

  // A run directory of another tracker's run that lies below the folder of the runs, under a name that begins with
  // kStagedFolder, becomes a run, or takes the place of the run that it was before. The folder is gone then.
  [[nodiscard]] Result<TakenIn> take_in(const std::string& folder);

  // Takes erased runs out of the history for ever, and their folders from the disk; undo() does not bring them back.
  // One after the other: those before one that is refused are gone. The bytes that are free again.
  Result<std::int64_t> empty(const std::vector<store::RunId>& runs);

  Result<void> shut_down_agent();  // returns when it is gone; runs in progress go on, and the next agent adopts them

  // Calls `on_change` from this thread until stop is requested or the agent goes (then the Error says so). The first
  // notice (runs of run 0) comes at once: from then on none is missed, so that is the moment to read everything.
  Result<void> follow(const std::function<void(const Change&)>& on_change, std::stop_token stop);

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace athanor::agent
