// The window's side of the agent: one thread follows its notices, another carries wishes to it. A wish starts an agent
// when none answers; following starts one only when asked to. Nothing blocks the GUI thread. GUI thread only.
#pragma once

#include "app/bridge/job_thread.h"
#include "core/agent/client.h"
#include "core/base/result.h"

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace athanor::app {

class AgentLink final : public QObject {
  Q_OBJECT
 public:
  enum class State { idle, connecting, connected };
  explicit AgentLink(std::filesystem::path home, QObject* parent = nullptr);
  ~AgentLink() override;

  // Begins to follow; with `start_agent` an agent is started when none answers.
  void follow(bool start_agent);
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const QString& trouble() const { return trouble_; }  // why it is not connected; empty: it need not be

  template <class T>
  void wish(QObject* guard, std::function<Result<T>(agent::Client&)> job, std::function<void(Result<T>)> done) {
    post<T>(guard, std::move(job), std::move(done), true);
  }
  // Of an agent that answers; none is started for it.
  template <class T>
  void ask(QObject* guard, std::function<Result<T>(agent::Client&)> job, std::function<void(Result<T>)> done) {
    post<T>(guard, std::move(job), std::move(done), false);
  }

 Q_SIGNALS:
  void state_changed();
  void changed(const std::vector<athanor::agent::Change>& changes);  // coalesced, each (what, run) once

 private:
  template <class T>
  void post(QObject* guard, std::function<Result<T>(agent::Client&)> job, std::function<void(Result<T>)> done,
            bool may_start) {
    wishes_->post(
        guard, {},
        [this, may_start, ask = std::move(job), tell = std::move(done)](const std::stop_token&) -> JobThread::Deliver {
          auto result = std::make_shared<Result<T>>(with_client<T>(ask, may_start));
          return [this, result, tell] {
            if (result->has_value()) wake();
            tell(std::move(*result));
          };
        });
  }
  template <class T>
  Result<T> with_client(const std::function<Result<T>(agent::Client&)>& job, bool may_start) {
    for (int attempt = 0;; ++attempt) {
      if (!client_) {
        auto made = agent::Client::connect(home_, may_start);
        if (!made) return tl::unexpected<Error>(made.error());
        client_ = std::move(*made);
      }
      Result<T> result = job(*client_);
      if (result || result.error().kind != ErrorKind::communication || attempt > 0) return result;
      client_.reset();  // the agent went; the wish was not heard
    }
  }
  void follow_loop(const std::stop_token& stop);
  void collect(const agent::Change& change);
  void flush();
  void wake();
  void set_state(State state, const QString& trouble);

  std::filesystem::path home_;
  std::unique_ptr<agent::Client> client_;  // wishes' thread
  JobThread* wishes_ = nullptr;

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::set<std::pair<int, store::RunId>> pending_;
  bool flush_posted_ = false;
  bool start_agent_ = false;
  bool poke_ = false;

  State state_ = State::idle;
  QString trouble_;
  std::jthread follower_;
};

}  // namespace athanor::app
