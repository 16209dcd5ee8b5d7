// Runs that go on by themselves after a fault that may pass: an agent of the test's own, which does not wait long.
#include "core/agent/agent.h"
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace athanor::agent {
namespace {

using store::RunId;
using store::RunStatus;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

void start_with(Home& home, std::chrono::milliseconds retry_after) {
  Policy policy;
  policy.retry_after = retry_after;
  home.agent_pid = ::fork();
  if (home.agent_pid == 0) {
    const auto served = serve({home.path, home.root / "bin/athanor-run", policy}, {});
    ::_exit(served ? 0 : 1);
  }
  ASSERT_TRUE(Home::until([&] {
    auto connected = Client::connect(home.path, false);
    if (connected) home.client = std::move(*connected);
    return home.client != nullptr;
  }));
}

RunId add(const Home& home, int steps, const std::string& notes, int retries, bool numeric = false) {
  Enqueue request{Home::recipe(steps, notes), 0, 0, {}};
  request.wish.retries = retries;
  request.wish.retry_numeric = numeric;
  return value_or_throw(home.client->enqueue(request));
}

std::vector<std::string> attempts_told(const Home& home, RunId run) {
  std::vector<std::string> told;
  for (const auto& occurrence : value_or_throw(home.history()->occurrences(run))) {
    const auto* alert = std::get_if<journal::Alert>(&occurrence.payload);
    if (alert != nullptr && alert->rule == "retry") told.push_back(alert->text);
  }
  return told;
}

std::vector<std::int64_t> from_one_to(std::int64_t last) {
  std::vector<std::int64_t> steps(static_cast<std::size_t>(last));
  std::iota(steps.begin(), steps.end(), 1);
  return steps;
}

TEST(Retry, LetsAKilledRunGoOnFromItsCheckpointAndTellsOfEachAttempt) {
  Home home;
  start_with(home, 20ms);
  const RunId run = add(home, 150, "pace=3", 5);
  for (const int step : {30, 60}) {
    ASSERT_TRUE(home.until_step(run, step));
    home.kill_rank(run);
    ASSERT_TRUE(Home::until([&] { return std::ssize(attempts_told(home, run)) == step / 30; }));
  }
  EXPECT_EQ(home.wait(run).status, RunStatus::finished);  // one wait over all attempts
  EXPECT_EQ(home.steps_of(run), from_one_to(150));
  EXPECT_EQ(value_or_throw(home.history()->job(run)).retry.done, 2);
  EXPECT_THAT(attempts_told(home, run),
              ElementsAre(HasSubstr("attempt 2 of 6 begins after 0.02 s: its process ended without a word"),
                          HasSubstr("attempt 3 of 6 begins after 0.06 s")));
}

TEST(Retry, EndsWithTheFaultWhenNoAttemptIsLeft) {
  Home home;
  start_with(home, 1ms);
  const RunId run = add(home, 20, "pace=1 end=fault fault=io always=1", 2);
  const store::Run failed = home.wait(run);
  EXPECT_EQ(failed.status, RunStatus::failed);
  EXPECT_EQ(failed.cause, "Could not go on: there is a fault");
  EXPECT_EQ(attempts_told(home, run).size(), 2U);
  value_or_throw(home.client->resume(run));  // by a person: its attempts begin anew
  EXPECT_EQ(home.wait(run).status, RunStatus::failed);
  EXPECT_EQ(attempts_told(home, run).size(), 4U);
}

TEST(Retry, IsOnlyForFaultsThatMayPass) {
  Home home;
  start_with(home, 1ms);
  for (const char* fault : {"io", "unavailable", "communication"}) {
    const RunId run = add(home, 20, fmt::format("pace=1 end=fault fault={}", fault), 1);
    EXPECT_EQ(home.wait(run).status, RunStatus::finished) << fault;
  }
  for (const char* fault : {"invalid_input", "numeric", "corrupt", "out_of_memory", "internal", "cancelled"}) {
    const RunId run = add(home, 20, fmt::format("pace=1 end=fault fault={}", fault), 3);
    EXPECT_EQ(home.wait(run).status, RunStatus::failed) << fault;
    EXPECT_THAT(attempts_told(home, run), IsEmpty()) << fault;
  }
  EXPECT_EQ(home.wait(add(home, 20, "pace=1 end=fault fault=numeric", 3, true)).status, RunStatus::finished);
  EXPECT_EQ(home.wait(add(home, 20, "pace=1 end=exit1", 1)).status, RunStatus::finished);
  const RunId not_wanted = add(home, 20, "pace=1 end=crash", 0);
  EXPECT_EQ(home.wait(not_wanted).status, RunStatus::broken);
}

TEST(Retry, LeavesARunAloneThatSomebodyStopped) {
  Home home;
  start_with(home, 1ms);
  const RunId run = add(home, 100000, "pace=2", 5);
  ASSERT_TRUE(home.until_step(run, 5));
  value_or_throw(home.client->stop(run));
  EXPECT_EQ(home.wait(run).status, RunStatus::stopped);
  EXPECT_THAT(attempts_told(home, run), IsEmpty());
}

TEST(Retry, WaitsForItsTimeAlsoUnderTheNextAgentAndCanBeTakenOutMeanwhile) {
  Home home;
  start_with(home, 1h);
  const RunId run = add(home, 40, "pace=1 end=crash", 3);
  const RunId next = add(home, 5, "pace=1", 0);
  EXPECT_EQ(home.wait(next).status, RunStatus::finished);  // it keeps nobody waiting
  const auto waits = [&] {
    for (const QueueEntry& entry : value_or_throw(home.client->queue()).queued)
      if (entry.job.run == run) return entry;
    return QueueEntry{};
  };
  EXPECT_EQ(waits().why, Why::later);
  EXPECT_THAT(waits().text, HasSubstr("attempt 2 of 4 begins in"));
  EXPECT_THAT(waits().text, HasSubstr("killed, or out of memory"));
  home.kill_agent();
  start_with(home, 1h);
  EXPECT_EQ(waits().why, Why::later);
  EXPECT_EQ(attempts_told(home, run).size(), 1U);
  value_or_throw(home.client->stop(run));
  EXPECT_EQ(home.run(run).status, RunStatus::stopped);
  value_or_throw(home.client->resume(run));
  EXPECT_EQ(home.wait(run).status, RunStatus::finished);
}

TEST(Retry, IsDecidedByTheNextAgentWhereTheLastOneDiedTooSoon) {
  Home home;
  start_with(home, 1ms);
  const RunId failed = add(home, 20, "pace=5 end=fault fault=io", 1);
  Enqueue follower{Home::recipe(5, "pace=1"), 0, 0, {}};
  follower.wish.after = {failed};
  const RunId follows = value_or_throw(home.client->enqueue(follower));
  ASSERT_TRUE(home.until_step(failed, 2));
  home.kill_agent();
  // The run fails while nobody looks, and says so itself.
  ASSERT_TRUE(Home::until([&] { return home.rank_of(failed) == 0; }));
  start_with(home, 1ms);
  EXPECT_EQ(home.wait(failed).status, RunStatus::finished);
  EXPECT_EQ(home.wait(follows).status, RunStatus::finished);  // nobody took it for the end of it meanwhile
  EXPECT_EQ(attempts_told(home, failed).size(), 1U);
}

TEST(Retry, AlsoOfARunWhoseProgramCannotBeStartedForTheTimeBeing) {
  Home home;
  std::filesystem::rename(home.root / "bin/athanor-run", home.root / "aside");
  start_with(home, 300ms);
  const RunId run = add(home, 10, "pace=1", 8);
  ASSERT_TRUE(Home::until([&] { return value_or_throw(home.history()->job(run)).retry.done > 0; }));
  EXPECT_THAT(value_or_throw(home.history()->job(run)).retry.fault, HasSubstr("athanor-run"));
  std::filesystem::rename(home.root / "aside", home.root / "bin/athanor-run");
  EXPECT_EQ(home.wait(run).status, RunStatus::finished);
}

}  // namespace
}  // namespace athanor::agent
