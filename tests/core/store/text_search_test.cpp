// Words in names, notes, recipes and logs.
#include "tests/core/store/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace athanor::store {
namespace {

using journal::LogLine;
using journal::Severity;
using testing::ElementsAre;
using testing::IsEmpty;

struct TextSearch : testing::Test {
  History history;
  [[nodiscard]] std::vector<Found> find(const std::string& words) {
    return value_or_throw(history.reader->find(words, 50));
  }
  [[nodiscard]] std::vector<RunId> runs(const std::string& words) {
    std::vector<RunId> out;
    for (const Found& each : find(words))
      if (each.in != Found::In::recipe) out.push_back(each.run);  // which has the first name as well
    return out;
  }
};

TEST_F(TextSearch, FindsWordsWhereverTheyStandAndSaysWhere) {
  const RunId id = history.add("warmup study");
  value_or_throw(history.writer->set_note(id, "Diverged after the second warm-up"));
  value_or_throw(history.writer->set_tags({id}, {"night"}));
  value_or_throw(history.writer->describe(id, "[model]\nfamily = \"two_tower\"\nwidth = 384\n", 10, "warmup study"));
  value_or_throw(history.feed(id, {LogLine{Severity::warning, "loader fell behind by 12 batches"}}));
  const auto in = [&](const std::string& words) {
    const auto found = find(words);
    return found.empty() ? std::optional<Found::In>() : found.front().in;
  };
  EXPECT_EQ(in("study"), Found::In::name);
  EXPECT_EQ(in("NIGHT"), Found::In::tags);
  EXPECT_EQ(in("second diverged"), Found::In::note);
  EXPECT_EQ(in("two_tower 384"), Found::In::recipe);
  EXPECT_EQ(in("loader batch"), Found::In::log) << "the last word may be a beginning";
  EXPECT_EQ(in("load batches"), std::nullopt) << "others may not";
  EXPECT_EQ(in("night loader"), std::nullopt) << "not in one place";
  const Found line = find("behind").front();
  EXPECT_EQ(line.snippet,
            "loader fell \x02"
            "behind\x03 by 12 batches");
  EXPECT_EQ(line.log_id, value_or_throw(history.reader->log_tail(id, 1)).front().id);
  EXPECT_GT(line.time_ns, History::kAnchor);
}

TEST_F(TextSearch, FollowsWhatIsRenamedUndoneAndRemoved) {
  const RunId id = history.add("before");
  const RunId other = history.add("other");
  value_or_throw(history.writer->rename(id, "after"));
  EXPECT_THAT(runs("before"), IsEmpty());
  EXPECT_THAT(runs("after"), ElementsAre(id));
  value_or_throw(history.writer->undo());
  EXPECT_THAT(runs("after"), IsEmpty());
  value_or_throw(history.feed(id, {LogLine{Severity::info, "alpha"}}));
  value_or_throw(history.feed(other, {LogLine{Severity::info, "alpha"}}));
  EXPECT_THAT(runs("alpha"), ElementsAre(other, id)) << "the newest first";
  value_or_throw(history.writer->remove(id));
  EXPECT_THAT(runs("alpha"), ElementsAre(other));
  value_or_throw(history.writer->forget(other));
  EXPECT_THAT(runs("alpha"), IsEmpty());
  EXPECT_THAT(runs("other"), ElementsAre(other));
}

TEST_F(TextSearch, TakesAnyTextForWords) {
  const RunId id = history.add("résumé 50% a\"b (c) NEAR x:y");
  EXPECT_THAT(runs("resume"), ElementsAre(id));
  EXPECT_THAT(runs("\"b"), ElementsAre(id));
  EXPECT_THAT(runs("a\"b (c) x:y"), ElementsAre(id));
  EXPECT_THAT(runs("  "), IsEmpty());
  std::mt19937 random(1);
  constexpr std::string_view kSigns("\"'*:()-^+{} aNEAR\x01\xff\xc3.\0", 23);
  for (int round = 0; round < 2000; ++round) {
    std::string words;
    for (unsigned i = random() % 12; i > 0; --i) words += kSigns[random() % kSigns.size()];
    EXPECT_TRUE(history.reader->find(words, 5)) << words;
  }
}

}  // namespace
}  // namespace athanor::store
