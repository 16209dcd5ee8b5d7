// The queue and the runs: starts queued runs as the machine has room for them, follows the journals of all, notices how
// processes end, and takes up again after its own death whatever went on meanwhile. One thread; all state that matters
// is in the store.
#pragma once

#include "core/agent/alerting.h"
#include "core/agent/follower.h"
#include "core/agent/launch.h"
#include "core/agent/loop.h"
#include "core/agent/machine.h"
#include "core/agent/packing.h"
#include "core/agent/policy.h"
#include "core/agent/protocol.h"
#include "core/agent/reserve.h"
#include "core/store/reader.h"
#include "core/store/writer.h"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace athanor::agent {

class Supervisor {
 public:
  using Notify = std::function<void(const Change&)>;

  Supervisor(Loop& loop, Places places, store::Writer& writer, store::Reader& reader, std::filesystem::path run_program,
             const Policy& policy, Notify notify);
  ~Supervisor();

  // Reads all run directories and the queue; throws Failure.
  void start();
  // Does what is due and says for how long nothing will be.
  std::chrono::milliseconds work();
  // Takes in what the journals hold already, for at most so long: the history then tells of no run half read.
  void catch_up(std::chrono::milliseconds within);
  // No run goes on or may begin by itself.
  [[nodiscard]] bool is_idle() const;
  // Nothing of the run's process is left to wait for: what the history says of it is the last word, and it can be
  // resumed.
  [[nodiscard]] bool has_settled(store::RunId run) const;

  [[nodiscard]] Result<store::RunId> enqueue(const Enqueue& request);
  [[nodiscard]] Result<AddedSweep> add_sweep(const Enqueue& request, const std::string& plan);
  Result<void> edit(store::RunId run, const Edit& edit);
  Result<void> move(const std::vector<store::RunId>& runs, store::Spot spot, store::RunId beside);
  Result<void> set_priority(const std::vector<store::RunId>& runs, int priority);
  Result<void> hold(const std::vector<store::RunId>& runs, bool held);
  Result<void> hold_queue(bool held);
  Result<void> hold_sweep(store::SweepId sweep, bool held);
  Result<void> end_sweep(store::SweepId sweep);
  Result<void> limit(const store::QueueSettings& limits);
  // A name is given once for all runs, and once for each. The names in a condition mean metrics of these runs.
  // invalid_input.
  Result<void> add_alert(std::optional<store::RunId> run, alerts::Rule rule);
  Result<void> remove_alert(std::optional<store::RunId> run, const std::string& name);
  [[nodiscard]] Result<QueueView> queue();
  Result<void> stop(store::RunId run);
  Result<void> resume(store::RunId run);
  // Leaves a wish in the folder of a run that goes on, where the process that started its ranks finds it.
  Result<void> inject(store::RunId run, const std::string& faults);
  // See Client::take_in.
  [[nodiscard]] Result<TakenIn> take_in(const std::string& folder);
  // Takes an erased run away for ever, with its folder; how many bytes that held. Refused for one that goes on, that
  // was not erased, or that another run in the queue begins from.
  Result<std::int64_t> empty(store::RunId run);

 private:
  using Clock = std::chrono::steady_clock;
  struct Watch {
    explicit Watch(store::RunId run, std::filesystem::path folder)
        : directory(folder), follower(run, std::move(folder)) {}
    std::filesystem::path directory;
    Follower follower;
    store::Process process;  // pid 0: not known
    Descriptor end;          // readable when the process has ended
    bool live = false;       // going on, as far as the history knows
    bool ended = false;      // its process is gone, the last words are still to be read
    bool asked_to_stop = false;
    std::optional<Clock::time_point> kill_at;  // when a process that was asked to stop is ended by force
    bool said_stopping = false;                // it heard the wish and has the longer time to save
    bool killed = false;                       // it was, and its journal does not say so yet
    bool told_fault = false;                   // the journal has the fault, and not yet the state
    Clock::time_point say_until{};             // how long that is tried
    std::optional<Clock::time_point> unreadable_since;
    bool adopted = false;  // was started before this agent was
    Ending ending;
    Room room;               // what it takes while it goes on
    bool has_share = false;  // and that is known, not guessed
    std::vector<std::string> gpus;
    bool told_retry = false;  // its journal has been told of the next attempt, or of going back
    std::string recipe;       // as the history has it, once it was looked at
    Clock::time_point read_again{};
  };

