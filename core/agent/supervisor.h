// The queue and the runs: starts one queued run at a time, follows the journals of all, notices how processes end, and
// takes up again after its own death whatever went on meanwhile. One thread; all state that matters is in the store.
#pragma once

#include "core/agent/follower.h"
#include "core/agent/launch.h"
#include "core/agent/loop.h"
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
  // No run is queued or going on.
  [[nodiscard]] bool is_idle() const;
  // Nothing of the run's process is left to wait for: what the history says of it is the last word, and it can be
  // resumed.
  [[nodiscard]] bool has_settled(store::RunId run) const;

  [[nodiscard]] Result<store::RunId> enqueue(const Enqueue& request);
  Result<void> stop(store::RunId run);
  Result<void> resume(store::RunId run);
  // Leaves a wish in the folder of a run that goes on, where the process that started its ranks finds it.
  Result<void> inject(store::RunId run, const std::string& faults);
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
    std::string recipe;  // as the history has it, once it was looked at
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
  void import(const store::NewRun& run);

  static constexpr const char* kEmptied = ".emptied-";  // folders of runs that are being taken away

  void wake(store::RunId run);
  bool read_due();
  void read(store::RunId run, Watch& watch);
  void hear_of(store::RunId run, Watch& watch, std::uint32_t writer_pid);
  void not_read(store::RunId run, Watch& watch, const Error& error);
  void look_at_recipe(store::RunId run, Watch& watch);
  void set_process(store::RunId run, Watch& watch, const store::Process& process);
  void process_ended(store::RunId run, Watch& watch);
  void settle(store::RunId run, Watch& watch);
  void rest(store::RunId run, Watch& watch);
  void try_later(store::RunId run, Watch& watch, const Error& error);
  void await_stop(Watch& watch);
  void end_by_force(store::RunId run, Watch& watch);
  Result<void> say_killed(store::RunId run, Watch& watch);
  void check_health();
  void start_next();
  Result<void> launch(const store::Job& job);
  // The last state that the run's journal names.
  [[nodiscard]] std::optional<journal::StateChanged> last_state(store::RunId run);
  [[nodiscard]] std::optional<Verdict> last_word(store::RunId run);
  [[nodiscard]] bool is_busy() const;
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
  bool has_queued_ = false;
  Clock::time_point next_health_{};
  Clock::time_point next_start_{};
};

}  // namespace athanor::agent
