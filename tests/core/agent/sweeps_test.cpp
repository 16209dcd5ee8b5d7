// Sweeps under a real agent, each kind to its end.
#include "core/store/writer.h"
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <set>

namespace athanor::agent {
namespace {

using store::RunId;
using store::RunStatus;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// Small ranks are the better the nearer their learning rate is to 1e-3.
Enqueue base(int steps, const std::string& notes = "pace=1") {
  return {Home::recipe(steps, notes) + "threads = 1\n[eval]\nevery_steps = 1\n", 0, 0, {}};
}

void set_cores(const Home& home, int cores) {
  store::QueueSettings limits;
  limits.cores = cores;
  value_or_throw(home.client->limit(limits));
}

AddedSweep add(const Home& home, const Enqueue& request, const std::string& plan) {
  return value_or_throw(home.client->add_sweep(request, plan));
}

SweepView wait_for(const Home& home, const AddedSweep& added) {
  for (const RunId run : added.runs) (void)home.wait(run);
  return value_or_throw(home.client->sweep(added.sweep));
}

// How often a run began, by its journal.
int sessions_of(const Home& home, RunId run) {
  int sessions = 0;
  for (const auto& occurrence : value_or_throw(home.history()->occurrences(run))) {
    const auto* change = std::get_if<journal::StateChanged>(&occurrence.payload);
    sessions += change != nullptr && change->state == journal::RunState::preparing ? 1 : 0;
  }
  return sessions;
}

TEST(Sweeps, OfAGridTryEveryCombinationAndNameTheBest) {
  Home home;
  home.start_agent();
  set_cores(home, 4);
  const auto added = add(home, base(10), "over train.learning_rate=1e-4..1e-2,3\nover model.text_depth=1,2\n");
  ASSERT_THAT(added.runs, SizeIs(6));
  const SweepView view = wait_for(home, added);
  EXPECT_EQ(view.finished, 6);
  ASSERT_TRUE(view.best);
  EXPECT_EQ(view.trials[*view.best].trial.values, "train.learning_rate=0.001 model.text_depth=1");
  EXPECT_EQ(view.trials[*view.best].trial.number, 3);
  EXPECT_THAT(home.run(added.runs[4]).recipe_toml, HasSubstr("learning_rate = 0.01"));
  EXPECT_EQ(home.run(added.runs[4]).name, "small-5");
}

TEST(Sweeps, OfRandomDrawsAreMadeAgainByTheirSeed) {
  Home home;
  home.start_agent();
  set_cores(home, 4);
  const std::string plan = "over train.learning_rate=1e-5..1e-1\nrandom 8\nseed 3\n";
  const SweepView view = wait_for(home, add(home, base(4), plan));
  ASSERT_TRUE(view.best);
  const auto rate_of = [](const store::TrialState& trial) { return std::stod(trial.trial.values.substr(20)); };
  std::set<double> rates;
  for (const store::TrialState& trial : view.trials) {
    rates.insert(rate_of(trial));
    EXPECT_LE(std::abs(std::log10(rate_of(view.trials[*view.best])) + 3), std::abs(std::log10(rate_of(trial)) + 3));
  }
  EXPECT_GE(rates.size(), 7U);
  const SweepView again = wait_for(home, add(home, base(4), plan));
  for (std::size_t i = 0; i < view.trials.size(); ++i)
    EXPECT_EQ(again.trials[i].trial.values, view.trials[i].trial.values);
  EXPECT_THAT(value_or_throw(home.client->sweeps()), SizeIs(2));
}

TEST(Sweeps, ThatHalveLetTheBestGoOnAndStopTheOthers) {
  Home home;
  home.start_agent();
  set_cores(home, 4);
  const auto added =
      add(home, base(60), "over train.learning_rate=1e-5..1e-1,9\nhalving eta=3,min_steps=5\nmetric eval/t2i_r1,max\n");
  const SweepView view = wait_for(home, added);
  ASSERT_TRUE(view.best);
  EXPECT_EQ(view.trials[*view.best].trial.values, "train.learning_rate=0.001");
  EXPECT_EQ(view.finished, 1);
  EXPECT_EQ(view.left_out, 8);
  // 5, 15, 45 and then 60 steps.
  std::vector<std::int64_t> steps;
  for (const store::TrialState& trial : view.trials) steps.push_back(trial.step);
  std::ranges::sort(steps, std::greater{});
  EXPECT_THAT(steps, ElementsAre(60, 15, 15, 5, 5, 5, 5, 5, 5));
  const RunId winner = view.trials[*view.best].run;
  EXPECT_EQ(sessions_of(home, winner), 4);
  EXPECT_EQ(home.steps_of(winner).size(), 60U);  // each step once
  for (const store::TrialState& trial : view.trials) {
    if (trial.run == winner) continue;
    EXPECT_EQ(trial.status, RunStatus::stopped);
    EXPECT_THAT(trial.cause, HasSubstr("left out of its sweep after step"));
    EXPECT_THAT(trial.cause, HasSubstr("eval/t2i_r1 = "));
  }
}

TEST(Sweeps, ThatHalveGoOnWhereTheAgentDiesAtAnyMoment) {
  Home home;
  home.start_agent();
  set_cores(home, 4);
  const auto added =
      add(home, base(60), "over train.learning_rate=1e-5..1e-1,9\nhalving eta=3,min_steps=5\nmetric eval/t2i_r1,max\n");
  std::mt19937 random(5);
  for (int kills = 0; kills < 12; ++kills) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 120));
    home.kill_agent();
    home.start_agent();
  }
  const SweepView view = wait_for(home, added);
  ASSERT_TRUE(view.best);
  EXPECT_EQ(view.trials[*view.best].trial.values, "train.learning_rate=0.001");
  EXPECT_EQ(view.finished, 1);
  EXPECT_EQ(view.left_out, 8);
  EXPECT_EQ(home.steps_of(view.trials[*view.best].run).size(), 60U);
  EXPECT_EQ(sessions_of(home, view.trials[*view.best].run), 4);
}

