#include "core/checkpoint/checkpoint.h"
#include "tests/core/runner/run_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

TEST(Trouble, NumbersThatOverflowEndTheRunWithTheTensorsName) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  const fs::path run = folder.path() / "run";
  const Outcome outcome = run_program(train_arguments(
      run, {"--set", "train.learning_rate=10", "--set", "train.weight_decay=10", "--set", "train.clip_norm=0", "--set",
            "train.steps=100", "--set", "train.warmup_steps=0"}));
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  const Replay replayed = read_run(run);
  EXPECT_EQ(replayed.state.state, journal::RunState::failed);
  ASSERT_EQ(replayed.faults.size(), 1U);
  EXPECT_EQ(replayed.faults[0].kind, "numeric");
  EXPECT_GT(replayed.faults[0].step, 1);
  EXPECT_THAT(replayed.faults[0].cause, testing::ContainsRegex("(image_tower|text_tower|logit_scale)"));
  EXPECT_THAT(replayed.faults[0].remedy, HasSubstr("learning_rate"));
  // The curve ends before the step that failed.
  EXPECT_EQ(replayed.metrics.at("train/loss").rbegin()->first, replayed.faults[0].step - 1);
}

TEST(Trouble, AFullDiskEndsTheRunHonestlyAndLeavesItReadable) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  const fs::path run = folder.path() / "run";
  Launch launch;
  launch.arguments = train_arguments(run);
  launch.file_size_limit = 64 * 1024;  // the journal fits, a checkpoint does not
  const Outcome outcome = launch_program(launch);
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  const Replay replayed = read_run(run);
  EXPECT_EQ(replayed.state.state, journal::RunState::failed);
  ASSERT_EQ(replayed.faults.size(), 1U);
  EXPECT_EQ(replayed.faults[0].kind, "io");
  EXPECT_THAT(replayed.faults[0].intention, HasSubstr("checkpoints"));
  EXPECT_EQ(replayed.torn_tail_bytes, 0);
  EXPECT_TRUE(checkpoint::steps(run / "checkpoints").empty());
}

TEST(Trouble, AJournalThatCannotGrowEndsTheRunWithAnError) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  Launch launch;
  launch.arguments = train_arguments(folder / "run");
  launch.file_size_limit = 6 * 1024;
  const Outcome outcome = launch_program(launch);
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("error: "));
  EXPECT_TRUE(replay(folder.path() / "run/journal-0.athj"));
}

TEST(Trouble, ASecondSignalEndsTheProcessAtOnce) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  Launch launch;
  launch.arguments = train_arguments(folder / "run", {"--set", "train.steps=5000"});
  launch.meanwhile = [&](int pid) {
    EXPECT_TRUE(wait_for_step(folder / "run", 5));
    ::kill(pid, SIGSTOP);  // so that both are there before the run can see the first
    ::kill(pid, SIGINT);
    ::kill(pid, SIGCONT);
    ::kill(pid, SIGINT);
  };
  const int status = launch_program(launch).status;
  EXPECT_THAT(status, testing::AnyOf(128 + SIGINT, 130));
}

TEST(Trouble, AHomeThatCannotBeWrittenIsSaidInOneSentence) {
  ATH_NEEDS_DATA();
  Launch launch;
  launch.arguments = train_arguments("/proc/athanor-cannot-write-here");
  const Outcome outcome = launch_program(launch);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("Could not make the run's folder"));
}

}  // namespace
}  // namespace athanor::runner
