#include "core/recipe/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>

namespace athanor::recipe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

SweepPlan over(const std::vector<std::string>& axes) {
  SweepPlan plan;
  for (const std::string& axis : axes) plan.axes.push_back(value_or_throw(parse_axis(axis)));
  return plan;
}

std::vector<std::string> values_of(const SweepPlan& plan, const Recipe& base = Recipe()) {
  std::vector<std::string> out;
  for (const SweepTrial& trial : value_or_throw(trials_of(base, plan))) out.push_back(trial.values);
  return out;
}

TEST(Grid, TakesEveryCombinationWithTheLastAxisMovingFastest) {
  EXPECT_THAT(
      values_of(over({"train.learning_rate=0.001,0.002", "model.text_depth=1,2,3"})),
      ElementsAre("train.learning_rate=0.001 model.text_depth=1", "train.learning_rate=0.001 model.text_depth=2",
                  "train.learning_rate=0.001 model.text_depth=3", "train.learning_rate=0.002 model.text_depth=1",
                  "train.learning_rate=0.002 model.text_depth=2", "train.learning_rate=0.002 model.text_depth=3"));
}

TEST(Grid, SpacesARangeByFactorsWhereItSpansADecadeAndEvenlyElsewhere) {
  EXPECT_THAT(values_of(over({"train.learning_rate=1e-4..1e-2,5"})),
              ElementsAre("train.learning_rate=0.0001", "train.learning_rate=0.0003162", "train.learning_rate=0.001",
                          "train.learning_rate=0.003162", "train.learning_rate=0.01"));
  EXPECT_THAT(values_of(over({"model.dropout=0..0.3,4"})),
              ElementsAre("model.dropout=0", "model.dropout=0.1", "model.dropout=0.2", "model.dropout=0.3"));
  EXPECT_THAT(values_of(over({"train.learning_rate=0.001..0.01,linear,3"})),
              ElementsAre("train.learning_rate=0.001", "train.learning_rate=0.0055", "train.learning_rate=0.01"));
  EXPECT_THAT(values_of(over({"model.text_depth=1..4,log,10"})),
              ElementsAre("model.text_depth=1", "model.text_depth=2", "model.text_depth=3", "model.text_depth=4"));
}

TEST(Grid, TakesChoicesAndSwitches) {
  EXPECT_THAT(values_of(over({"train.loss=softmax,sigmoid", "run.deterministic=true,false"})),
              ElementsAre("train.loss=softmax run.deterministic=true", "train.loss=softmax run.deterministic=false",
                          "train.loss=sigmoid run.deterministic=true", "train.loss=sigmoid run.deterministic=false"));
}

TEST(Trials, HaveTheValuesAndANameOfTheirOwn) {
  Recipe base;
  base.set("run.name", std::string("starter"));
  const auto trials = value_or_throw(trials_of(base, over({"train.learning_rate=1e-4..1e-2,12"})));
  ASSERT_EQ(trials.size(), 12U);
  EXPECT_EQ(trials[0].recipe.text("run.name"), "starter-01");
  EXPECT_EQ(trials[11].recipe.text("run.name"), "starter-12");
  EXPECT_DOUBLE_EQ(trials[11].recipe.real("train.learning_rate"), 0.01);
  EXPECT_THAT(trials[11].recipe.differences(base), ElementsAre("run.name", "train.learning_rate"));
}

TEST(Trials, OfALongNameKeepItsCharactersWhole) {
  Recipe base;
  std::string name = "a";
  while (name.size() < 99) name += "ü";
  base.set("run.name", name);
  const auto trials = value_or_throw(trials_of(base, over({"model.text_depth=1,2"})));
  EXPECT_TRUE(parse(to_toml(trials[1].recipe, Detail::changed_only)).faults.empty());
  EXPECT_THAT(trials[1].recipe.text("run.name"), testing::EndsWith("ü-2"));
}

