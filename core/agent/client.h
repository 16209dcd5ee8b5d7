// Talks to the user's athanor-agent over its socket (mode 0600 under ATHANOR_HOME): newline-delimited JSON requests and
// replies, and a stream of change notices for those who subscribe. Blocking calls with a deadline; use off the GUI
// thread.
#pragma once

#include "core/base/result.h"
#include "core/store/types.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace athanor::agent {

struct Enqueue {
  std::string recipe_toml;
  store::RunId fork_of = 0;  // 0: from nothing
  std::int64_t fork_step = 0;
};

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
  // Once the run has ended, its process is gone and it could be resumed.
  [[nodiscard]] Result<store::Run> wait(store::RunId run, std::chrono::milliseconds deadline);
  [[nodiscard]] Result<std::vector<store::Run>> list();
  [[nodiscard]] Result<store::Run> run(store::RunId run);  // with its recipe

  // Metadata. Each call is one step that undo() takes back, also after a restart.
  Result<void> rename(store::RunId run, const std::string& name);
  Result<void> set_tags(const std::vector<store::RunId>& runs, const std::vector<std::string>& tags);
  Result<void> set_note(store::RunId run, const std::string& note);
  Result<void> set_pinned(const std::vector<store::RunId>& runs, bool pinned);
  Result<void> erase(const std::vector<store::RunId>& runs);    // recoverable
  Result<void> restore(const std::vector<store::RunId>& runs);  // erased ones
  Result<std::string> undo();                                   // says what was taken back
  Result<std::string> redo();

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
