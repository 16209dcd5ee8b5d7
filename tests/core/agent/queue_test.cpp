// The queue under a real agent: order, holds, changes, what follows what, and how many runs go on beside each other.
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <sched.h>

namespace athanor::agent {
namespace {

namespace fs = std::filesystem;
using store::RunId;
using store::RunStatus;
using store::Spot;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A recipe that computes on so many threads; 0: on all cores.
Enqueue wish(int threads, const std::string& notes = "pace=1", int steps = 5) {
  return {Home::recipe(steps, notes) + fmt::format("threads = {}\n", threads), 0, 0, {}};
}

RunId add(const Home& home, Enqueue request) { return value_or_throw(home.client->enqueue(request)); }

RunId add(const Home& home, int priority) {
  Enqueue request = wish(0);
  request.wish.priority = priority;
  return add(home, request);
}

std::vector<RunId> order(const Home& home) {
  std::vector<RunId> runs;
  for (const QueueEntry& entry : value_or_throw(home.client->queue()).queued) runs.push_back(entry.job.run);
  return runs;
}

QueueEntry entry_of(const Home& home, RunId run) {
  for (const QueueEntry& entry : value_or_throw(home.client->queue()).queued)
    if (entry.job.run == run) return entry;
  return {};
}

void restart(Home& home) {
  home.kill_agent();
  home.start_agent();
}

void set_cores(const Home& home, int cores) {
  store::QueueSettings limits;
  limits.cores = cores;
  value_or_throw(home.client->limit(limits));
}

// The runs in the order in which they began, once all have finished.
std::vector<RunId> begun(const Home& home, const std::vector<RunId>& runs) {
  std::map<std::int64_t, RunId> by_time;
  for (const RunId run : runs) {
    EXPECT_EQ(home.wait(run).status, RunStatus::finished);
    by_time[home.run(run).started_ns] = run;
  }
  std::vector<RunId> out;
  for (const auto& [time, run] : by_time) out.push_back(run);
  return out;
}

TEST(Queue, BeginsRunsByPriorityAndThenInItsOrder) {
  Home home;
  home.start_agent();
  value_or_throw(home.client->hold_queue(true));
  const std::vector<RunId> runs = {add(home, 0), add(home, 5), add(home, 5), add(home, -1)};
  EXPECT_THAT(order(home), ElementsAre(2, 3, 1, 4));
  value_or_throw(home.client->set_priority({4}, 9));
  restart(home);
  EXPECT_THAT(order(home), ElementsAre(4, 2, 3, 1));
  EXPECT_TRUE(value_or_throw(home.client->queue()).settings.held);
  EXPECT_EQ(entry_of(home, 4).text, "the queue is held");
  value_or_throw(home.client->hold_queue(false));
  EXPECT_THAT(begun(home, runs), ElementsAre(4, 2, 3, 1));
  EXPECT_FALSE(home.client->set_priority({4}, 1));  // it is in the queue no more
}

TEST(Queue, MovesRunsToWhereTheyAreWantedWithThePriorityThere) {
  Home home;
  home.start_agent();
  value_or_throw(home.client->hold_queue(true));
  for (const int priority : {7, 0, 0, 0, -3}) (void)add(home, priority);
  value_or_throw(home.client->move({4}, Spot::before, 3));
  EXPECT_THAT(order(home), ElementsAre(1, 2, 4, 3, 5));
  value_or_throw(home.client->move({5, 3}, Spot::after, 1));
  EXPECT_THAT(order(home), ElementsAre(1, 5, 3, 2, 4));
  EXPECT_EQ(entry_of(home, 5).job.priority, 7);
  value_or_throw(home.client->move({4}, Spot::front));
  EXPECT_THAT(order(home), ElementsAre(4, 1, 5, 3, 2));
  value_or_throw(home.client->move({1, 4}, Spot::end));
  EXPECT_THAT(order(home), ElementsAre(5, 3, 2, 1, 4));
  EXPECT_EQ(entry_of(home, 1).job.priority, 0);
  restart(home);
  EXPECT_THAT(order(home), ElementsAre(5, 3, 2, 1, 4));
  const auto refused = home.client->move({5, 99}, Spot::end);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().cause, HasSubstr("run 99 is not in it"));
  EXPECT_FALSE(home.client->move({5}, Spot::before, 5));
  EXPECT_THAT(order(home), ElementsAre(5, 3, 2, 1, 4));
  value_or_throw(home.client->hold_queue(false));
  EXPECT_THAT(begun(home, {1, 2, 3, 4, 5}), ElementsAre(5, 3, 2, 1, 4));
}

TEST(Queue, KeepsHeldRunsUntilTheyAreReleased) {
  Home home;
  home.start_agent();
  Enqueue held = wish(0);
  held.wish.held = true;
  const RunId first = add(home, held);
  const RunId second = add(home, wish(0));
  EXPECT_EQ(home.wait(second).status, RunStatus::finished);  // and keeps nobody waiting
  EXPECT_EQ(entry_of(home, first).why, Why::held);
  restart(home);
  EXPECT_EQ(entry_of(home, first).why, Why::held);
  value_or_throw(home.client->release({first}));
  EXPECT_EQ(home.wait(first).status, RunStatus::finished);
  EXPECT_FALSE(home.client->hold({first}));
}

TEST(Queue, TakesAnotherRecipeForAQueuedRunAndRefusesAWrongOne) {
  Home home;
  home.start_agent();
  value_or_throw(home.client->hold_queue(true));
  const RunId run = add(home, wish(2));
  const auto refused = home.client->edit(run, {"", {"train.steps=0", "train.learning_rat=1"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(refused.error().cause, HasSubstr("train.steps: must be between"));
  EXPECT_THAT(refused.error().cause, HasSubstr("did you mean train.learning_rate?"));
  EXPECT_EQ(home.run(run).steps, 5);
  EXPECT_EQ(entry_of(home, run).room.cores, std::min(2, value_or_throw(home.client->queue()).all.cores));
  value_or_throw(home.client->edit(run, {"", {"train.steps=7", "train.threads=1", "run.name=other"}}));
  restart(home);
  EXPECT_EQ(entry_of(home, run).room.cores, 1);
  EXPECT_EQ(home.run(run).name, "other");
  value_or_throw(home.client->edit(run, {Home::recipe(9, "pace=1"), {}}));
  value_or_throw(home.client->hold_queue(false));
  EXPECT_EQ(home.wait(run).steps, 9);
  EXPECT_EQ(home.steps_of(run).size(), 9U);
  EXPECT_FALSE(home.client->edit(run, {"", {"train.steps=11"}}));
}

TEST(Queue, KeepsAForkAndARunThatIsToGoOnWhatTheyLearntWhenTheyAreChanged) {
  Home home;
  home.start_agent();
  const RunId parent = add(home, wish(0, "pace=1", 50));
  EXPECT_EQ(home.wait(parent).status, RunStatus::finished);
  const RunId stopped = add(home, wish(0, "pace=20", 200));
  ASSERT_TRUE(home.until_step(stopped, 3));
  value_or_throw(home.client->stop(stopped));
  EXPECT_EQ(home.wait(stopped).status, RunStatus::stopped);
  value_or_throw(home.client->hold_queue(true));
  Enqueue fork = wish(0, "pace=1", 60);
  fork.fork_of = parent;
  fork.fork_step = 40;
  const RunId child = add(home, fork);
  auto refused = home.client->edit(child, {"", {"model.text_width=256"}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().cause, HasSubstr("model.text_width: must be 128, as in the run that is forked"));
  value_or_throw(home.client->edit(child, {"", {"train.steps=45"}}));

  value_or_throw(home.client->resume(stopped));
  refused = home.client->edit(stopped, {"", {"train.steps=120"}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().cause, HasSubstr("train.steps: must be 200, with which it has begun"));
  value_or_throw(home.client->edit(stopped, {"", {"run.notes=\"pace=1 end=fault fault=numeric always=1\""}}));
  restart(home);
  value_or_throw(home.client->hold_queue(false));
  EXPECT_EQ(home.wait(child).status, RunStatus::finished);
  EXPECT_EQ(home.steps_of(child).back(), 45);
  EXPECT_EQ(home.wait(stopped).cause, "Could not go on: there is a fault");  // as its new notes say
}

TEST(Queue, BeginsWhatFollowsOthersOnceTheyHaveFinished) {
  Home home;
  home.start_agent();
  set_cores(home, 4);
  const RunId first = add(home, wish(1, "pace=20", 20));
  const RunId second = add(home, wish(1, "pace=20", 10));
  Enqueue request = wish(1);
  request.wish.after = {first, second};
  const RunId third = add(home, request);
  ASSERT_TRUE(home.until_step(second, 1));
  EXPECT_THAT(entry_of(home, third).waits_for, testing::Contains(first));
  restart(home);
  EXPECT_EQ(home.wait(third).status, RunStatus::finished);
  for (const RunId before : {first, second}) EXPECT_GE(home.run(third).started_ns, home.run(before).ended_ns);
  request.wish.after = {99};
  EXPECT_THAT(home.client->enqueue(request).error().message(), HasSubstr("the history has no such run"));
}

TEST(Queue, HoldsWhatFollowsARunThatWentWrongUnlessItGoesOnAllTheSame) {
  Home home;
  home.start_agent();
  value_or_throw(home.client->hold_queue(true));
  const RunId first = add(home, wish(0, "pace=1 end=exit1"));
  Enqueue request = wish(0);
  request.wish.after = {first};
  const RunId held = add(home, request);
  request.wish.continue_on_error = true;
  const RunId goes_on = add(home, request);
  request.wish = {};
  request.wish.after = {held};
  const RunId behind = add(home, request);
  value_or_throw(home.client->hold_queue(false));
  EXPECT_EQ(home.wait(goes_on).status, RunStatus::finished);
  EXPECT_EQ(home.run(first).status, RunStatus::failed);
  EXPECT_EQ(entry_of(home, held).why, Why::fault);
  EXPECT_EQ(entry_of(home, held).text, "run 1, which it follows, is failed");
  EXPECT_EQ(entry_of(home, behind).why, Why::after);
  restart(home);
  EXPECT_EQ(entry_of(home, held).text, "run 1, which it follows, is failed");
  // The run that it follows may go away; what it was held for stays.
  value_or_throw(home.client->erase({first}));
  value_or_throw(home.client->empty({first}));
  EXPECT_EQ(entry_of(home, held).why, Why::fault);
  value_or_throw(home.client->release({held}));
  EXPECT_EQ(home.wait(behind).status, RunStatus::finished);

  const RunId taken_out = add(home, [] {
    Enqueue waiting = wish(0);
    waiting.wish.held = true;
    return waiting;
  }());
  request.wish = {};
  request.wish.after = {taken_out};
  const RunId last = add(home, request);
  value_or_throw(home.client->stop(taken_out));
  EXPECT_TRUE(Home::until([&] { return entry_of(home, last).why == Why::fault; }));
}

TEST(Queue, LetsRunsGoOnBesideEachOtherAsCoresAllow) {
  Home home;
  home.start_agent();
  set_cores(home, 4);
  const RunId two = add(home, wish(2, "pace=4", 100000));
  const RunId one = add(home, wish(1, "pace=4", 100000));
  const RunId big = add(home, wish(0));
  const RunId small = add(home, wish(1));
  ASSERT_TRUE(home.until_step(two, 1) && home.until_step(one, 1));
  EXPECT_EQ(entry_of(home, big).text, "it needs 4 cores, 1 is free");
  EXPECT_EQ(entry_of(home, small).why, Why::behind);
  EXPECT_THAT(entry_of(home, small).waits_for, ElementsAre(big));
  EXPECT_EQ(value_or_throw(home.client->queue()).free.cores, 1);
  restart(home);  // whoever is asked next knows it as well
  EXPECT_EQ(value_or_throw(home.client->queue()).free.cores, 1);
  EXPECT_EQ(entry_of(home, small).why, Why::behind);
  const QueueView view = value_or_throw(home.client->queue());
  ASSERT_EQ(view.going_on.size(), 2U);
  EXPECT_EQ(view.going_on[0].room.cores, 2);
  value_or_throw(home.client->stop(one));
  EXPECT_EQ(home.wait(one).status, RunStatus::stopped);
  EXPECT_EQ(home.run(big).status, RunStatus::queued);
  value_or_throw(home.client->stop(two));
  EXPECT_THAT(begun(home, {big, small}), ElementsAre(big, small));
}

TEST(Queue, KeepsToTheNumberOfRunsAtATimeAndToTheCoresItMayUse) {
  Home home;
  home.start_agent();
  store::QueueSettings limits;
  limits.cores = 1;
  limits.slots = 1;
  value_or_throw(home.client->limit(limits));
  const RunId first = add(home, wish(1, "pace=4", 100000));
  const RunId second = add(home, wish(1, "pace=4", 100000));
  ASSERT_TRUE(home.until_step(first, 1));
  cpu_set_t cores;
  ASSERT_EQ(::sched_getaffinity(home.rank_of(first), sizeof cores, &cores), 0);
  EXPECT_EQ(CPU_COUNT(&cores), 1);
  limits.cores = 8;
  value_or_throw(home.client->limit(limits));
  EXPECT_EQ(entry_of(home, second).why, Why::slots);
  restart(home);
  EXPECT_EQ(entry_of(home, second).why, Why::slots);
  limits.slots.reset();
  value_or_throw(home.client->limit(limits));
  EXPECT_TRUE(home.until_step(second, 1));
  limits.slots = 0;
  EXPECT_FALSE(home.client->limit(limits));
}

TEST(Queue, BeginsNothingBesideARunThatWasStartedByHandUnlessThereIsRoom) {
  Home home;
  home.start_agent();
  set_cores(home, 4);
  std::ofstream(home.root / "recipe.toml") << wish(3, "pace=4", 100000).recipe_toml;
  home.spawn("athanor-run",
             {"train", (home.root / "recipe.toml").string(), "--run-dir", (home.path / "runs/by-hand").string()},
             home.root / "o");
  ASSERT_TRUE(Home::until([&] { return value_or_throw(home.client->list()).size() == 1; }));
  ASSERT_TRUE(home.until_step(1, 1));
  ASSERT_TRUE(Home::until([&] { return value_or_throw(home.client->queue()).free.cores == 1; }));
  const RunId big = add(home, wish(2));
  EXPECT_EQ(entry_of(home, big).why, Why::cores);
  value_or_throw(home.client->stop(1));
  EXPECT_EQ(home.wait(big).status, RunStatus::finished);
}

TEST(Queue, IsTakenOverWhenTheHistoryIsBuiltAgain) {
  Home home;
  home.start_agent();
  value_or_throw(home.client->hold_queue(true));
  const RunId first = add(home, 3);
  Enqueue request = wish(0);
  request.wish.after = {first};
  request.wish.retries = 2;
  const RunId second = add(home, request);
  value_or_throw(home.client->shut_down_agent());
  ::waitpid(home.agent_pid, nullptr, 0);
  home.agent_pid = 0;
  ASSERT_EQ(home.call({"rebuild"}).status, 0);
  home.start_agent();
  EXPECT_THAT(order(home), ElementsAre(first, second));
  EXPECT_EQ(entry_of(home, second).job.retry.limit, 2);
  EXPECT_EQ(entry_of(home, second).why, Why::after);
  value_or_throw(home.client->hold_queue(false));
  EXPECT_EQ(home.wait(second).status, RunStatus::finished);
}

TEST(QueueCommands, SayAndDoEverythingFromATerminal) {
  Home home;
  home.start_agent();
  const auto file = (home.root / "recipe.toml").string();
  std::ofstream(file) << Home::recipe(5, "pace=1", "first");
  const auto say = [&](std::vector<std::string> words) {
    const auto said = home.call(words);
    EXPECT_EQ(said.status, 0) << words[0] << ": " << said.text;
    return said.text;
  };
  EXPECT_THAT(say({"limits", "--cores", "4", "--slots", "3"}), HasSubstr("4 of 4 cores are free; at most 3 runs"));
  say({"hold", "--queue"});
  say({"enqueue", file, "--priority", "2", "--retries", "3"});
  say({"enqueue", file, "--set", "run.name=second", "--after", "first", "--continue-on-error"});
  say({"enqueue", file, "--set", "run.name=third", "--hold"});
  say({"move", "third", "--front"});
  say({"move", "second", "--priority", "5"});
  say({"edit", "second", "--set", "train.threads=2"});
  const auto view = nlohmann::json::parse(say({"queue", "--json"}));
  ASSERT_EQ(view.at("queued").size(), 3U);
  EXPECT_EQ(view.at("queued")[0].at("name"), "second");
  EXPECT_EQ(view.at("queued")[0].at("cores"), 2);
  EXPECT_EQ(view.at("queued")[0].at("after")[0].at("run"), 1);
  EXPECT_EQ(view.at("queued")[1].at("hold"), "asked");
  EXPECT_EQ(view.at("queued")[2].at("retries"), 3);
  EXPECT_EQ(view.at("settings").at("slots"), 3);
  const std::string table = say({"queue"});
  EXPECT_THAT(table, HasSubstr("the queue is held"));
  EXPECT_THAT(table, HasSubstr("it follows run 1"));
  EXPECT_THAT(say({"list"}), HasSubstr("it is held"));
  EXPECT_THAT(say({"show", "third"}), HasSubstr("place 2: it is held"));
  const auto listed = nlohmann::json::parse(say({"list", "--json"}));
  EXPECT_EQ(listed.at("runs").at(0).at("queue").at("why"), "held");
  say({"release", "--queue"});
  say({"release", "third", "--json"});
  for (const char* name : {"first", "second", "third"}) EXPECT_EQ(home.call({"wait", name}).status, 0);
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"move", "first", "--front"},
                                                {"move", "first"},
                                                {"hold"},
                                                {"release", "nothing"},
                                                {"limits", "--cores", "many"},
                                                {"limits", "--cores", "0"},
                                                {"edit", "first", "--set", "train.steps=6"},
                                                {"enqueue", file, "--after", "nothing"},
                                                {"enqueue", file, "--continue-on-error"}}) {
    EXPECT_EQ(home.call(wrong).status, 2) << wrong[0] << " " << wrong.back();
  }
}

TEST(QueueCommands, LetAthanorRunJudgeAnEditedRecipeAndNameTheRun) {
  Home home("home", ATH_BINARY_DIR "/bin/athanor-run");
  home.start_agent();
  value_or_throw(home.client->hold_queue(true));
  const RunId run = value_or_throw(home.client->enqueue({Home::recipe(5, "")}));
  const auto refused =
      home.call({"edit", std::to_string(run), "--set", "data.dataset=unheard", "--set", "train.steps=0"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.text, HasSubstr("run 1: data.dataset: there is none"));
  EXPECT_THAT(refused.text, HasSubstr("run 1: train.steps: must be between"));
  const auto as_json =
      home.call({"edit", "1", "--set", "train.steps=0", "--json"}, "athanor-agent", Home::Streams::only_stdout);
  const auto faults = nlohmann::json::parse(as_json.text).at("faults");
  EXPECT_THAT(faults.dump(), HasSubstr("train.steps"));
  EXPECT_EQ(home.run(run).steps, 5);
}

}  // namespace
}  // namespace athanor::agent
