#include "core/checkpoint/checkpoint.h"
#include "tests/core/runner/run_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <signal.h>
#include <thread>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

TEST(Trouble, NumbersThatOverflowEndTheRunWithTheTensorsName) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  const fs::path run = folder.path() / "run";
  const Outcome outcome = run_program(
      train_arguments(run, {"--set", "train.learning_rate=10", "--set", "train.weight_decay=10", "--set",
                            "train.clip_norm=0", "--set", "train.steps=100", "--set", "train.warmup_steps=0"}));
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

class DamagedData : public testing::Test {
 protected:
  void SetUp() override {
    ATH_NEEDS_DATA();
    fs::copy(shared_home() / "datasets" / "emoji", folder_ / "datasets" / "emoji", fs::copy_options::recursive);
  }
  void flip(const char* file, std::streamoff offset) const {
    std::fstream stream(folder_ / "datasets" / "emoji" / file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(offset);
    const char byte = static_cast<char>(stream.get() ^ 0x20);
    stream.seekp(offset);
    stream.put(byte);
    ASSERT_TRUE(stream.good());
  }
  [[nodiscard]] Outcome train() const {
    Launch launch;
    launch.arguments = train_arguments(folder_ / "run");
    launch.home = folder_.path();
    return launch_program(launch);
  }

  class Folder : public TemporaryFolder {
   public:
    Folder() { fs::create_directory(path() / "datasets"); }
  };
  Folder folder_;
};

TEST_F(DamagedData, OnePictureIsLeftOutAndNamed) {
  flip("pictures.bin", 500);
  const Outcome outcome = train();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.err, testing::ContainsRegex("The picture [a-z]+/[0-9a-f-]+ is damaged and left out"));
}

TEST_F(DamagedData, AnIndexThatDoesNotMatchItsDigestIsCorrupt) {
  flip("concepts.jsonl", 500);
  const Outcome outcome = train();
  EXPECT_EQ(outcome.status, 4) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("concepts.jsonl"));
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

// Whether the process still has a handler of its own for the signal; the run gives it up on the first one.
bool catches(int pid, int signal) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigCgt:")) return (std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1U) != 0;
  }
  return false;
}

TEST(Trouble, ASecondSignalEndsTheProcessAtOnce) {
  ATH_NEEDS_DATA();
  // The first signal's checkpoint may be written before the second one is sent; then the run ends as after one.
  int status = 130;
  for (int attempt = 0; attempt < 5 && status == 130; ++attempt) {
    TemporaryFolder folder;
    Launch launch;
    launch.arguments = train_arguments(folder / "run", {"--set", "train.steps=5000"});
    launch.meanwhile = [&](int pid) {
      EXPECT_TRUE(wait_for_step(folder / "run", 5));
      ::kill(pid, SIGTERM);
      while (catches(pid, SIGTERM)) std::this_thread::yield();
      ::kill(pid, SIGTERM);
    };
    status = launch_program(launch).status;
  }
  EXPECT_EQ(status, 128 + SIGTERM);
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
