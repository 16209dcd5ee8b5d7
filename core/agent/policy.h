// How patient an agent is.
#pragma once

#include <chrono>

namespace athanor::agent {

struct Policy {
  // From asking a run to stop until it is ended by force, with what it has not saved.
  std::chrono::milliseconds stop_within = std::chrono::seconds(60);
  // The same for a run that has said that it is stopping: it writes its checkpoint.
  std::chrono::milliseconds save_within = std::chrono::minutes(10);
  // Without a client, a queued run or one that goes on, before the agent ends by itself.
  std::chrono::milliseconds idle_for = std::chrono::minutes(30);
  // From a fault that may pass until a run goes on again, three times as long after each further one, up to the
  // longest.
  std::chrono::milliseconds retry_after = std::chrono::seconds(10);
  std::chrono::milliseconds longest_retry_after = std::chrono::minutes(15);
  // From the end of a process until a journal that cannot be read, or written to in its name, counts as lost.
  std::chrono::milliseconds read_within = std::chrono::seconds(10);
};

}  // namespace athanor::agent
