// What is offered at the caret, written | in the texts.
#include "core/query/complete.h"

#include "tests/core/query/runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::query {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

Completion at(std::string text) {
  const std::size_t caret = text.find('|');
  text.erase(caret, 1);
  const SmallTable table = runs();
  return complete(text, caret, table);
}
std::vector<std::string> offered(const std::string& text) {
  std::vector<std::string> texts;
  for (const Candidate& candidate : at(text).candidates) texts.push_back(candidate.text);
  return texts;
}
// What the text becomes when the first candidate is taken.
std::string taken(std::string text) {
  const Completion completion = at(text);
  text.erase(text.find('|'), 1);
  return text.replace(completion.begin, completion.end - completion.begin, completion.candidates.at(0).text);
}

TEST(Completion, OffersNamesWithTheirKindsAndHelp) {
  const Completion completion = at("lea|");
  ASSERT_THAT(completion.candidates, testing::SizeIs(1));
  const Candidate& only = completion.candidates[0];
  EXPECT_EQ(only.text, "train.learning_rate");
  EXPECT_EQ(only.kind, CandidateKind::column);
  EXPECT_EQ(only.origin, Origin::parameter);
  EXPECT_EQ(only.type, Type::number);
  EXPECT_EQ(only.help, "a parameter");
  EXPECT_THAT(offered("|"), IsSupersetOf({"id", "step", "train/loss", "min(", "has(", "not", "`odd name!`"}));
  EXPECT_THAT(offered("zzz|"), IsEmpty());
}

TEST(Completion, PutsWhatBeginsAsTypedFirst) {
  EXPECT_THAT(offered("ste|"), ElementsAre("step", "steps"));
  EXPECT_THAT(offered("TRA|"), ElementsAre("train.learning_rate", "train.deterministic", "train.loss", "train/loss"));
  EXPECT_THAT(offered("RA|"), testing::Contains("duration"));
  EXPECT_EQ(offered("m|").front(), "model");
}

TEST(Completion, ReplacesTheWordAroundTheCaret) {
  EXPECT_EQ(taken("step > 3 and tra|in/lo < 1"), "step > 3 and train.learning_rate < 1");
  EXPECT_EQ(taken("train/l|"), "train/loss");
  EXPECT_EQ(taken("model = \"tw|"), "model = two-tower");
  EXPECT_EQ(taken("model = \"cl|\" and x"), "model = clip and x");
  EXPECT_EQ(taken("`odd|"), "`odd name!`");
  EXPECT_EQ(taken("name = \"Two|\""), "name = \"Two-Tower abl-1\"");
}

TEST(Completion, OffersOperatorsThatFitTheType) {
  EXPECT_THAT(offered("step |"),
              ElementsAre("=", "!=", "<", "<=", ">", ">=", "in", "not in", "+", "-", "*", "/", "and", "or"));
  EXPECT_THAT(offered("model |"), ElementsAre("=", "!=", "~", "!~", "in", "not in", "and", "or"));
  EXPECT_THAT(offered("min(train/loss) |"), IsSupersetOf({"<", "+"}));
  EXPECT_THAT(offered("`pinned` |"), ElementsAre("=", "!=", "and", "or"));
  EXPECT_EQ(offered("step > 3 a|").front(), "and");
  EXPECT_THAT(offered("step > 3 lo|"), ElementsAre("train.loss", "train/loss")) << "side by side";
  EXPECT_THAT(offered("two-tower |"), IsSupersetOf({"and", "or"}));
  EXPECT_THAT(offered("status not |"), ElementsAre("in"));
  EXPECT_THAT(offered("(step > 3 and `pinned`) |"), AllOf(Contains("and"), Not(Contains("<"))));
  EXPECT_THAT(offered("(step + 1) |"), Contains("<"));
  EXPECT_THAT(offered("step + min(train/loss) |"), Contains("<"));
  EXPECT_THAT(offered("step > 1 + steps |"), AllOf(Contains("and"), Contains("+"), Not(Contains("<"))));
  EXPECT_THAT(offered("step > min(train/loss) |"), AllOf(Contains("and"), Contains("+"), Not(Contains("<"))));
  EXPECT_THAT(offered("step > 3 |"), IsSupersetOf({"and", "or"}));
  EXPECT_THAT(offered("has(step) |"), Not(Contains("<")));
}

TEST(Completion, OffersValuesThatAreKnown) {
  EXPECT_THAT(offered("status = |"),
              ElementsAre("queued", "starting", "running", "stopping", "finished", "stopped", "failed", "broken"));
  EXPECT_THAT(offered("status in (failed, st|"), ElementsAre("starting", "stopping", "stopped"));
  EXPECT_THAT(offered("tag = a|"), ElementsAre("Abl2", "abl-lr", "final"));
  EXPECT_THAT(offered("tag ~ fin|"), ElementsAre("\"final\""));
  EXPECT_THAT(offered("`pinned` = |"), ElementsAre("true", "false"));
  EXPECT_THAT(offered("created > |"), Contains("-7d"));
  EXPECT_THAT(offered("step > tra|"), ElementsAre("train.learning_rate", "train/loss"))
      << "what can be compared with it";
  EXPECT_THAT(offered("is_nan(tra|"), ElementsAre("train.learning_rate", "train/loss"));
  EXPECT_THAT(offered("has(tra|"), testing::SizeIs(4));
}

TEST(Completion, OffersMetricsInsideOfFunctionsOfCurves) {
  EXPECT_THAT(offered("min(|"), ElementsAre("train/loss", "val/r1", "eval/t2i_r10", "eval/i2t_r10", "`odd name!`"));
  EXPECT_THAT(offered("step > 3 and max(tr|) > 1"), ElementsAre("train/loss"));
}

TEST(Completion, OffersStatesOfRuns) {
  EXPECT_THAT(offered("is:p|"), ElementsAre("is:pinned"));
  EXPECT_THAT(offered("is|"), IsSupersetOf({"is:live", "is:running", "is_nan("}));
}

TEST(Completion, IsThereForEveryPlaceOfEveryText) {
  const SmallTable table = runs();
  const std::string text = "loss < 0.3 and (model = \"größe\" or tag ~ abl.*) and min(val/r1) > 40 && `x in (a, b";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    for (std::size_t caret = 0; caret <= size + 1; ++caret) {
      const Completion completion = complete(std::string_view(text).substr(0, size), caret, table);
      ASSERT_LE(completion.begin, completion.end);
      ASSERT_LE(completion.end, size);
      ASSERT_LE(completion.begin, std::min(caret, size));
      ASSERT_GE(completion.end, std::min(caret, size));
    }
  }
}

}  // namespace
}  // namespace athanor::query