TEST(Sweeps, ThatHalveGoOnWithoutATrialThatFailsOrIsTakenOut) {
  Home home;
  home.start_agent();
  set_cores(home, 4);
  const auto added =
      add(home, base(40, "pace=20"),
          "over train.learning_rate=1e-4,1e-3,1e-2\nhalving eta=3,min_steps=30\nmetric eval/t2i_r1,max\n");
  ASSERT_TRUE(home.until_step(added.runs[1], 1));
  value_or_throw(home.client->stop(added.runs[1]));  // the one that would be the best
  const SweepView view = wait_for(home, added);
  EXPECT_EQ(view.stopped, 1);
  EXPECT_EQ(view.left_out, 1);
  EXPECT_EQ(view.finished, 1);
  EXPECT_THAT(home.run(added.runs[1]).cause, HasSubstr("asked to stop"));
}

TEST(Sweeps, KeepWhatWaitsUntilTheOthersAreThereAndLetItBeTakenOut) {
  Home home;
  home.start_agent();
  set_cores(home, 1);
  value_or_throw(home.client->hold_queue(true));
  const auto added =
      add(home, base(40), "over train.learning_rate=1e-3,1e-4\nhalving eta=2,min_steps=5\nmetric eval/t2i_r1,max\n");
  const auto state = [&](std::size_t i) { return value_or_throw(home.client->sweep(added.sweep)).trials[i]; };
  value_or_throw(home.client->hold({added.runs[1]}));
  value_or_throw(home.client->hold_queue(false));
  ASSERT_TRUE(Home::until([&] { return state(0).trial.waits; }));
  EXPECT_THAT(state(0).cause, HasSubstr("it waits after step 5 for the other trials of sweep 1"));
  const auto refused = home.client->resume(added.runs[0]);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().cause, HasSubstr("it waits for the other trials"));
  value_or_throw(home.client->stop(added.runs[0]));
  EXPECT_TRUE(state(0).trial.is_out);
  EXPECT_EQ(state(0).cause, "taken out of its sweep");
  value_or_throw(home.client->release({added.runs[1]}));
  EXPECT_EQ(wait_for(home, added).finished, 1);
  EXPECT_EQ(state(1).step, 40);
  // Out of the sweep, it may go to its end.
  value_or_throw(home.client->resume(added.runs[0]));
  EXPECT_EQ(home.wait(added.runs[0]).status, RunStatus::finished);
  EXPECT_EQ(home.steps_of(added.runs[0]).size(), 40U);
}

TEST(Sweeps, AreHeldReleasedAndEndedAsAWhole) {
  Home home;
  home.start_agent();
  set_cores(home, 2);
  const auto added = add(home, base(100000, "pace=4"), "over train.learning_rate=1e-4..1e-2,4\n");
  ASSERT_TRUE(home.until_step(added.runs[0], 1) && home.until_step(added.runs[1], 1));
  value_or_throw(home.client->hold_sweep(added.sweep, true));
  value_or_throw(home.client->stop(added.runs[0]));
  EXPECT_EQ(home.wait(added.runs[0]).status, RunStatus::stopped);
  home.kill_agent();
  home.start_agent();
  const auto queued = value_or_throw(home.client->queue()).queued;
  ASSERT_THAT(queued, SizeIs(2));
  EXPECT_EQ(queued[0].why, Why::sweep_held);
  EXPECT_TRUE(value_or_throw(home.client->sweep(added.sweep)).sweep.held);
  value_or_throw(home.client->hold_sweep(added.sweep, false));
  ASSERT_TRUE(home.until_step(added.runs[2], 1));
  value_or_throw(home.client->end_sweep(added.sweep));
  const SweepView view = wait_for(home, added);
  EXPECT_EQ(view.stopped, 4);
  EXPECT_TRUE(view.sweep.ended);
  EXPECT_EQ(home.run(added.runs[3]).cause, "its sweep was ended");
  EXPECT_EQ(home.steps_of(added.runs[3]).size(), 0U);
  EXPECT_FALSE(home.client->end_sweep(99));
}

