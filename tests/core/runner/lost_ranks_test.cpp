// Faults at every place of a run on several ranks, injected where they are asked for.
#include "core/checkpoint/checkpoint.h"
#include "core/journal/reader.h"
#include "core/ranks/fault_plan.h"
#include "tests/core/runner/rank_runs.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>
#include <tuple>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using journal::FaultSeen;
using journal::Recovery;
using testing::AllOf;
using testing::Field;
using testing::HasSubstr;

class LostRanks : public Ranks {
 protected:
  void SetUp() override {
    Ranks::SetUp();
    ASSERT_EQ(train(own_ / "one", on_ranks(1)).status, 0);
  }
  // A run of 60 steps on some ranks.
  Outcome suffer(const std::string& faults, int replicas, std::vector<std::string> more = {},
                 std::function<void(int)> meanwhile = {}) {
    std::vector<std::string> arguments = on_ranks(replicas);
    arguments.insert(arguments.end(), {"--inject", faults});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return train(run_, arguments, std::move(meanwhile));
  }
  void expect_as_without_faults() { expect_undisturbed(run_, own_ / "one", 60); }
  [[nodiscard]] std::vector<Recovery> recoveries() const { return events_of_kind<Recovery>(run_); }

  const fs::path run_ = own_ / "run";
};

TEST_F(LostRanks, LeaveNoFiguresUntoldWhenTheFirstIsLostBeforeItTellsThem) {
  const Outcome done = suffer("kill: rank=0 step=30 at=tell", 4);
  ASSERT_EQ(done.status, 0) << done.err;
  expect_as_without_faults();
  EXPECT_EQ(recoveries().at(0).step, 30);  // the others had done it
  EXPECT_THAT(events_of_kind<FaultSeen>(run_).at(0).cause, HasSubstr("rank 0 was killed"));
}

TEST_F(LostRanks, AreNoNewSessionOfTheRun) {
  ASSERT_EQ(suffer("kill: rank=0 step=10; kill: rank=0 step=20", 2).status, 0);
  EXPECT_EQ(recoveries().size(), 2U);
  EXPECT_EQ(nlohmann::json::parse(bytes_of(run_ / "provenance.json")).at("sessions").size(), 1U);
}

TEST_F(LostRanks, SayWhereTheTimeOfTheirRecoveryWent) {
  ASSERT_EQ(suffer("kill: rank=1 step=30", 2).status, 0);
  const auto told = recoveries();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].rank, 1);
  EXPECT_EQ(told[0].replicas, 2);
  const auto known = testing::Ge(0.0);
  EXPECT_THAT(told[0], AllOf(Field(&Recovery::detect_ms, known), Field(&Recovery::decide_ms, known),
                             Field(&Recovery::respawn_ms, known), Field(&Recovery::load_ms, known),
                             Field(&Recovery::replay_ms, testing::Gt(0.0))));
  const Outcome shown = run_program({"show", run_.string()});
  EXPECT_THAT(shown.out, HasSubstr("recovery step 29: what the ranks hold in memory; rank 1 was killed by signal 9"));
  EXPECT_THAT(shown.out, HasSubstr("detect"));
}

TEST_F(LostRanks, ThatHangAreEndedByForceAfterTheDeadline) {
  for (const char* fault : {"hang: rank=1 step=30", "loader: rank=1 step=30"}) {
    fs::remove_all(run_);
    const Outcome done = suffer(fault, 2, {"--set", "parallel.deadline=4"});
    ASSERT_EQ(done.status, 0) << done.err;
    expect_as_without_faults();
    EXPECT_THAT(events_of_kind<FaultSeen>(run_).at(0).cause, HasSubstr("rank 1 has not come to"));
    EXPECT_THAT(done.err, HasSubstr("Rank 1 hangs in "));
    EXPECT_GT(recoveries().at(0).detect_ms, 1500);
  }
}

TEST_F(LostRanks, MayBeSeveralAtOnce) {
  const Outcome done = suffer("kill: rank=1 step=30; kill: rank=3 step=30", 4);
  ASSERT_EQ(done.status, 0) << done.err;
  expect_as_without_faults();
}

TEST_F(LostRanks, MayBeLostWhileTheFirstEvaluatesOrSaves) {
  for (const char* fault :
       {"kill: rank=0 step=15 at=evaluate", "kill: rank=0 step=20 at=checkpoint", "kill: rank=0 step=20 at=save"}) {
    fs::remove_all(run_);
    const Outcome done = suffer(fault, 4);
    ASSERT_EQ(done.status, 0) << done.err;
    expect_as_without_faults();
    EXPECT_EQ(recoveries().size(), 1U) << fault;
    EXPECT_EQ(checkpoint::steps(run_ / "checkpoints").front(), 20) << fault;
  }
}

TEST_F(LostRanks, WhoWaitForTheFirstAreReplacedWhileItEvaluates) {
  const Outcome done = suffer("slow: rank=0 step=15 at=evaluate ms=3000", 4, {}, [&](int pid) {
    EXPECT_TRUE(wait_for_step(run_, 15));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const auto ranks = ranks_of(pid);
    ASSERT_EQ(ranks.size(), 4U);
    ::kill(ranks[2], SIGKILL);
  });
  ASSERT_EQ(done.status, 0) << done.err;
  expect_as_without_faults();
  EXPECT_EQ(recoveries().at(0).step, 15);
}

