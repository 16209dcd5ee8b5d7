#include "core/journal/clock.h"

#include "tests/core/journal/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::journal {
namespace {

using testing::ElementsAre;

TEST(Clock, OfASessionIsReadWithItAndNotWithWhatFollows) {
  const Scratch scratch;
  const auto file = scratch / "journal-1.athj";
  const SessionClock before = read_clock();
  const auto writer = value_or_throw(Writer::open(file));
  const SessionClock after = read_clock();
  ASSERT_TRUE(writer->append(LogLine{Severity::info, "first"}));
  const Batch begin = value_or_throw(read(file, 0));
  ASSERT_TRUE(begin.clock);
  EXPECT_FALSE(before.host.empty());
  EXPECT_EQ(begin.clock->host, before.host);
  EXPECT_EQ(begin.clock->wall_ns, begin.anchor_wall_ns);
  EXPECT_GE(begin.clock->monotonic_ns, before.monotonic_ns);
  EXPECT_LE(begin.clock->monotonic_ns, after.monotonic_ns);
  ASSERT_TRUE(writer->append(LogLine{Severity::info, "second"}));
  EXPECT_FALSE(value_or_throw(read(file, begin.next_offset)).clock);
}

TEST(Clock, PlacesSessionsOfOneHostByItsMonotonicTimeWhateverItsWallClockWasSetTo) {
  TimeAxis axis;
  EXPECT_EQ(axis.place({1'000'000, 500, "here"}), 1'000'000);
  EXPECT_EQ(axis.place({9'000'000, 700, "here"}), 1'000'200);  // the wall clock was set in between
  EXPECT_EQ(axis.place({1'000'100, 3, "there"}), 1'000'100);   // another host: by its wall clock
  EXPECT_EQ(axis.place({9'000'000, 13, "there"}), 1'000'110);
  EXPECT_EQ(axis.place({42, 0, ""}), 42);  // not known: by the wall clock
  EXPECT_EQ(axis.place({43, 0, ""}), 43);
}

TEST(Journals, OfAFolderAreFoundThoughOneIsMissingBetweenThem) {
  const Scratch scratch;
  std::filesystem::create_directories(scratch / "run");
  for (const char* name : {"journal-0.athj", "journal-2.athj", "journal-10.athj", "journal-3.athj.bak",
                           "journal-x.athj", "journal-01.athj", "journal-99999999999999999999.athj"})
    put_bytes(scratch / (std::string("run/") + name), "");
  EXPECT_THAT(ranks_in(scratch / "run"), ElementsAre(0, 2, 10));
  EXPECT_TRUE(ranks_in(scratch / "elsewhere").empty());
}

}  // namespace
}  // namespace athanor::journal
