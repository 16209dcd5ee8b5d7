// What a plan offers instead of predicting one recipe: other layouts, and the batch that fills the memory.
#include "tests/core/runner/run_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace athanor::runner {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kSmoke = std::string(ATH_SOURCE_DIR) + "/experiments/smoke.toml";
constexpr std::int64_t kMebibyte = 1 << 20;

json planned(std::vector<std::string> more) {
  more.insert(more.begin(), {"plan", kSmoke, "--json"});
  const Outcome outcome = run_program(more);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return json::parse(outcome.out, nullptr, false);
}

TEST(PlanLayouts, AreSortedByTimeFitTheMemoryAndAreAcceptedAsTheyAreSaid) {
  ATH_NEEDS_DATA();
  const json told = planned({"--layouts", "--ranks", "4"});
  ASSERT_TRUE(told.is_object());
  EXPECT_LE(told["looked_at"], told["valid"]);
  ASSERT_FALSE(told["layouts"].empty());
  double last = 0;
  bool several = false;
  for (const json& choice : told["layouts"]) {
    EXPECT_GE(choice["step_seconds"].get<double>(), last);
    last = choice["step_seconds"];
    EXPECT_LE(choice["memory_bytes"], told["memory_bytes"]);
    EXPECT_LE(choice["ranks"], 4);
    several = several || choice["ranks"] > 1;
    std::vector<std::string> words = {"check", kSmoke};
    for (const json& assignment : choice["set"]) {
      words.emplace_back("--set");
      words.push_back(assignment);
    }
    EXPECT_EQ(run_program(words).status, 0) << choice;
  }
  EXPECT_TRUE(several);
}

TEST(PlanLayouts, LeaveOutWhatDoesNotFit) {
  ATH_NEEDS_DATA();
  const json roomy = planned({"--layouts", "--ranks", "2"});
  const std::int64_t of_one = roomy["own"]["memory_bytes"];
  const json tight = planned({"--layouts", "--ranks", "2", "--memory", std::to_string(of_one + of_one / 10)});
  EXPECT_GT(tight["too_large"], 0);
  ASSERT_FALSE(tight["layouts"].empty());
  for (const json& choice : tight["layouts"]) EXPECT_EQ(choice["ranks"], 1);
}

TEST(PlanFill, FindsTheBatchThatFillsTheShareByPredictionAndTwoMeasurements) {
  ATH_NEEDS_DATA();
  // Pictures and channels large enough that a batch weighs more than the program.
  const std::vector<std::string> large = {"--set", "data.image_px=64", "--set", "model.stem=32,64"};
  const auto ask = [&](std::vector<std::string> more) {
    more.insert(more.end(), large.begin(), large.end());
    return planned(std::move(more));
  };
  const std::int64_t memory = 1200 * kMebibyte;
  const json told = ask({"--fill", "0.65", "--memory", std::to_string(memory)});
  ASSERT_EQ(told["probes"].size(), 2U) << told;
  const double target = 0.65 * static_cast<double>(memory);
  EXPECT_LE(told["expected_bytes"].get<double>(), target);
  EXPECT_FALSE(told.contains("bounded_by")) << told;
  EXPECT_GE(told["expected_bytes"].get<double>(), 0.92 * target) << told;
  for (const json& probe : told["probes"]) {
    EXPECT_GT(probe["measured_bytes"], 0);
    EXPECT_GT(probe["predicted_bytes"], 0);
  }
}

TEST(PlanFill, SaysWhatBoundsTheBatchWhereThatIsNotMemory) {
  ATH_NEEDS_DATA();
  const json told = planned({"--fill", "0.65"});
  EXPECT_EQ(told["batch_size"], told["largest"]);
  EXPECT_THAT(told["bounded_by"].get<std::string>(), HasSubstr("training pictures"));
}

TEST(PlanFill, RefusesAShareThatNoBatchIsAsSmallAs) {
  ATH_NEEDS_DATA();
  const Outcome outcome = run_program({"plan", kSmoke, "--fill", "0.65", "--memory", "20MiB"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("find the batch size"));
  EXPECT_THAT(outcome.err, HasSubstr("a batch of 2 takes")) << "fewer pairs are no batch";
}

TEST(Plan, RefusesMemoryAndRanksWhereNothingAsksForThem) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--memory", "1GiB"}, {"--ranks", "2"}, {"--fill", "0.5", "--ranks", "2"}}) {
    std::vector<std::string> all = {"plan", kSmoke};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome outcome = run_program(all);
    EXPECT_EQ(outcome.status, 2) << words.back();
    EXPECT_THAT(outcome.err, HasSubstr("--layouts"));
  }
}

}  // namespace
}  // namespace athanor::runner
