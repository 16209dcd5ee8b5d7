// Which queued runs may begin beside those that go on. Pure functions; safe on any thread.
#pragma once

#include "core/agent/queue.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::agent {

// What a run takes of a machine: on a CPU the threads of its ranks, which share all cores where their number is not
// said; else a GPU for each rank, or all of them where there are fewer, and a core. One that asks for more than there
// is takes everything, and so goes on alone.
[[nodiscard]] Room room_for(const store::Needs& needs, const Room& all);

struct Offer {
  Room all;
  std::vector<Room> taken;  // by each that goes on
  bool is_held = false;     // the whole queue
  std::int64_t now_ns = 0;  // wall clock
};

struct Standing {
  store::RunId run = 0;
  Room room;
  Why why = Why::starts;
  std::vector<store::RunId> waits_for;
};

// For each run of the queue, in its order, whether it begins now or why not. A run is held for good, waits for others
// or for its time without keeping anybody else waiting. The first of the others that does not fit keeps its place: what
// stands behind it begins only where that changes for no order in which those that go on may end the moment at which
// the first one fits. So nothing delays it, and it begins at the latest when all that go on now have ended.
[[nodiscard]] std::vector<Standing> stand(std::span<const store::Job> queue, const Offer& offer);

[[nodiscard]] Room free_of(const Offer& offer);

// Why, in words: "run 4 goes on", "it needs 2 cores, 1 is free".
[[nodiscard]] std::string in_words(const Standing& standing, const store::Job& job, const Offer& offer);

}  // namespace athanor::agent