TEST(Draws, AreMadeAgainByTheirSeedAndChangeWithItAlone) {
  SweepPlan plan = over({"train.learning_rate=1e-5..1e-1", "model.text_depth=1..8"});
  plan.random = 50;
  const auto first = values_of(plan);
  EXPECT_EQ(values_of(plan), first);
  plan.seed = 2;
  EXPECT_NE(values_of(plan), first);
  plan.seed = 1;
  // More draws begin with the same, and another axis changes none of the others.
  plan.random = 60;
  EXPECT_EQ(values_of(plan)[49], first[49]);
  plan.axes.insert(plan.axes.begin(), value_or_throw(parse_axis("model.dropout=0..0.5")));
  EXPECT_THAT(values_of(plan)[7], testing::EndsWith(first[7]));
}

TEST(Draws, AreAsFrequentInEachDecadeAndForEachWholeNumber) {
  SweepPlan plan = over({"train.learning_rate=1e-5..1e-1", "model.text_depth=1..4"});
  plan.random = 4000;
  std::vector<int> decades(4), depths(5);
  for (const SweepTrial& trial : value_or_throw(trials_of(Recipe(), plan))) {
    const double rate = trial.recipe.real("train.learning_rate");
    ASSERT_GE(rate, 1e-5);
    ASSERT_LE(rate, 1e-1);
    ++decades.at(static_cast<std::size_t>(std::min(3.0, std::floor(std::log10(rate) + 5 + 1e-9))));
    ++depths.at(static_cast<std::size_t>(trial.recipe.integer("model.text_depth")));
  }
  for (const int count : decades) EXPECT_NEAR(count, 1000, 150);
  EXPECT_EQ(depths[0], 0);
  for (int depth = 1; depth <= 4; ++depth) EXPECT_NEAR(depths[static_cast<std::size_t>(depth)], 1000, 150);
}

TEST(Draws, OfACountedRangeAreOfItsPoints) {
  SweepPlan plan = over({"train.learning_rate=1e-4..1e-2,log,3"});
  plan.random = 100;
  const auto values = values_of(plan);
  EXPECT_THAT(std::set<std::string>(values.begin(), values.end()),
              ElementsAre("train.learning_rate=0.0001", "train.learning_rate=0.001", "train.learning_rate=0.01"));
}

TEST(Rungs, AreReachedByTheBestShareOfTheTrials) {
  SweepPlan plan = over({"train.learning_rate=1e-4..1e-2,9"});
  value_or_throw(parse_halving("eta=3,min_steps=100,metric=train/loss,min", plan));
  EXPECT_THAT(rungs_of(plan, 2000), ElementsAre(100, 300, 900, 2000));
  EXPECT_THAT(rungs_of(plan, 900), ElementsAre(100, 300, 900));
  EXPECT_EQ(trials_on(plan, 9, 0), 9U);
  EXPECT_EQ(trials_on(plan, 9, 1), 3U);
  EXPECT_EQ(trials_on(plan, 9, 2), 1U);
  EXPECT_EQ(trials_on(plan, 9, 3), 1U);
  EXPECT_TRUE(is_better(plan.objective, 0.1, 0.2));
  EXPECT_FALSE(is_better(plan.objective, std::nan(""), 0.2));
  EXPECT_TRUE(is_better(plan.objective, 0.1, std::numeric_limits<double>::infinity()));
}

TEST(SweepText, IsReadBackAsTheSamePlan) {
  SweepPlan plan = over({"train.learning_rate=1e-4..1e-2,log,5", "model.text_width=128, 256", "model.dropout=0..0.3"});
  plan.random = 20;
  plan.seed = 18446744073709551615U;
  value_or_throw(parse_halving("min_steps=100,eta=4,metric=train/loss,min", plan));
  const std::string text = to_text(plan);
  EXPECT_EQ(to_text(value_or_throw(parse_sweep(text))), text);
  EXPECT_THAT(text, HasSubstr("over model.text_width=128,256\n"));
  EXPECT_THAT(text, HasSubstr("halving eta=4,min_steps=100\n"));
  EXPECT_THAT(text, HasSubstr("metric train/loss,min\n"));
}

