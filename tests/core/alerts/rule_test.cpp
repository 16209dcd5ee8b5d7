// Alert rules as values and texts.
#include "core/alerts/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace athanor::alerts {
namespace {

using testing::HasSubstr;

Rule named(Kind kind) {
  Rule rule = defaults_of(kind);
  rule.name = std::string("r");
  if (kind == Kind::condition) rule.condition = std::string("loss > 3"), rule.metrics = {"train/loss"};
  return rule;
}

TEST(Rules, OfEveryKindAreGoodByDefaultAndComeBackFromTheirTexts) {
  for (const KindRow& row : kinds()) {
    EXPECT_EQ(value_or_throw(kind_named(row.name)), row.kind);
    Rule rule = named(row.kind);
    EXPECT_TRUE(check(rule)) << row.name;
    rule.action = Action::roll_back;
    rule.more_is_better = true;
    EXPECT_EQ(value_or_throw(rule_from(to_text(rule))), rule);
    EXPECT_THAT(in_words(rule), HasSubstr("roll-back"));
  }
}

TEST(Rules, SayEverythingThatIsWrongWithThem) {
  Rule rule = named(Kind::spike);
  rule.name = std::string("two words");
  rule.metric.clear();
  rule.bound = std::numeric_limits<double>::quiet_NaN();
  rule.window = 3;
  rule.raise_after = 0;
  const auto refused = check(rule);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
  for (const char* fault : {"name", "metric", "bound", "8 to 1000", "raised after"})
    EXPECT_THAT(refused.error().cause, HasSubstr(fault));
  rule = named(Kind::condition);
  rule.condition = std::string("loss >");
  EXPECT_FALSE(check(rule));
  rule = named(Kind::nan);
  rule.condition = std::string("loss > 1");
  EXPECT_FALSE(check(rule));
  EXPECT_FALSE(kind_named("spikes"));
  EXPECT_FALSE(action_named("explode"));
}

TEST(Rules, MeanMetricsByTheirWholeNames) {
  const std::vector<std::string> known = {"eval/loss", "train/gradient_norm", "train/loss"};
  using Names = std::vector<std::string>;
  EXPECT_EQ(value_or_throw(meant_by("train/loss > 3 and gradient_norm < 1 and step > 5", known)),
            (Names{"train/gradient_norm", "train/loss"}));
  EXPECT_EQ(value_or_throw(meant_by("eval/r1 < 0.5 and `own/a b` > min(eval/r1)", {})), (Names{"eval/r1", "own/a b"}));
  EXPECT_FALSE(meant_by("loss > 3", known)) << "there are two";
  EXPECT_FALSE(meant_by("los > 3", known));
  EXPECT_FALSE(meant_by("eval/r1 <", {}));
}

TEST(Rules, ThatAreDamagedAreReadOrRefused) {
  const std::string good = to_text(named(Kind::condition));
  std::mt19937_64 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string text = good;
    text[random() % text.size()] = static_cast<char>(random());
    if (i % 3 == 0) text.resize(random() % text.size());
    const auto rule = rule_from(text);
    if (rule) (void)check(*rule);
  }
}

}  // namespace
}  // namespace athanor::alerts