TEST(Sweeps, ThatWereEndedAreStoppedByTheNextAgentWhereTheLastOneDiedTooSoon) {
  Home home;
  home.start_agent();
  set_cores(home, 2);
  const auto added = add(home, base(100000, "pace=4"), "over train.learning_rate=1e-4,1e-3\n");
  ASSERT_TRUE(home.until_step(added.runs[0], 1) && home.until_step(added.runs[1], 1));
  home.kill_agent();
  value_or_throw(value_or_throw(store::Writer::open(home.path / "history.db"))->end_sweep(added.sweep));
  home.start_agent();
  EXPECT_EQ(wait_for(home, added).stopped, 2);
}

TEST(Sweeps, WithFaultsAreRefusedWhole) {
  Home home;
  home.start_agent();
  const auto refused = home.client->add_sweep(base(10), "over model.dropout=0.1,2\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(refused.error().cause, HasSubstr("trial 2 (model.dropout=2): model.dropout: must be"));
  EXPECT_FALSE(home.client->add_sweep(base(10), "over nothing"));
  EXPECT_TRUE(value_or_throw(home.client->list()).empty());
  const auto added = add(home, base(10), "over model.dropout=0.1,0.2\n");
  const auto edited = home.client->edit(added.runs[1], {"", {"model.dropout=0.3"}});
  EXPECT_FALSE(edited);
  (void)wait_for(home, added);
}

TEST(SweepCommands, QueueASweepAndTellHowItStands) {
  Home home;
  home.start_agent();
  set_cores(home, 4);
  const auto file = (home.root / "recipe.toml").string();
  std::ofstream(file) << base(40).recipe_toml;
  const auto queued = home.call({"sweep", file, "--over", "train.learning_rate=1e-4..1e-2,log,5", "--over",
                                 "model.text_depth=1,2", "--random", "4", "--seed", "1", "--halving",
                                 "eta=2,min_steps=5,metric=eval/t2i_r1,max", "--priority", "3", "--retries", "2"});
  ASSERT_EQ(queued.status, 0) << queued.text;
  EXPECT_EQ(queued.text, "sweep 1: 4 runs, 1 to 4\n");
  EXPECT_EQ(value_or_throw(home.history()->job(2)).priority, 3);
  (void)wait_for(home, {1, {1, 2, 3, 4}});
  const std::string listed = home.call({"sweeps"}).text;
  EXPECT_THAT(listed, HasSubstr("small"));
  EXPECT_THAT(listed, HasSubstr("(train.learning_rate="));
  const std::string one = home.call({"sweeps", "1"}).text;
  EXPECT_THAT(one, HasSubstr("halving eta=2,min_steps=5\n"));
  EXPECT_THAT(one, HasSubstr("best so far: "));
  const auto json = nlohmann::json::parse(home.call({"sweeps", "1", "--json"}).text);
  EXPECT_THAT(json.at("trials"), SizeIs(4));
  EXPECT_EQ(json.at("finished").get<int>() + json.at("left_out").get<int>(), 4);
  EXPECT_TRUE(json.contains("best"));
  EXPECT_THAT(home.call({"show", "2"}).text, HasSubstr("sweep      1, trial 2: train.learning_rate="));
  EXPECT_EQ(nlohmann::json::parse(home.call({"show", "2", "--json"}).text).at("queue").at("trial").at("number"), 2);
  EXPECT_EQ(home.call({"sweep", file, "--over", "train.learning_rate=1..2"}).status, 2);
  EXPECT_EQ(home.call({"sweep", file, "--over", "nothing=1"}).status, 2);
  EXPECT_EQ(home.call({"sweep", file}).status, 2);
  EXPECT_EQ(home.call({"sweeps", "9"}).status, 2);
  EXPECT_EQ(home.call({"stop", "--sweep", "1"}).status, 0);
  EXPECT_EQ(home.call({"hold", "--sweep", "9"}).status, 2);
}

}  // namespace
}  // namespace athanor::agent