TEST(SweepText, OfAnyBytesIsReadOrRefused) {
  std::mt19937 random(7);
  const std::string seeds[] = {"over train.learning_rate=1e-4..1e-2,log,5\nrandom 3\nseed 1\n",
                               "over model.text_depth=1..3\nhalving eta=2,min_steps=5\nmetric a,max\n"};
  for (int round = 0; round < 3000; ++round) {
    std::string text = seeds[random() % 2];
    for (int flips = 0; flips < 3; ++flips) text[random() % text.size()] = static_cast<char>(random());
    const auto plan = parse_sweep(text);
    if (!plan) {
      EXPECT_EQ(plan.error().kind, ErrorKind::invalid_input);
    } else if (plan->random <= 100 && (plan->axes.empty() || plan->axes[0].count <= 100)) {
      (void)trials_of(Recipe(), *plan);
    }
  }
}

TEST(Sweeps, AreRefusedWithTheReason) {
  const auto why_not = [](const std::string& axis) { return parse_axis(axis).error().cause; };
  EXPECT_THAT(why_not("train.learning_rat=1,2"), HasSubstr("did you mean train.learning_rate?"));
  EXPECT_THAT(why_not("run.name=a,b"), HasSubstr("only numbers and choices can vary"));
  EXPECT_THAT(why_not("train.loss=a..b"), HasSubstr("it has no range"));
  EXPECT_THAT(why_not("train.steps=9..1"), HasSubstr("no range from a lower to a higher number"));
  EXPECT_THAT(why_not("model.dropout=0..0.5,log"), HasSubstr("begins above 0"));
  EXPECT_THAT(why_not("train.steps=1..9,every"), HasSubstr("'every' is neither log nor linear nor a count"));
  EXPECT_THAT(why_not("train.steps=1,x"), HasSubstr("must be a whole number"));
  EXPECT_THAT(why_not("train.steps"), HasSubstr("path=values"));

  const auto refused = [](SweepPlan plan) { return trials_of(Recipe(), plan).error().cause; };
  EXPECT_THAT(refused(over({"train.learning_rate=1e-4..1e-2"})), HasSubstr("how many values of the range"));
  EXPECT_THAT(refused(over({"model.text_depth=1,2", "model.text_depth=1,2"})), HasSubstr("varies twice"));
  EXPECT_THAT(refused({}), HasSubstr("no field varies"));
  EXPECT_THAT(refused(over({"run.seed=1..1e6,5000", "train.steps=1000..10000,5000"})), HasSubstr("more than 10000"));
  // Every fault of the first trial that has some, with the trial.
  EXPECT_THAT(refused(over({"model.dropout=0.1,2"})), HasSubstr("trial 2 (model.dropout=2): model.dropout: must be"));

  SweepPlan plan = over({"train.learning_rate=0.1,0.2"});
  EXPECT_FALSE(parse_halving("eta=1,min_steps=10", plan));
  EXPECT_FALSE(parse_halving("eta=3", plan));
  EXPECT_FALSE(parse_halving("min_steps=10,best", plan));
  value_or_throw(parse_halving("min_steps=10", plan));
  EXPECT_THAT(refused(plan), HasSubstr("none within the first 10 steps"));
  value_or_throw(parse_halving("min_steps=400", plan));
  EXPECT_THAT(refused(plan), HasSubstr("have 400 steps in all"));
  plan = over({"eval.every_steps=5,50"});
  value_or_throw(parse_halving("min_steps=10", plan));
  EXPECT_THAT(refused(plan), HasSubstr("none within the first 10 steps"));
  plan = over({"train.steps=500,600"});
  value_or_throw(parse_halving("min_steps=100", plan));
  EXPECT_THAT(refused(plan), HasSubstr("train.steps"));
}

}  // namespace
}  // namespace athanor::recipe
