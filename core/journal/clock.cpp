#include "core/journal/clock.h"

#include <chrono>
#include <fstream>

namespace athanor::journal {
namespace {

using namespace std::chrono;

std::int64_t wall_now_ns() { return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count(); }

}  // namespace

std::int64_t monotonic_now_ns() { return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count(); }

// A process may lose the processor between two readings: the closest of a few pairs is taken.
SessionClock read_clock() {
  constexpr int kTries = 8;
  SessionClock clock;
  std::int64_t closest = INT64_MAX;
  for (int i = 0; i < kTries; ++i) {
    const std::int64_t before = monotonic_now_ns();
    const std::int64_t wall = wall_now_ns();
    const std::int64_t apart = monotonic_now_ns() - before;
    if (apart >= closest) continue;
    closest = apart;
    clock.wall_ns = wall;
    clock.monotonic_ns = before + apart / 2;
  }
  std::ifstream("/proc/sys/kernel/random/boot_id") >> clock.host;
  return clock;
}

std::int64_t TimeAxis::place(const SessionClock& clock) {
  if (clock.host.empty()) return clock.wall_ns;
  const auto [start, is_first] = wall_at_start_ns_.try_emplace(clock.host, clock.wall_ns - clock.monotonic_ns);
  return start->second + clock.monotonic_ns;
}

}  // namespace athanor::journal
