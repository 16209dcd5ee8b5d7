// Where runs stand in the agent's queue and what each waits for, as the agent told it last. GUI thread only.
#pragma once

#include "core/agent/queue.h"

#include <QObject>

#include <unordered_map>
#include <vector>

namespace athanor::app {

class QueueStore final : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;
  // In the order of the queue.
  [[nodiscard]] const std::vector<agent::QueueEntry>& queued() const { return queued_; }
  // Null for a run that is not queued, or of which the agent has not told yet.
  [[nodiscard]] const agent::QueueEntry* find(store::RunId run) const;
  [[nodiscard]] bool is_held() const { return held_; }  // the whole queue
  void set(agent::QueueView view);

 Q_SIGNALS:
  void changed(const std::vector<std::int64_t>& runs);  // those that came, went, or of which something else is true

 private:
  std::vector<agent::QueueEntry> queued_;
  std::unordered_map<store::RunId, std::size_t> places_;
  bool held_ = false;
};

}  // namespace athanor::app
