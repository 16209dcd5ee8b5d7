// Alert rules under a real agent: what they tell of real runs, what is done, and that neither depends on who reads.
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

namespace athanor::agent {
namespace {

namespace fs = std::filesystem;
using alerts::Action;
using alerts::Kind;
using store::RunId;
using store::RunStatus;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

alerts::Rule rule(Kind kind, const std::string& name, Action action = Action::notify) {
  alerts::Rule made = alerts::defaults_of(kind);
  made.name = name;
  made.action = action;
  return made;
}

using Line = std::tuple<std::string, std::int64_t, std::int64_t, std::string>;

// What alerts told of the run: rule, step, time and words.
std::vector<Line> told(const Home& home, RunId run) {
  std::vector<Line> lines;
  for (const store::Occurrence& each : value_or_throw(home.history()->occurrences(run)))
    if (const auto* alert = std::get_if<journal::Alert>(&each.payload))
      lines.emplace_back((alert->severity == journal::Severity::info ? "-" : "+") + alert->rule, alert->step,
                         each.time_ns, alert->text);
  return lines;
}

std::vector<std::string> short_of(const std::vector<Line>& lines) {
  std::vector<std::string> out;
  for (const auto& [name, step, time, text] : lines) out.push_back(fmt::format("{}@{}", name, step));
  return out;
}

TEST(Alerts, TellOfRealRunsWhatTheirRulesSay) {
  Home home;
  home.start_agent();
  alerts::Rule plateau = rule(Kind::plateau, "flat");
  plateau.window = 20;
  plateau.raise_after = 1;
  plateau.clear_after = 1;
  alerts::Rule spike = rule(Kind::spike, "spike");
  spike.window = 20;
  spike.raise_after = 1;
  alerts::Rule own = rule(Kind::condition, "own");
  own.condition = "sequence > 50 and sequence < 60";
  own.metrics = {"sequence"};
  for (const alerts::Rule& each : {rule(Kind::nan, "nan"), spike, plateau, own})
    value_or_throw(home.client->add_alert(std::nullopt, each));
  const RunId good = home.enqueue(45, "pace=1");
  ASSERT_EQ(home.wait(good).status, RunStatus::finished);
  EXPECT_THAT(told(home, good), IsEmpty());
  const RunId nan = home.enqueue(70, "pace=1 odd=nan odd_from=30 odd_to=33");
  ASSERT_EQ(home.wait(nan).status, RunStatus::finished);
  EXPECT_THAT(short_of(told(home, nan)),
              testing::IsSupersetOf({"+alert/nan@30", "-alert/nan@43", "+alert/own@51", "-alert/own@60"}));
  const RunId jump = home.enqueue(45, "pace=1 odd=90 odd_from=30 odd_to=30");
  ASSERT_EQ(home.wait(jump).status, RunStatus::finished);
  EXPECT_THAT(short_of(told(home, jump)), testing::Contains("+alert/spike@30"));
  const RunId flat = home.enqueue(45, "pace=1 odd=0.5 odd_from=10");
  ASSERT_EQ(home.wait(flat).status, RunStatus::finished);
  EXPECT_THAT(short_of(told(home, flat)), testing::Contains("+alert/flat@27"));
}

TEST(Alerts, TellOfAStallWhileItLasts) {
  Home home;
  home.start_agent();
  alerts::Rule stall = rule(Kind::stall, "stall");
  stall.bound = 1;
  value_or_throw(home.client->add_alert(std::nullopt, stall));
  const RunId run = home.enqueue(40, "pace=1 silent=30");
  ASSERT_TRUE(Home::until([&] { return !told(home, run).empty(); }));
  EXPECT_EQ(home.run(run).step, 30) << "before the next point came";
  ASSERT_EQ(home.wait(run).status, RunStatus::finished);
  const auto seen = told(home, run);
  EXPECT_THAT(short_of(seen), ElementsAre("+alert/stall@30", "-alert/stall@31"));
  home.kill_agent();
  ASSERT_EQ(home.call({"rebuild"}).status, 0);
  EXPECT_EQ(told(home, run), seen) << "as the journal alone tells it";
}

TEST(Alerts, PauseARunWithACheckpointUntilItIsReleased) {
  Home home;
  home.start_agent();
  value_or_throw(home.client->add_alert(std::nullopt, rule(Kind::nan, "nan", Action::pause)));
  const RunId run = home.enqueue(700, "pace=1 odd=nan odd_from=30 heals=1");
  const auto held = [&] {
    const auto job = home.client->job(run);
    return job && job->job.status == RunStatus::queued && job->job.hold == store::Hold::fault;
  };
  ASSERT_TRUE(Home::until(held));
  EXPECT_THAT(value_or_throw(home.client->job(run)).job.hold_reason, HasSubstr("train/loss is nan"));
  const std::int64_t stopped_at = home.run(run).step;
  EXPECT_LT(stopped_at, 700);
  EXPECT_TRUE(fs::exists(fs::path(home.run(run).directory) / fmt::format("checkpoints/step-{}/COMPLETE", stopped_at)));
  value_or_throw(home.client->release({run}));
  EXPECT_EQ(home.wait(run).status, RunStatus::finished);
  EXPECT_THAT(short_of(told(home, run)), ElementsAre("+alert/nan@30", fmt::format("-alert/nan@{}", stopped_at + 10)));
}

TEST(Alerts, RollARunBackToTheLastCheckpointBeforeThem) {
  Home home;
  home.start_agent();
  const RunId other = home.enqueue(10, "pace=1");
  ASSERT_EQ(home.wait(other).status, RunStatus::finished);
  const RunId run = home.enqueue(700, "pace=1 odd=nan odd_from=50 heals=1");
  value_or_throw(home.client->add_alert(run, rule(Kind::nan, "nan", Action::roll_back)));
  ASSERT_EQ(home.wait(run).status, RunStatus::finished);
  EXPECT_THAT(short_of(told(home, run)), ElementsAre("+alert/nan@50", "+roll-back@40", "-alert/nan@41"));
  const auto points = value_or_throw(home.history()->points(run, "train/loss", 0, 1 << 20));
  EXPECT_EQ(points.size(), 700U);
  for (const store::Point& point : points) EXPECT_TRUE(std::isfinite(point.value));
  EXPECT_TRUE(value_or_throw(home.history()->alert_rules()).at(0).run == run);
}

TEST(Alerts, RollBackOnlySoOftenToTheSameStep) {
  Home home;
  home.start_agent();
  value_or_throw(home.client->add_alert(std::nullopt, rule(Kind::nan, "nan", Action::roll_back)));
  const RunId run = home.enqueue(2000, "pace=2 odd=nan odd_from=30");
  ASSERT_TRUE(Home::until([&] {
    const auto job = home.client->job(run);
    return job && job->job.hold == store::Hold::fault;
  }));
  EXPECT_THAT(value_or_throw(home.client->job(run)).job.hold_reason, HasSubstr("rolled back 3 times to step 20"));
  const auto lines = short_of(told(home, run));
  EXPECT_EQ(std::ranges::count(lines, "+roll-back@20"), 3);
  EXPECT_EQ(std::ranges::count(lines, "+alert/nan@30"), 4);
}

TEST(Alerts, StopARunOrLeaveAloneOneThatHasNoCheckpointBefore) {
  Home home;
  home.start_agent();
  value_or_throw(home.client->add_alert(std::nullopt, rule(Kind::nan, "nan", Action::stop)));
  const RunId run = home.enqueue(5000, "pace=1 odd=nan odd_from=30");
  EXPECT_EQ(home.wait(run).status, RunStatus::stopped);
  value_or_throw(home.client->remove_alert(std::nullopt, "nan"));
  EXPECT_FALSE(home.client->remove_alert(std::nullopt, "nan"));
  value_or_throw(home.client->add_alert(std::nullopt, rule(Kind::nan, "nan", Action::roll_back)));
  EXPECT_FALSE(home.client->add_alert(std::nullopt, rule(Kind::nan, "nan")));
  const RunId early = home.enqueue(5000, "pace=1 odd=nan odd_from=5");
  EXPECT_EQ(home.wait(early).status, RunStatus::stopped);
  value_or_throw(home.client->remove_alert(std::nullopt, "nan"));
  value_or_throw(home.client->resume(early));
  ASSERT_TRUE(home.until_step(early, 100)) << "what was due once is not due again";
}

// The agent dies at random moments while a run goes on; what is told is what an undisturbed agent tells.
TEST(Alerts, AreToldOnceHoweverOftenTheAgentDiesAndWhenTheHistoryIsBuiltAgain) {
  Home home;
  home.start_agent();
  for (const Kind kind : {Kind::nan, Kind::spike}) {
    alerts::Rule made = rule(kind, alerts::row_of(kind).name);
    if (kind == Kind::spike) made.window = 20;
    made.clear_after = 3;
    value_or_throw(home.client->add_alert(std::nullopt, made));
  }
  alerts::Rule own = rule(Kind::condition, "own");
  own.condition = "sequence > 5 * count(sequence)";
  own.metrics = {"sequence"};
  own.window = 100;
  value_or_throw(home.client->add_alert(std::nullopt, own));
  const RunId run = home.enqueue(600, "pace=2 odd=nan odd_from=100 odd_to=300");
  std::mt19937_64 random(11);
  std::int64_t step = 0;
  while (step < 500) {
    step += static_cast<std::int64_t>(random() % 90);
    ASSERT_TRUE(home.until_step(run, step));
    home.kill_agent();
    home.start_agent();
  }
  ASSERT_EQ(home.wait(run).status, RunStatus::finished);
  const auto seen = told(home, run);
  EXPECT_THAT(short_of(seen), testing::IsSupersetOf({"+alert/nan@100", "-alert/nan@303", "+alert/own@501"}));
  EXPECT_EQ(std::ranges::count(short_of(seen), "+alert/nan@100"), 1);
  home.kill_agent();
  ASSERT_EQ(home.call({"rebuild"}).status, 0);
  EXPECT_EQ(told(home, run), seen);
  home.start_agent();
  EXPECT_EQ(value_or_throw(home.client->alerts()).size(), 3U);
}

TEST(AlertCommand, AddsListsAndRemovesRules) {
  Home home;
  home.start_agent();
  const RunId run = home.enqueue(5, "pace=1");
  ASSERT_EQ(home.wait(run).status, RunStatus::finished);
  EXPECT_EQ(home.call({"alert", "add", "wild", "spike", "--bound", "8", "--do", "pause"}).status, 0);
  EXPECT_EQ(home.call({"alert", "add", "own", "condition", "--when", "loss > 3", "--run", std::to_string(run)}).status,
            0);
  const auto list = home.call({"alert", "list"});
  EXPECT_THAT(list.text, HasSubstr("wild                 spike of train/loss, bound 8"));
  EXPECT_THAT(list.text, HasSubstr("when loss > 3"));
  const auto json = home.call({"alert", "list", "--json"}, "athanor-agent", Home::Streams::only_stdout);
  EXPECT_EQ(nlohmann::json::parse(json.text).at("rules").at(1).at("run"), run);
  for (const auto& wrong : {std::vector<std::string>{"alert", "add", "x", "spikes"},
                            {"alert", "add", "x", "condition"},
                            {"alert", "add", "x", "nan", "--do", "explode"},
                            {"alert", "remove", "wilder"},
                            {"alert", "add", "wild", "nan"},
                            {"alert"}})
    EXPECT_EQ(home.call(wrong).status, 2);
  EXPECT_EQ(home.call({"alert", "remove", "wild"}).status, 0);
  EXPECT_EQ(home.call({"alert", "remove", "own", "--run", std::to_string(run)}).status, 0);
  EXPECT_THAT(value_or_throw(home.client->alerts()), IsEmpty());
}

}  // namespace
}  // namespace athanor::agent