TEST_F(LostRanks, KeepWhatTheyHaveLearntWhenTheRunIsStoppedMeanwhile) {
  for (const std::size_t lost : {0U, 1U}) {
    fs::remove_all(run_);
    const auto fault = "kill: rank=" + std::to_string(lost) + " step=30";
    const Outcome stopped = suffer(fault, 2, {}, [&](int pid) {
      EXPECT_TRUE(wait_for_step(run_, 5));
      const auto before = ranks_of(pid);
      ASSERT_EQ(before.size(), 2U);
      while (ranks_of(pid) == before) std::this_thread::sleep_for(std::chrono::microseconds(200));
      ::kill(pid, SIGTERM);
    });
    EXPECT_EQ(stopped.status, 130) << stopped.err;
    EXPECT_GE(checkpoint::steps(run_ / "checkpoints").back(), 29);
    EXPECT_EQ(recoveries().size(), 1U);  // told although no step followed
    const Outcome resumed = run_program({"train", run_.string(), "--resume"});
    ASSERT_EQ(resumed.status, 0) << resumed.err;
    expect_same_weights(run_, own_ / "one", "step-60");
  }
}

TEST_F(LostRanks, ThatFailByThemselvesEndTheRunWithWhatTheySay) {
  const Outcome failed = suffer("memory: rank=1 step=30", 2);
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.err, HasSubstr("rank 1 could not allocate"));
  EXPECT_THAT(events_of_kind<FaultSeen>(run_).back().cause, HasSubstr("rank 1 could not allocate"));
  const Replay replayed = read_run(run_);
  EXPECT_EQ(replayed.state.state, journal::RunState::failed);
  EXPECT_EQ(checkpoint::steps(run_ / "checkpoints").back(), 29);  // what was learnt is kept
}

TEST_F(LostRanks, ThatCannotBeReplacedLeaveFewerThatGiveTheSameBits) {
  const Outcome done = suffer("kill: rank=1 step=30 again", 4);
  ASSERT_EQ(done.status, 0) << done.err;
  expect_as_without_faults();
  const auto told = recoveries();
  ASSERT_EQ(told.size(), 5U);
  EXPECT_EQ(told.back().replicas, 2);  // 3 could not share 4 micro-batches
  EXPECT_THAT(told.back().from, HasSubstr("2 of 4 replicas go on"));
}

TEST_F(LostRanks, OfWhichTheFirstIsLostAgainAndAgainEndTheRunAndSayWhich) {
  const Outcome ended = suffer("kill: rank=0 step=30 again", 2);
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(events_of_kind<FaultSeen>(run_).back().cause, HasSubstr("rank 0"));
  EXPECT_EQ(read_run(run_).state.state, journal::RunState::failed);
}

TEST_F(LostRanks, MeetAgainAfterMessagesThatDoNotFit) {
  for (const char* fault : {"message: rank=1 step=30", "size: rank=1 step=30", "order: rank=1 step=30"}) {
    fs::remove_all(run_);
    const Outcome done = suffer(fault, 2);
    ASSERT_EQ(done.status, 0) << done.err;
    expect_as_without_faults();
    EXPECT_THAT(events_of_kind<FaultSeen>(run_).at(0).cause, HasSubstr("is in call"));
  }
}

TEST_F(LostRanks, SufferTheSameFaultsFromTheSameSeed) {
  std::vector<std::vector<std::int64_t>> steps;
  for (const char* seed : {"5", "5", "6"}) {
    fs::remove_all(run_);
    ASSERT_EQ(suffer("seed=" + std::string(seed) + "; kill: rank=1 p=0.05", 2).status, 0);
    auto& last = steps.emplace_back();
    for (const Recovery& each : recoveries()) last.push_back(each.step);
    expect_as_without_faults();
  }
  EXPECT_FALSE(steps[0].empty());
  EXPECT_EQ(steps[0], steps[1]);
  EXPECT_NE(steps[0], steps[2]);
}

TEST_F(LostRanks, LoseNothingOfWhatCodingTakesAwayOfGradients) {
  const std::vector<std::string> fp8 = {"--set", "parallel.gradient_format=fp8"};
  auto undisturbed = on_ranks(2);
  undisturbed.insert(undisturbed.end(), fp8.begin(), fp8.end());
  ASSERT_EQ(train(own_ / "fp8", undisturbed).status, 0);
  EXPECT_NE(bytes_of(own_ / "fp8/checkpoints/step-60/model.safetensors"),
            bytes_of(own_ / "one/checkpoints/step-60/model.safetensors"));
  for (const char* fault : {"kill: rank=0 step=30 at=tell", "kill: rank=1 step=30", "kill: rank=1 step=30 at=backward",
                            "kill: rank=0 step=31 at=optimizer", "order: rank=1 step=30"}) {
    fs::remove_all(run_);
    const Outcome done = suffer(fault, 2, fp8);
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(recoveries().size(), 1U);
    SCOPED_TRACE(fault);
    expect_undisturbed(run_, own_ / "fp8", 60);
  }
}

