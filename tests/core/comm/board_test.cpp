// What ranks say of themselves, and what is made of it.
#include "core/comm/board.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace athanor::comm {
namespace {

using testing::HasSubstr;
using testing::Optional;

class BoardOfTwo : public testing::Test {
 protected:
  std::shared_ptr<Region> region_ = Region::of_process(Board::bytes_for(2));
  Board mine_{region_, 2, 0};
  Board other_{region_, 2, 1};
};

TEST_F(BoardOfTwo, ShowsAllCallsThatThreadsOfARankAreIn) {
  const int first = other_.enter_call({Op::all_reduce, "world", 7, 400, -1, 0});
  const int second = other_.enter_call({Op::receive, "world/1.0", 0, 80, 0, 0});
  auto status = mine_.status(1);
  ASSERT_EQ(status.calls.size(), 2U);
  EXPECT_EQ(status.calls[0].sequence, 7U);
  EXPECT_EQ(status.calls[1].communicator, "world/1.0");
  const std::int64_t before = status.returned_ns;
  other_.leave_call(first);
  status = mine_.status(1);
  ASSERT_EQ(status.calls.size(), 1U);
  EXPECT_EQ(status.calls[0].op, Op::receive);
  EXPECT_GT(status.returned_ns, before);
  other_.leave_call(second);
  EXPECT_TRUE(mine_.status(1).calls.empty());
}

TEST_F(BoardOfTwo, ExplainsTheCallThatIsAskedForAndNoOther) {
  const CallStatus in_world{Op::all_reduce, "world", 3, 4000, -1, 0};
  const CallStatus in_lane{Op::all_reduce, "world/1.0", 9, 800, -1, 0};
  (void)other_.enter_call(in_world);
  EXPECT_EQ(mine_.explain({0, 1}, in_world), std::nullopt);
  EXPECT_THAT(mine_.explain({0, 1}, in_lane),
              Optional(HasSubstr("rank 1 has not come to all_reduce of 800 bytes, call 9 in world/1.0: it waits in "
                                 "all_reduce of 4000 bytes, call 3 in world")));
  (void)other_.enter_call(in_lane);
  EXPECT_EQ(mine_.explain({0, 1}, in_lane), std::nullopt);
  // A collective of the same communicator is not what a message waits for.
  EXPECT_THAT(mine_.explain({0, 1}, {Op::receive, "world", 0, 40, 1, 0}), Optional(HasSubstr("it waits in")));
}

TEST_F(BoardOfTwo, KeepsWhatSeveralThreadsWriteAtOnce) {
  const auto write = [&](const char* name) {
    for (std::uint32_t i = 1; i < 2000; ++i) other_.leave_call(other_.enter_call({Op::barrier, name, i, i, -1, 0}));
  };
  std::thread first(write, "world/1.0");
  std::thread second(write, "world/2.0");
  for (int i = 0; i < 2000; ++i) {
    const auto calls = mine_.status(1).calls;
    EXPECT_LE(calls.size(), 2U);
    for (const CallStatus& call : calls) EXPECT_EQ(call.bytes, call.sequence);
  }
  first.join();
  second.join();
}

TEST_F(BoardOfTwo, MoreCallsThanItShowsDoNoHarm) {
  std::vector<int> tickets;
  for (std::uint32_t i = 1; i <= 40; ++i)
    tickets.push_back(other_.enter_call({Op::barrier, fmt::format("world/{}.0", i), i, 0, -1, 0}));
  EXPECT_FALSE(mine_.status(1).calls.empty());
  for (const int ticket : tickets) other_.leave_call(ticket);
  EXPECT_TRUE(mine_.status(1).calls.empty());
}

TEST_F(BoardOfTwo, TheFirstFaultStays) {
  EXPECT_EQ(mine_.fault(), std::nullopt);
  std::atomic<int> woken = 0;
  const Board::Waker waker(mine_, [&] { ++woken; });
  mine_.note_fault("the first");
  EXPECT_GE(woken, 1);
  other_.note_fault("the second");
  EXPECT_EQ(mine_.fault(), "the first");
  EXPECT_EQ(other_.fault(), "the first");
}

}  // namespace
}  // namespace athanor::comm
