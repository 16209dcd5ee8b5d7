// Two threads that pass items on to each other, and what becomes of one where the other fails.
#include "core/comm/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

namespace athanor::comm {
namespace {

TEST(Relay, LetsNoSideGoOnBeforeTheOtherHasPassedOnWhatItNeeds) {
  constexpr int kItems = 1000;
  Relay relay;
  std::atomic<int> made = 0, carried = 0;
  bool carrier_waited = true, maker_waited = true;
  {
    const std::jthread carrier([&] {
      for (int item = 0; item < kItems; ++item) {
        relay.await(Relay::made, item + 1);
        carrier_waited = carrier_waited && made > item;
        ++carried;
        relay.pass(Relay::carried);
      }
    });
    for (int item = 0; item < kItems; ++item) {
      if (item > 1) {
        relay.await(Relay::carried, item - 1);
        maker_waited = maker_waited && carried >= item - 1;
      }
      ++made;
      relay.pass(Relay::made);
      if (item % 7 == 0) std::this_thread::yield();
    }
  }
  EXPECT_TRUE(carrier_waited);
  EXPECT_TRUE(maker_waited);
  EXPECT_EQ(carried, kItems);
  EXPECT_NO_THROW(relay.finish());
}

TEST(Relay, EndsTheWaitsOfOneSideWhereTheOtherHasFailedAndThrowsWhatWasFirst) {
  Relay relay;
  bool has_ended = false;
  {
    const std::jthread waiter([&] {
      try {
        relay.await(Relay::made, 1);
      } catch (const Relay::Ended&) {
        has_ended = true;
      }
    });
    for (const char* what : {"the first", "the second"}) {
      try {
        throw std::runtime_error(what);
      } catch (...) {
        relay.fail();
      }
    }
  }
  EXPECT_TRUE(has_ended);
  EXPECT_THAT([&] { relay.finish(); }, testing::ThrowsMessage<std::runtime_error>("the first"));
}

TEST(Relay, GivesWhatWasPassedOnBeforeTheFailure) {
  Relay relay;
  relay.pass(Relay::carried);
  try {
    throw std::runtime_error("later");
  } catch (...) {
    relay.fail();
  }
  EXPECT_NO_THROW(relay.await(Relay::carried, 1));
  EXPECT_THROW(relay.await(Relay::carried, 2), Relay::Ended);
}

}  // namespace
}  // namespace athanor::comm
