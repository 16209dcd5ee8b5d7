// What the table says of runs in the queue, and what may be done with their places. Pure; GUI thread.
#pragma once

#include "core/agent/queue.h"

#include <QString>

namespace athanor::app {

// Its place and what it waits for, in few words: "3: after run 12".
[[nodiscard]] QString queue_words(const agent::QueueEntry& entry);
// The same in full, with its priority.
[[nodiscard]] QString queue_sentence(const agent::QueueEntry& entry);

}  // namespace athanor::app
