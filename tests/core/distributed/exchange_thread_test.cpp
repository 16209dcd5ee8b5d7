#include "core/distributed/exchange_thread.h"

#include "tests/core/comm/turns.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace athanor::distributed {
namespace {

TEST(ExchangeThread, DoesWhatIsPostedInOrderInShortTurns) {
  ExchangeThread thread;
  std::vector<int> done;
  comm::Turns turns{};
  for (int i = 0; i < 5; ++i)
    thread.post([&, i] {
      done.push_back(i);
      turns = comm::turns_of_this_thread();
    });
  EXPECT_EQ(thread.wait().size(), 5U);
  EXPECT_EQ(done, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(comm::has_short_turns(turns)) << turns.turn_ns;
}

TEST(ExchangeThread, DoesNothingMoreAfterAFaultWhichTheOwnerGets) {
  ExchangeThread thread;
  bool has_gone_on = false;
  thread.post([] { throw std::runtime_error("the peer is gone"); });
  thread.post([&] { has_gone_on = true; });
  EXPECT_THROW((void)thread.wait(), std::runtime_error);
  EXPECT_FALSE(has_gone_on);
}

}  // namespace
}  // namespace athanor::distributed
