#include "core/comm/short_turns.h"

#include <cstdint>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace athanor::comm {
namespace {

// struct sched_attr of the kernel's first version, which C libraries have only lately.
struct Attributes {
  std::uint32_t size, policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t turn_ns;  // for threads without a deadline: of one turn, 0 for the system's
  std::uint64_t deadline_ns, period_ns;
};

constexpr std::uint64_t kTurn = 100'000;  // the shortest there is

}  // namespace

void take_short_turns() noexcept {
  Attributes attributes{};
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != SCHED_OTHER && attributes.policy != SCHED_BATCH) return;
  attributes.turn_ns = kTurn;
  (void)::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

void give_way() noexcept { (void)::sched_yield(); }

}  // namespace athanor::comm
