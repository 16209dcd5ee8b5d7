// Where the times of journals lie: those of one host are held against each other by its monotonic clock, to which no
// setting of the wall clock and no correction does anything; hosts by their wall clocks, which are apart by what the
// network keeps them apart (a millisecond is usual).
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace athanor::journal {

// One moment, which is time 0 of a writer's session, by the clocks of its host.
struct SessionClock {
  std::int64_t wall_ns = 0;       // Unix epoch
  std::int64_t monotonic_ns = 0;  // since the host was started
  std::string host;  // which host, and since which start of it; empty: written before this was noted, or not known
};

// Now. The two clocks are read at most some microseconds apart.
[[nodiscard]] SessionClock read_clock();
[[nodiscard]] std::int64_t monotonic_now_ns();

// One axis for the sessions of all ranks of a run, in nanoseconds of the wall clock. Of the sessions of one host the
// first that is placed has the time by its own wall clock, and all others by how much later they began.
class TimeAxis {
 public:
  // Where the session's time 0 lies. Place those of rank 0 first: the others follow it.
  [[nodiscard]] std::int64_t place(const SessionClock& clock);

 private:
  std::map<std::string, std::int64_t> wall_at_start_ns_;  // by host
};

}  // namespace athanor::journal