  void watch_directory(const std::filesystem::path& directory);
  Result<std::int64_t> take_away(const store::Run& row);
  void forget(store::RunId run, const std::filesystem::path& directory);
  void remove_leftovers() const;
  void scan();
  void take_up(const store::Job& job);
  Watch& watch_of(const store::Job& job);
  void on_file_event();
  void on_directory_event(int watch, const std::string& name);
  Result<store::RunId> import(const store::NewRun& run);
  Result<void> take_again(store::RunId run, const std::filesystem::path& staged, const std::filesystem::path& folder);

  static constexpr std::string_view kRollBackRule = "roll-back";  // of the alerts that tell of going back

  void wake(store::RunId run);
  bool read_due();
  void read(store::RunId run, Watch& watch);
  void hear_of(store::RunId run, Watch& watch, std::uint32_t writer_pid);
  void not_read(store::RunId run, Watch& watch, const Error& error);
  void look_at_recipe(store::RunId run, Watch& watch);
  void set_process(store::RunId run, Watch& watch, const store::Process& process);
  void process_ended(store::RunId run, Watch& watch);
  void settle(store::RunId run, Watch& watch);
  Result<bool> conclude(store::RunId run, Watch& watch, const store::Job& job);
  [[nodiscard]] Verdict judge_end(store::RunId run, const Watch& watch);
  [[nodiscard]] bool may_go_on(const store::Job& job, const Verdict& ended, const Ending& ending);
  [[nodiscard]] static store::Launch how_to_go_on(const store::Job& job, bool has_journal);
  Result<bool> try_again(store::RunId run, Watch& watch, const store::Job& job, const std::string& cause);
  [[nodiscard]] std::chrono::milliseconds retry_delay(const store::Retrying& retry) const;
  static Result<void> tell_journal(const Watch& watch, const journal::Payload& payload);
  void rest(store::RunId run, Watch& watch);
  [[nodiscard]] std::optional<AlertDue> alert_due(store::RunId run);
  void act_on_alert(store::RunId run, Watch& watch);
  void look_for_stall(store::RunId run, Watch& watch);
  Result<std::optional<bool>> follow_alert(store::RunId run, Watch& watch, const store::Job& job, const Verdict& ended);
  Result<std::optional<bool>> roll_back(store::RunId run, Watch& watch, const store::Job& job, const AlertDue& due);
  void try_later(store::RunId run, Watch& watch, const Error& error);
  void await_stop(Watch& watch);
  void end_by_force(store::RunId run, Watch& watch);
  Result<void> say_killed(store::RunId run, Watch& watch);
  void check_health();
  [[nodiscard]] Room all_room() const;
  [[nodiscard]] Offer offer() const;
  void take_share(const store::Job& job, Watch& watch);
  void guess_share(const store::Needs& needs, Watch& watch) const;
  [[nodiscard]] store::Share share_for(const Room& room) const;
  Result<std::vector<store::Job>> queued_jobs();
  void start_next();
  void begin(const store::Job& job, const Room& room);
  void not_begun(const store::Job& job, const Error& error);
  Result<void> launch(const store::Job& job, const Room& room);
  [[nodiscard]] double figure_of(const store::TrialState& trial, const std::string& metric);
  Result<void> advance_sweeps();
  Result<void> stop_ended_sweeps();
  void look_at_queue();
  Result<void> changed(Result<void> done, const std::vector<store::RunId>& runs);
  Result<void> set_settings(const store::QueueSettings& settings);
  Result<std::optional<store::Job>> parent_of(const Enqueue& request);
  // The last state that the run's journal names.
  [[nodiscard]] std::optional<journal::StateChanged> last_state(store::RunId run);
  [[nodiscard]] std::optional<Verdict> last_word(store::RunId run);
  [[nodiscard]] static bool is_going_on(const Watch& watch) { return watch.live || watch.process.pid != 0; }
  void tell(Change::What what, store::RunId run) { notify_({what, run}); }

  Loop& loop_;
  Places places_;
  store::Writer& writer_;
  store::Reader& reader_;
  std::filesystem::path run_program_;
  Policy policy_;
  Notify notify_;
  Reserve reserve_;
  Descriptor inotify_;
  int runs_watch_ = -1;
  std::map<int, std::filesystem::path> directories_;  // by inotify watch
  std::map<std::filesystem::path, store::RunId> run_in_;
  std::map<store::RunId, Watch> watches_;
  std::set<store::RunId> awake_;
  bool queue_changed_ = true;
  bool expects_start_ = false;  // a queued run may begin without anybody doing anything
  Clock::time_point next_health_{};
  Clock::time_point next_start_{};
  std::optional<Clock::time_point> next_due_;  // when the next attempt of a run may begin
  Machine machine_;
  store::QueueSettings settings_;
};

}  // namespace athanor::agent