TEST_F(LostRanks, GoOnFromACheckpointWithWhatCodingHasTakenAway) {
  auto undisturbed = on_ranks(2);
  undisturbed.insert(undisturbed.end(), {"--set", "parallel.gradient_format=fp8"});
  ASSERT_EQ(train(own_ / "fp8", undisturbed).status, 0);
  // Both are lost at once, and nobody is left who knows more than the checkpoint of step 20.
  const Outcome done =
      suffer("kill: rank=0 step=30; kill: rank=1 step=30", 2, {"--set", "parallel.gradient_format=fp8"});
  ASSERT_EQ(done.status, 0) << done.err;
  expect_undisturbed(run_, own_ / "fp8", 60);
  fs::remove_all(run_);
  const Outcome stopped = suffer("", 2, {"--set", "parallel.gradient_format=fp8"}, [&](int pid) {
    EXPECT_TRUE(wait_for_step(run_, 25));
    ::kill(pid, SIGTERM);
  });
  ASSERT_EQ(stopped.status, 130) << stopped.err;
  const Outcome resumed = run_program({"train", run_.string(), "--resume"});
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  expect_same_weights(run_, own_ / "fp8", "step-60");
}

TEST_F(LostRanks, ThatEndTheRunLeaveWhatCodingTookAwayToItsLastCheckpoint) {
  auto undisturbed = on_ranks(2);
  undisturbed.insert(undisturbed.end(), {"--set", "parallel.gradient_format=fp8"});
  ASSERT_EQ(train(own_ / "fp8", undisturbed).status, 0);
  ASSERT_EQ(suffer("memory: rank=1 step=30", 2, {"--set", "parallel.gradient_format=fp8"}).status, 1);
  const Outcome resumed = run_program({"train", run_.string(), "--resume"});
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  expect_same_weights(run_, own_ / "fp8", "step-60");
}

TEST_F(LostRanks, MayBeAskedForWhileTheRunGoesOn) {
  const auto asked = [&](const std::string& faults) {
    fs::remove_all(run_);
    return train(run_, on_ranks(2, 400), [&](int) {
      EXPECT_TRUE(wait_for_step(run_, 20));
      EXPECT_TRUE(write_file_atomically(run_ / "inject", faults));
    });
  };
  const Outcome undisturbed = asked("kill: rank=1; slow: rank=0 ms=1; explode: rank=0");
  EXPECT_EQ(undisturbed.status, 0);
  EXPECT_THAT(undisturbed.err, HasSubstr("explode is none of kill"));
  EXPECT_TRUE(recoveries().empty());
  const Outcome done = asked("kill: rank=1; slow: rank=0 ms=1; kill: rank=7; kill: rank=0 step=30");
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(recoveries().at(0).rank, 1);
  EXPECT_THAT(done.err, HasSubstr("There is no rank 7 to suffer kill"));
  EXPECT_THAT(done.err, HasSubstr("step, p and again are for its beginning"));
  EXPECT_EQ(recoveries().size(), 1U);
  EXPECT_THAT(done.err, HasSubstr("Injected into rank 0 at step"));
  EXPECT_FALSE(fs::exists(run_ / "inject"));
  const Outcome damaged = asked("order: rank=1");
  ASSERT_EQ(damaged.status, 0) << damaged.err;
  EXPECT_THAT(events_of_kind<FaultSeen>(run_).at(0).cause, HasSubstr("is in call"));
  EXPECT_EQ(recoveries().size(), 1U);  // once
  const Outcome full = asked("disk: rank=0");
  EXPECT_EQ(full.status, 1);
  EXPECT_THAT(full.err, HasSubstr("No space left on device (injected)"));
}

TEST(FaultPlan, IsReadFromWhatAFaultIsWrittenAs) {
  for (const char* text :
       {"hang: rank=1 at=backward", "slow: p=0.25 ms=40 again", "drag: rank=2 step=3 until=9 factor=2.5"}) {
    const auto plan = read_fault_plan(text);
    ASSERT_TRUE(plan);
    const std::string written = to_string(plan->faults.at(0));
    const auto again = read_fault_plan(written);
    ASSERT_TRUE(again) << written;
    const PlannedFault &a = plan->faults[0], &b = again->faults.at(0);
    EXPECT_EQ(std::tie(a.kind, a.at, a.rank, a.step, a.probability, a.pause_ms, a.factor, a.until, a.again),
              std::tie(b.kind, b.at, b.rank, b.step, b.probability, b.pause_ms, b.factor, b.until, b.again));
  }
}

TEST_F(LostRanks, AreRefusedAsWordsThatMeanNothing) {
  const Outcome refused = train(run_, {"--inject", "explode: rank=1"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("explode is none of kill, stop, hang"));
  EXPECT_FALSE(fs::exists(run_));
}

}  // namespace
}  // namespace athanor::runner
