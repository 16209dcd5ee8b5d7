// What is said of queries that make no sense.
#include "tests/core/query/runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::query {
namespace {

using testing::ElementsAre;

Faults faults_of(const std::string& query) {
  SmallTable table = runs();
  const auto filter = Filter::compile(query, table, kThen);
  return filter ? Faults() : filter.error();
}

TEST(Faults, NameTheNearestKnownName) {
  const auto faults = faults_of("step > 3 and train/los < 1");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].kind, FaultKind::unknown_name);
  EXPECT_EQ(faults[0].position, 13U);
  EXPECT_EQ(faults[0].length, 9U);
  EXPECT_EQ(faults[0].nearest, "train/loss");
  EXPECT_EQ(matching("learnin_rate > 1"),
            "\"learnin_rate\" is no field, parameter or metric; perhaps train.learning_rate is meant");
  EXPECT_EQ(matching("min(los) > 1"), "\"los\" is no metric; perhaps train/loss is meant");
  EXPECT_EQ(matching("qqqqqq > 1"), "\"qqqqqq\" is no field, parameter or metric");
  EXPECT_EQ(matching("loss-0.1 > 1"), "\"loss-0.1\" is no field, parameter or metric; perhaps loss - 0.1 is meant");
  EXPECT_EQ(matching("step/steps > 1"),
            "\"step/steps\" is no field, parameter or metric; perhaps step / steps is meant");
}

TEST(Faults, ListWhatAShortNameMayMean) {
  const auto faults = faults_of("r10 > 3");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].kind, FaultKind::ambiguous_name);
  EXPECT_THAT(faults[0].candidates, ElementsAre("eval/t2i_r10", "eval/i2t_r10"));
  EXPECT_EQ(to_string(faults[0]), "\"r10\" may be any of these: eval/t2i_r10, eval/i2t_r10");
}

TEST(Faults, SayWhatTypesWereMeant) {
  EXPECT_EQ(matching("step = \"x\""), "step is a number; \"x\" is a text; expected is a number");
  EXPECT_EQ(matching("tag = 12"), "tag is a list of texts; 12 is a number; expected is a text, \"12\"");
  EXPECT_EQ(matching("model < 3"), "model is a text; 3 is a number; expected is a text, \"3\"");
  EXPECT_EQ(matching("duration > 5"), "duration is a duration; 5 is a number; expected is a duration, as 90s or 2h");
  EXPECT_EQ(matching("created > 5"),
            "created is a time; 5 is a number; expected is a time, as 2026-11-01, or -7d for seven days ago");
  EXPECT_EQ(matching("started > 7d"),
            "7d is a duration, and is compared with a time; expected is a time, as 2026-11-01, or -7d for seven days "
            "ago; perhaps -7d is meant");
  EXPECT_EQ(matching("tag < x"), "tag is a list of texts; expected is =, !=, ~, !~ or in");
  EXPECT_EQ(matching("step ~ x"), "step is a number; ~ looks into texts; expected is =, !=, <, <=, > or >=");
  EXPECT_EQ(matching("name ~ `model`"), "`model` is no pattern; expected is a text, in quotes");
  EXPECT_EQ(matching("model + 1 > 2"), "model is a text; 1 is a number; expected is what + can be used on");
  EXPECT_EQ(matching("created + ended > 2"), "created is a time; ended is a time; expected is what + can be used on");
  EXPECT_EQ(
      matching("min(train.learning_rate) > 2"),
      "min looks at the curve of a metric, and train.learning_rate is a parameter; expected is the name of a metric");
  EXPECT_EQ(matching("min(3) > 2"),
            "min looks at the curve of a metric, and 3 is none; expected is the name of a metric");
  EXPECT_EQ(matching("min(loss)"), "min(loss) is a number; expected is a condition, as min(loss) > 0");
  EXPECT_EQ(matching("mim(loss) > 3"),
            "\"mim\" is no function; expected is one of min, max, first, last, mean, count, has, is_nan, or quotes to "
            "search for it");
  EXPECT_EQ(matching("is_nan(model)"), "model is a text; expected is a number");
  EXPECT_EQ(matching("`pinned` > true"), "`pinned` is true or false; expected is = or !=");
  EXPECT_EQ(matching("`step`"), "`step` is a number; expected is a condition");
  EXPECT_EQ(matching("step in (1, x, \"y\")"),
            "\"x\" is no field, parameter or metric | step is a number; \"y\" is a text; "
            "expected is a number");
}

TEST(Faults, PointIntoThePattern) {
  const std::string query = "step > 3 and tag ~ \"a(b\"";
  const auto faults = faults_of(query);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].kind, FaultKind::bad_pattern);
  EXPECT_EQ(query.substr(faults[0].position, faults[0].length), "(");
  EXPECT_EQ(matching("tag ~ a(b"), "the pattern cannot be read: this bracket is never closed");
  EXPECT_EQ(matching("tag ~ \"a{1000}{1000}\""),
            "the pattern cannot be read: the pattern is too large: repeat less, or name fewer sets");
}

TEST(Faults, KnowDaysThatAreInNoCalendar) {
  EXPECT_EQ(matching("created > 2026-02-30"), "\"2026-02-30\" is in no calendar");
  EXPECT_EQ(faults_of("created > 2026-11-01T25:00").at(0).kind, FaultKind::bad_date);
}

TEST(Faults, ComeAllAtOnceInTheOrderOfTheText) {
  const auto faults = faults_of("stp > 3 and (loss < and tag < 3) or 12 = name");
  ASSERT_EQ(faults.size(), 4U);
  std::vector<FaultKind> kinds;
  for (const Fault& fault : faults) kinds.push_back(fault.kind);
  EXPECT_THAT(kinds,
              ElementsAre(FaultKind::unknown_name, FaultKind::syntax, FaultKind::wrong_type, FaultKind::wrong_type));
  EXPECT_TRUE(std::ranges::is_sorted(faults, {}, &Fault::position));
}

TEST(Faults, AreUnderlinedInTheTerminal) {
  const std::string query = "größe = 1 and\nstp > 3";
  const auto faults = faults_of(query);
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(underlined(query, faults[0]), "größe = 1 and\n^^^^^");
  EXPECT_EQ(underlined(query, faults[1]), "stp > 3\n^^^");
  EXPECT_EQ(underlined("a =", faults_of("a =").back()), "a =\n   ^");
  EXPECT_EQ(to_error("stp > 3", faults_of("stp > 3")).message(),
            "Could not understand the query: \nstp > 3\n^^^\n\"stp\" is no field, parameter or metric; perhaps step is "
            "meant.");
}

}  // namespace
}  // namespace athanor::query
