// Lists of runs: what changed of them, what they were set to, many changes as one.
#include "tests/core/store/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace athanor::store {
namespace {

using namespace journal;
using testing::ElementsAre;

TEST(History, TakesManyChangesTogetherOrNoneOfThem) {
  History history;
  RunId first = 0;
  const auto add_two = [&](bool fails) {
    return history.writer->together([&]() -> Result<void> {
      first = history.add("a");
      const RunId second = history.add("b");
      value_or_throw(history.feed(first, {MetricSamples{1, {{"x", 1}}}}));
      value_or_throw(history.writer->set_tags({first, second}, {"imported"}));
      if (fails) return history.writer->set_pinned({999}, true);
      return {};
    });
  };
  const auto refused = add_two(true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
  EXPECT_TRUE(value_or_throw(history.reader->runs()).empty());
  ASSERT_TRUE(add_two(false));
  EXPECT_EQ(value_or_throw(history.reader->runs()).size(), 2U);
  EXPECT_EQ(value_or_throw(history.reader->points(first, "x", 0, 9)).size(), 1U);
  value_or_throw(history.feed(first, {MetricSamples{2, {{"x", 2}}}}));
  EXPECT_EQ(value_or_throw(history.reader->points(first, "x", 0, 9)).size(), 2U);
}

TEST(Settings, AreReadOfAllRunsAtOnceAsTheirRecipesSetThem) {
  History history;
  const RunId first = history.add("a");
  const RunId second = history.add("b");
  const RunId third = history.add("c");
  value_or_throw(history.writer->describe(
      first, "[run]\nname = \"a\"\ndeterministic = true\n[train]\nlearning_rate = 1e-3\nsteps = 400\n", 400, "a"));
  value_or_throw(
      history.writer->describe(second, "[train]\nlearning_rate = 2\n[data]\nstyles = [\"x\", \"y\"]\n", 10, "b"));
  value_or_throw(history.writer->describe(third, "this is no recipe", 10, "c"));
  const auto of = [&](const std::string& path) { return value_or_throw(history.reader->setting_of_runs(path)); };
  using Values = std::vector<std::pair<RunId, SettingValue>>;
  EXPECT_EQ(of("train.learning_rate"), (Values{{first, 1e-3}, {second, 2.0}}));
  EXPECT_EQ(of("run.deterministic"), (Values{{first, 1.0}}));
  EXPECT_EQ(of("data.styles"), (Values{{second, "[\"x\",\"y\"]"}}));
  EXPECT_EQ(of("run.name"), (Values{{first, "a"}})) << "the second no longer sets it";
  value_or_throw(history.writer->remove(first));
  EXPECT_EQ(of("train.learning_rate"), (Values{{second, 2.0}}));
}

TEST(Changes, TellWhatBecameOfRunsSinceTheyWereKnown) {
  History history;
  const RunId first = history.add("a");
  const RunId second = history.add("b");
  const RunId third = history.add("c");
  value_or_throw(history.feed(first, {MetricSamples{3, {{"train/loss", 2.5}, {"train/other", 1.0}}}}));
  value_or_throw(history.writer->set_pinned({second}, true));
  const std::vector<std::string> metrics = {"train/loss"};
  const RunChanges all = value_or_throw(history.reader->changes("", 0, metrics));
  EXPECT_TRUE(all.anew);
  ASSERT_EQ(all.changed.size(), 3U);
  EXPECT_EQ(all.changed[0].id, second) << "the pinned one first";
  EXPECT_EQ(all.changed[1].id, third);
  EXPECT_EQ(all.changed[2].last, (std::map<std::string, double>{{"train/loss", 2.5}}));

  const auto since = [&](std::int64_t known) {
    return value_or_throw(history.reader->changes(all.history, known, metrics));
  };
  const RunChanges nothing = since(all.newest);
  EXPECT_FALSE(nothing.anew);
  EXPECT_TRUE(nothing.changed.empty());
  EXPECT_EQ(nothing.newest, all.newest);

  value_or_throw(history.feed(first, {MetricSamples{4, {{"train/loss", 2.0}}}}));
  value_or_throw(history.writer->remove(second));
  value_or_throw(history.writer->note_damage(third, {0, 40, 12, false, "these bytes are not a whole frame"}));
  const RunChanges some = since(all.newest);
  EXPECT_FALSE(some.anew);
  ASSERT_EQ(some.changed.size(), 2U);
  EXPECT_EQ(some.changed[0].id, third);
  EXPECT_EQ(some.changed[0].damage.size(), 1U);
  EXPECT_EQ(some.changed[1].step, 4);
  EXPECT_EQ(some.changed[1].last.at("train/loss"), 2.0);
  EXPECT_THAT(some.gone, ElementsAre(second));
  EXPECT_TRUE(since(some.newest).changed.empty());
  EXPECT_TRUE(since(some.newest).gone.empty());

  const RunChanges elsewhere = value_or_throw(history.reader->changes("another history", some.newest, metrics));
  EXPECT_TRUE(elsewhere.anew);
  EXPECT_EQ(elsewhere.changed.size(), 2U);
}

}  // namespace
}  // namespace athanor::store
