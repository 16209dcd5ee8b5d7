// How the system schedules the calling thread.
#pragma once

#include <cstdint>
#include <sys/syscall.h>
#include <unistd.h>

namespace athanor::comm {

// struct sched_attr of the kernel, which says how long a turn is from Linux 6.12 on.
struct Turns {
  std::uint32_t size, policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t turn_ns, deadline_ns, period_ns;
};

inline Turns turns_of_this_thread() {
  Turns turns{};
  (void)::syscall(SYS_sched_getattr, 0, &turns, sizeof turns, 0);
  return turns;
}

// Where the system says nothing, there is nothing to hold a thread to.
inline bool has_short_turns(const Turns& turns) { return turns.turn_ns == 0 || turns.turn_ns == 100'000; }

}  // namespace athanor::comm
