#include "core/agent/halving.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::agent {
namespace {

using store::RunStatus;
using store::TrialState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

recipe::SweepPlan plan_of(const std::string& halving) {
  recipe::SweepPlan plan;
  value_or_throw(recipe::parse_halving(halving, plan));
  return plan;
}

// Nine that wait after step 100 of 1000, with their number as their figure.
std::vector<TrialState> nine() {
  std::vector<TrialState> trials;
  for (int number = 1; number <= 9; ++number) {
    TrialState state;
    state.run = 10 + number;
    state.trial.number = number;
    state.trial.waits = true;
    state.status = RunStatus::stopped;
    state.step = state.until = 100;
    state.steps = 1000;
    trials.push_back(state);
  }
  return trials;
}

double number_of(const TrialState& trial) { return trial.trial.number; }

std::vector<store::RunId> runs_of(const std::vector<store::LeftOut>& left_out) {
  std::vector<store::RunId> runs;
  for (const store::LeftOut& each : left_out) runs.push_back(each.run);
  return runs;
}

TEST(Halving, LetsTheBestShareGoOnOnceAllAreThere) {
  auto trials = nine();
  const auto plan = plan_of("eta=3,min_steps=100,metric=m,max");
  const auto next = advance(plan, trials, number_of);
  ASSERT_TRUE(next);
  EXPECT_THAT(next->going_on, ElementsAre(19, 18, 17));
  EXPECT_EQ(next->until, 300);
  EXPECT_THAT(runs_of(next->left_out), ElementsAre(16, 15, 14, 13, 12, 11));
  EXPECT_EQ(next->left_out[0].cause, "left out of its sweep after step 100 with m = 6; the best 3 of 9 go on");
  EXPECT_THAT(advance(plan_of("min_steps=100,metric=m,min"), trials, number_of)->going_on, ElementsAre(11, 12, 13));
  for (const RunStatus status : {RunStatus::queued, RunStatus::running}) {
    trials[4].trial.waits = false;
    trials[4].status = status;
    EXPECT_FALSE(advance(plan, trials, number_of));
  }
  trials[4].status = RunStatus::failed;
  trials[4].is_unanswered = true;  // it may be tried again
  EXPECT_FALSE(advance(plan, trials, number_of));
  trials[4].is_unanswered = false;
  EXPECT_THAT(advance(plan, trials, number_of)->going_on, ElementsAre(19, 18, 17));
}

TEST(Halving, GoesFromRungToRungToTheEnd) {
  auto trials = nine();
  const auto plan = plan_of("eta=3,min_steps=100,metric=m,max");
  for (int i = 0; i < 6; ++i) trials[static_cast<std::size_t>(i)].trial = {.is_out = true};
  for (std::size_t i = 6; i < 9; ++i) trials[i].until = trials[i].step = 300;
  auto next = advance(plan, trials, number_of);
  EXPECT_THAT(next->going_on, ElementsAre(19));
  EXPECT_EQ(next->until, 900);
  trials[6].trial = trials[7].trial = {.is_out = true};
  trials[8].until = trials[8].step = 900;
  next = advance(plan, trials, number_of);
  EXPECT_THAT(next->going_on, ElementsAre(19));
  EXPECT_EQ(next->until, 0);
  EXPECT_THAT(next->left_out, IsEmpty());
  trials[8].trial.waits = false;
  trials[8].until = 0;
  trials[8].status = RunStatus::running;
  EXPECT_FALSE(advance(plan, trials, number_of));
}

TEST(Halving, PrefersWhatHasAFigureAndThenTheEarlierTrial) {
  const auto trials = nine();
  const auto plan = plan_of("eta=3,min_steps=100,metric=m,max");
  const auto next = advance(plan, trials, [](const TrialState& trial) {
    return trial.trial.number == 7 ? 1.0 : std::numeric_limits<double>::quiet_NaN();
  });
  EXPECT_THAT(next->going_on, ElementsAre(17, 11, 12));
  EXPECT_THAT(next->left_out[0].cause, HasSubstr("with no m"));
}

TEST(Halving, GoesOnWithFewerWhereTrialsHaveEndedOrAreDeleted) {
  auto trials = nine();
  const auto plan = plan_of("eta=3,min_steps=100,metric=m,max");
  for (std::size_t i = 2; i < 9; ++i) trials[i].trial.waits = false;
  auto next = advance(plan, trials, number_of);
  EXPECT_THAT(next->going_on, ElementsAre(12, 11));
  trials[1].is_deleted = true;
  next = advance(plan, trials, number_of);
  EXPECT_THAT(next->going_on, ElementsAre(11));
  EXPECT_THAT(runs_of(next->left_out), ElementsAre(12));
}

TEST(Halving, LeavesBehindWhatComesLate) {
  auto trials = nine();
  const auto plan = plan_of("eta=3,min_steps=100,metric=m,max");
  for (std::size_t i = 0; i < 8; ++i) trials[i].trial.waits = false;  // they have failed, or were left out
  trials[0].status = RunStatus::running;                              // and this one is two rungs further
  trials[0].until = 900;
  const auto next = advance(plan, trials, number_of);
  EXPECT_THAT(next->going_on, IsEmpty());
  EXPECT_THAT(runs_of(next->left_out), ElementsAre(19));
  EXPECT_THAT(next->left_out[0].cause, HasSubstr("have gone on without it"));
}

}  // namespace
}  // namespace athanor::agent
