#include "core/comm/short_turns.h"

#include "core/comm/coded_thread.h"
#include "tests/core/comm/turns.h"

#include <gtest/gtest.h>

#include <sched.h>
#include <sys/resource.h>
#include <thread>

namespace athanor::comm {
namespace {

TEST(ShortTurns, ChangeNothingElseOfAThread) {
  for (const int policy : {SCHED_OTHER, SCHED_BATCH}) {
    std::thread([&] {
      sched_param parameters{};
      ASSERT_EQ(::sched_setscheduler(0, policy, &parameters), 0);
      ASSERT_EQ(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 3), 0);
      take_short_turns();
      const Turns turns = turns_of_this_thread();
      EXPECT_TRUE(has_short_turns(turns)) << turns.turn_ns;
      EXPECT_EQ(turns.policy, static_cast<std::uint32_t>(policy));
      EXPECT_EQ(turns.nice, 3);
    }).join();
  }
}

TEST(ShortTurns, AreThoseOfTheThreadBesideAndNotOfItsOwner) {
  CodedThread thread;
  Turns here{}, beside{};
  const Turns before = turns_of_this_thread();
  thread.run_beside([&] { here = turns_of_this_thread(); }, [&] { beside = turns_of_this_thread(); });
  EXPECT_TRUE(has_short_turns(beside)) << beside.turn_ns;
  EXPECT_EQ(here.turn_ns, before.turn_ns);
}

}  // namespace
}  // namespace athanor::comm
