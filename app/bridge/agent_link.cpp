#include "app/bridge/agent_link.h"

#include <chrono>

namespace athanor::app {

AgentLink::AgentLink(std::filesystem::path home, QObject* parent) : QObject(parent), home_(std::move(home)) {
  wishes_ = new JobThread(this);
}

AgentLink::~AgentLink() {
  if (follower_.joinable()) {
    follower_.request_stop();
    wake_.notify_all();
    follower_.join();
  }
  delete wishes_;
  wishes_ = nullptr;
}

void AgentLink::follow(bool start_agent) {
  {
    const std::lock_guard lock(mutex_);
    start_agent_ = start_agent_ || start_agent;
    poke_ = true;
  }
  wake_.notify_all();
  if (!follower_.joinable()) follower_ = std::jthread([this](const std::stop_token& stop) { follow_loop(stop); });
}

void AgentLink::wake() {
  if (state_ == State::connected || !follower_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    poke_ = true;
  }
  wake_.notify_all();
}

void AgentLink::set_state(State state, const QString& trouble) {
  QMetaObject::invokeMethod(
      this,
      [this, state, trouble] {
        if (state == state_ && trouble == trouble_) return;
        state_ = state;
        trouble_ = trouble;
        Q_EMIT state_changed();
      },
      Qt::QueuedConnection);
}

void AgentLink::follow_loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    bool start = false;
    {
      const std::lock_guard lock(mutex_);
      start = std::exchange(start_agent_, false);
      poke_ = false;
    }
    if (start) set_state(State::connecting, {});
    QString trouble;
    if (auto client = agent::Client::connect(home_, start)) {
      set_state(State::connected, {});
      // What was committed before the first notice is read once.
      collect({agent::Change::What::runs, 0});
      if (auto followed = (*client)->follow([this](const agent::Change& change) { collect(change); }, stop); !followed)
        trouble = QString::fromStdString(followed.error().message());
    } else if (start) {
      trouble = QString::fromStdString(client.error().message());
    }
    if (stop.stop_requested()) return;
    set_state(State::idle, trouble);
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, std::chrono::seconds(1), [this] { return poke_ || start_agent_; });
  }
}

void AgentLink::collect(const agent::Change& change) {
  const std::lock_guard lock(mutex_);
  pending_.emplace(static_cast<int>(change.what), change.run);
  if (std::exchange(flush_posted_, true)) return;
  QMetaObject::invokeMethod(
      this, [this] { flush(); }, Qt::QueuedConnection);
}

void AgentLink::flush() {
  std::vector<agent::Change> changes;
  {
    const std::lock_guard lock(mutex_);
    flush_posted_ = false;
    for (const auto& [what, run] : pending_) changes.push_back({static_cast<agent::Change::What>(what), run});
    pending_.clear();
  }
  Q_EMIT changed(changes);
}

}  // namespace athanor::app
