// How long an agent waits for what does not come: an agent of the test's own, with less patience than the program has.
#include "core/agent/agent.h"
#include "core/journal/codec.h"
#include "core/journal/frames.h"
#include "core/journal/reader.h"
#include "core/journal/writer.h"
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::agent {
namespace {

using store::RunStatus;
using testing::HasSubstr;
using namespace std::chrono_literals;

void start_with(Home& home, const Policy& policy) {
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

Policy impatient() {
  Policy policy;
  policy.stop_within = 200ms;
  return policy;
}

// A run that is asked to stop at work and ends as `end` says.
std::int64_t stopped_at_work(Home& home, const std::string& end) {
  const auto id = home.enqueue(1000000, "pace=1 end=" + end);
  EXPECT_TRUE(home.until_step(id, 5));
  value_or_throw(home.client->stop(id));
  return id;
}

TEST(Patience, EndsARunByForceThatDoesNotStopAndSaysSo) {
  Home home;
  start_with(home, impatient());
  const auto id = stopped_at_work(home, "stubborn");
  const auto failed = home.wait(id);
  EXPECT_EQ(failed.status, RunStatus::failed);
  EXPECT_EQ(failed.cause, "it did not end within 0.2 s of being asked to stop and was killed");
  EXPECT_TRUE(home.processes_of("athanor-run").empty());  // nor what it had started
  std::string fault;
  for (const auto& occurrence : value_or_throw(home.history()->occurrences(id))) {
    if (const auto* found = std::get_if<journal::FaultSeen>(&occurrence.payload)) fault = found->cause;
  }
  EXPECT_EQ(fault, failed.cause);
  EXPECT_EQ(home.call({"quit"}).status, 0);
  ::waitpid(home.agent_pid, nullptr, 0);
  home.agent_pid = 0;
  std::filesystem::remove(home.path / "history.db");
  EXPECT_EQ(home.call({"rebuild"}).status, 0);
  EXPECT_EQ(home.run(id).cause, failed.cause);  // the journal says it
}

TEST(Patience, LeavesTheLastWordToARunThatHangsAfterIt) {
  Home home;
  start_with(home, impatient());
  const auto id = stopped_at_work(home, "hangs");
  const auto stopped = home.wait(id);
  EXPECT_EQ(stopped.status, RunStatus::stopped);
  EXPECT_EQ(stopped.cause, "asked to stop");
  EXPECT_TRUE(home.processes_of("athanor-run").empty());
  for (const auto& occurrence : value_or_throw(home.history()->occurrences(id)))
    EXPECT_FALSE(std::holds_alternative<journal::FaultSeen>(occurrence.payload));
}

TEST(Patience, AlsoEndsAStoppingRunThatAnEarlierAgentAskedToStop) {
  Home home;
  home.start_agent();
  const auto id = stopped_at_work(home, "stubborn");
  home.kill_agent();
  start_with(home, impatient());
  EXPECT_EQ(home.wait(id).status, RunStatus::failed);
}

TEST(Patience, LetsARunSaveThatHasSaidThatItIsStopping) {
  Home home;
  start_with(home, impatient());
  const auto id = stopped_at_work(home, "saves");
  EXPECT_EQ(home.wait(id).status, RunStatus::stopped);

  home.kill_agent();
  Policy policy = impatient();
  policy.save_within = 400ms;
  start_with(home, policy);
  value_or_throw(home.client->resume(id));
  ASSERT_TRUE(Home::until([&] { return home.run(id).status == RunStatus::running; }));
  value_or_throw(home.client->stop(id));
  EXPECT_THAT(home.wait(id).cause, HasSubstr("within 0.4 s"));
}

TEST(Patience, LeavesARunAloneThatWasTakenUpByHandAfterItWasAskedToStop) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(1000000, "pace=1");
  ASSERT_TRUE(home.until_step(id, 25));
  const pid_t first = home.rank_of(id);
  ::kill(first, SIGSTOP);
  value_or_throw(home.client->stop(id));
  home.kill_agent();
  ::kill(first, SIGKILL);
  ASSERT_TRUE(Home::until([&] { return home.rank_of(id) == 0; }));
  EXPECT_EQ(home.run(id).status, RunStatus::stopping);
  const pid_t second = home.spawn("athanor-run", {"train", "--run-dir", home.run(id).directory, "--resume"},
                                  home.root / "by-hand-output");
  ASSERT_TRUE(Home::until([&] { return home.rank_of(id) == second; }));
  start_with(home, impatient());
  EXPECT_TRUE(Home::until([&] { return home.run(id).status == RunStatus::running; }));
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(::waitpid(second, nullptr, WNOHANG), 0);  // it goes on
  value_or_throw(home.client->stop(id));
  EXPECT_EQ(home.wait(id).status, RunStatus::stopped);
  ::waitpid(second, nullptr, 0);
}

TEST(Patience, DoesNotStayAwakeForAJournalThatCannotBeRead) {
  Home home;
  const auto directory = home.path / "runs/newer";
  std::filesystem::create_directories(directory);
  const auto file = directory / journal::file_name(0);
  {
    const auto writer = value_or_throw(journal::Writer::open(file));
    value_or_throw(writer->append(journal::StateChanged{journal::RunState::running, ""}));
    value_or_throw(writer->append(journal::MetricSamples{1, {{"sequence", 1}}}));
  }
  {
    std::string session;
    journal::put(session, std::int64_t{7});
    journal::put(session, std::int64_t{0});
    session += journal::kMagic;
    journal::put(session, journal::kFormatVersion + 1);
    std::ofstream(file, std::ios::app | std::ios::binary) << journal::make_frame(journal::FrameType::session, session);
  }
  Policy policy;
  policy.idle_for = 500ms;
  start_with(home, policy);
  EXPECT_TRUE(Home::until([&] { return home.run(1).status == RunStatus::broken; }));
  EXPECT_THAT(home.run(1).cause, HasSubstr("its journal cannot be read: it was written in format 2"));
  EXPECT_EQ(home.steps_of(1).size(), 1U);
  home.client.reset();
  bool ended = false;
  for (int i = 0; i < 1000 && !ended; ++i) {
    ended = ::waitpid(home.agent_pid, nullptr, WNOHANG) == home.agent_pid;
    if (!ended) std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(ended);
  if (ended) home.agent_pid = 0;
}

}  // namespace
}  // namespace athanor::agent
