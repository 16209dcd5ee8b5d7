#include "core/base/files.h"
#include "core/checkpoint/checkpoint.h"
#include "tests/core/runner/run_program.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <map>
#include <signal.h>
#include <thread>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

// Enough steps that a signal finds the run at work.
const std::vector<std::string> kLong = {"--set", "train.steps=120", "--set", "checkpoint.every_steps=25"};

Outcome train_until(const fs::path& run, std::int64_t step, int signal) {
  Launch launch;
  launch.arguments = train_arguments(run, kLong);
  launch.meanwhile = [&](int pid) {
    EXPECT_TRUE(wait_for_step(run, step));
    ::kill(pid, signal);
  };
  return launch_program(launch);
}

Outcome resume(const fs::path& run) { return run_program({"train", "--run-dir", run.string(), "--resume"}); }

void expect_same_bits(const fs::path& run, const fs::path& undisturbed) {
  const Replay a = read_run(run);
  const Replay b = read_run(undisturbed);
  for (const char* name : {"train/loss", "train/gradient_norm", "train/temperature", "eval/t2i_mrr"}) {
    EXPECT_EQ(a.metrics.at(name), b.metrics.at(name)) << name;
  }
  for (const char* file : {"model.safetensors", "optimizer.safetensors"}) {
    const std::string bytes = bytes_of(run / "checkpoints/step-120" / file);
    EXPECT_FALSE(bytes.empty());
    EXPECT_TRUE(bytes == bytes_of(undisturbed / "checkpoints/step-120" / file)) << file;
  }
}

class Resume : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!has_data()) return;
    folder_ = new TemporaryFolder;
    EXPECT_EQ(run_program(train_arguments(undisturbed(), kLong)).status, 0);
  }
  static void TearDownTestSuite() { delete folder_; }
  void SetUp() override { ATH_NEEDS_DATA(); }
  static fs::path undisturbed() { return folder_->path() / "undisturbed"; }

  TemporaryFolder own_;

 private:
  static inline TemporaryFolder* folder_ = nullptr;
};

TEST_F(Resume, AfterATermSignalGivesTheSameBits) {
  const fs::path run = own_ / "run";
  const Outcome stopped = train_until(run, 30, SIGTERM);
  ASSERT_EQ(stopped.status, 130) << stopped.err;
  const Replay replayed = read_run(run);
  EXPECT_EQ(replayed.state.state, journal::RunState::stopped);
  EXPECT_THAT(replayed.state.cause, HasSubstr("stopped on request after step "));
  const std::int64_t last = replayed.metrics.at("train/loss").rbegin()->first;
  EXPECT_LT(last, 120);
  EXPECT_EQ(checkpoint::steps(run / "checkpoints").back(), last);  // nothing done was lost

  const Outcome resumed = resume(run);
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  expect_same_bits(run, undisturbed());
  EXPECT_EQ(events_of_kind<journal::Recovery>(run).at(0).step, last);
}

TEST_F(Resume, AfterAStepThatItWasToReachGivesTheSameBits) {
  const fs::path run = own_ / "run";
  std::vector<std::string> more = kLong;
  more.insert(more.end(), {"--until", "40"});
  ASSERT_EQ(run_program(train_arguments(run, more)).status, 130);
  const Replay stopped = read_run(run);
  EXPECT_EQ(stopped.state.state, journal::RunState::stopped);
  EXPECT_EQ(stopped.state.cause, "it was to go to step 40 and no further");
  EXPECT_EQ(stopped.metrics.at("train/loss").rbegin()->first, 40);
  EXPECT_EQ(checkpoint::steps(run / "checkpoints").back(), 40);
  // Further, and then to its end, which lies before the step that is named.
  const auto go_on = [&](const char* until) {
    return run_program({"train", "--run-dir", run.string(), "--resume", "--until", until}).status;
  };
  ASSERT_EQ(go_on("70"), 130);
  EXPECT_EQ(read_run(run).metrics.at("train/loss").rbegin()->first, 70);
  ASSERT_EQ(go_on("70"), 130);  // it is there already
  ASSERT_EQ(go_on("1000"), 0);
  expect_same_bits(run, undisturbed());
}

TEST_F(Resume, AfterAKillGoesBackToTheLastCheckpointAndGivesTheSameBits) {
  const fs::path run = own_ / "run";
  Launch launch;
  launch.arguments = train_arguments(run, kLong);
  launch.meanwhile = [&](int pid) {
    EXPECT_TRUE(wait_for_step(run, 51));
    while (events_of_kind<journal::CheckpointWritten>(run).size() < 2) std::this_thread::yield();  // acknowledged
    ::kill(pid, SIGKILL);
  };
  EXPECT_EQ(launch_program(launch).status, 128 + SIGKILL);
  for (const auto& written : events_of_kind<journal::CheckpointWritten>(run))
    EXPECT_EQ(checkpoint::why_not_whole(run / written.path), "") << written.path;
  const Outcome resumed = resume(run);
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_GE(events_of_kind<journal::Recovery>(run).at(0).step, 50);
  expect_same_bits(run, undisturbed());
}

TEST_F(Resume, BeforeAnyCheckpointStartsOver) {
  const fs::path run = own_ / "run";
  EXPECT_EQ(train_until(run, 3, SIGKILL).status, 128 + SIGKILL);
  ASSERT_EQ(resume(run).status, 0);
  expect_same_bits(run, undisturbed());
}

TEST_F(Resume, PassesADamagedCheckpointOverAndSaysSo) {
  const fs::path run = own_ / "run";
  ASSERT_EQ(train_until(run, 60, SIGTERM).status, 130);
  const auto steps = checkpoint::steps(run / "checkpoints");
  const std::string newest = "step-" + std::to_string(steps.back());
  fs::remove(run / "checkpoints" / newest / "COMPLETE");
  const Outcome judged = run_program({"eval", run.string(), "--json"});
  ASSERT_EQ(judged.status, 0) << judged.err;
  const auto told = nlohmann::json::parse(judged.out);
  EXPECT_EQ(told.at("step"), steps.at(steps.size() - 2));
  EXPECT_EQ(told.at("passed_over").at(0).at("checkpoint"), newest);
  const Outcome resumed = resume(run);
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_THAT(resumed.err,
              HasSubstr("The checkpoint " + newest + " is not whole and was passed over: COMPLETE is missing"));
  EXPECT_EQ(events_of_kind<journal::Recovery>(run).at(0).step, steps.at(steps.size() - 2));
  expect_same_bits(run, undisturbed());
}

TEST_F(Resume, LeavesNoCheckpointOfThePastThatItWentBackBehind) {
  const fs::path run = own_ / "run";
  ASSERT_EQ(train_until(run, 60, SIGTERM).status, 130);
  const fs::path newest = checkpoint::saved(run / "checkpoints").back().folder;
  std::string bytes = bytes_of(newest / "model.safetensors");
  bytes.back() ^= 1;  // which only its digest tells
  ASSERT_TRUE(write_file_flushed(newest / "model.safetensors", bytes));
  ASSERT_EQ(resume(run).status, 0);
  EXPECT_TRUE(fs::exists(newest.string() + ".refused-1"));
  const Outcome shown = run_program({"show", run.string(), "--json"});
  const auto listed = nlohmann::json::parse(shown.out).at("checkpoints");
  EXPECT_GE(listed.size(), 2U);
  for (const auto& one : listed)
    EXPECT_TRUE(checkpoint::load_step(run / "checkpoints", one.at("step").get<std::int64_t>())) << one;
}

TEST_F(Resume, WithOnlyDamagedCheckpointsIsRefusedAndOverwritesNothing) {
  const fs::path run = own_ / "run";
  ASSERT_EQ(train_until(run, 30, SIGTERM).status, 130);
  for (const auto& entry : fs::directory_iterator(run / "checkpoints")) {
    std::ofstream(entry.path() / "model.safetensors", std::ios::app) << "x";
  }
  const std::string before = bytes_of(run / "journal-0.athj");
  const Outcome outcome = resume(run);
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.err, HasSubstr("model.safetensors has"));
  EXPECT_EQ(bytes_of(run / "journal-0.athj"), before);
}

TEST_F(Resume, OfAFinishedRunHasNothingToDo) {
  const std::string before = bytes_of(undisturbed() / "journal-0.athj");
  EXPECT_EQ(resume(undisturbed()).status, 0);
  EXPECT_EQ(bytes_of(undisturbed() / "journal-0.athj"), before);
}

TEST_F(Resume, WithAnotherRecipeIsRefusedByName) {
  const Outcome outcome =
      run_program({"train", "--run-dir", undisturbed().string(), "--resume", "--set", "train.learning_rate=0.5"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("train.learning_rate"));
}

TEST_F(Resume, OfNothingIsAnInputError) {
  EXPECT_EQ(run_program({"train", "--resume"}).status, 2);
  EXPECT_EQ(run_program({"train", "--resume", "--run-dir", own_ / "none"}).status, 2);
}

TEST_F(Resume, AForkStartsFromAParentsCheckpointAndLeavesTheParentAlone) {
  const std::string before = bytes_of(undisturbed() / "journal-0.athj");
  const fs::path fork = own_ / "fork";
  const Outcome outcome = run_program({"train", undisturbed() / "recipe.toml", "--run-dir", fork.string(), "--fork",
                                       "75", "--set", "train.learning_rate=0.0005"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto recovery = events_of_kind<journal::Recovery>(fork);
  ASSERT_EQ(recovery.size(), 1U);
  EXPECT_EQ(recovery[0].step, 75);
  EXPECT_EQ(recovery[0].from, "fork of undisturbed at step 75");
  const Replay replayed = read_run(fork);
  EXPECT_EQ(replayed.metrics.at("train/loss").begin()->first, 76);
  // The first step after the fork starts from the parent's weights: same loss, other learning rate.
  EXPECT_EQ(replayed.metrics.at("train/loss").at(76), read_run(undisturbed()).metrics.at("train/loss").at(76));
  EXPECT_NE(replayed.metrics.at("train/loss").at(78), read_run(undisturbed()).metrics.at("train/loss").at(78));
  EXPECT_EQ(bytes_of(undisturbed() / "journal-0.athj"), before);
}

TEST_F(Resume, AForkThatDiesBeforeItsFirstOwnCheckpointGoesOnFromTheForkedStep) {
  const fs::path fork = own_ / "fork";
  Launch launch;
  launch.arguments = {"train", undisturbed() / "recipe.toml",    "--run-dir", fork.string(),       "--fork", "75",
                      "--set", "checkpoint.every_steps=1000000", "--set",     "train.steps=100000"};
  launch.meanwhile = [&](int pid) {
    EXPECT_TRUE(wait_for_step(fork, 80));
    ::kill(pid, SIGKILL);
  };
  EXPECT_EQ(launch_program(launch).status, 128 + SIGKILL);
  launch.arguments = {"train", "--run-dir", fork.string(), "--resume"};
  launch.meanwhile = [&](int pid) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (
        !(events_of_kind<journal::Recovery>(fork).size() == 2 && read_run(fork).metrics["train/loss"].contains(76)) &&
        std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ::kill(pid, SIGTERM);
  };
  EXPECT_EQ(launch_program(launch).status, 130);
  const auto recovery = events_of_kind<journal::Recovery>(fork);
  ASSERT_EQ(recovery.size(), 2U);
  EXPECT_EQ(recovery[1].step, 75);
  EXPECT_EQ(recovery[1].from, "checkpoint step-75");
  EXPECT_EQ(read_run(fork).metrics.at("train/loss").at(76), read_run(undisturbed()).metrics.at("train/loss").at(76));
}

// Steps of checkpoints, and whether nothing went back behind them since they were written.
std::map<std::int64_t, bool> sound_checkpoints(const fs::path& run) {
  std::map<std::int64_t, bool> sound;
  for (const journal::Payload& event : events_of(run)) {
    if (const auto* written = std::get_if<journal::CheckpointWritten>(&event)) sound[written->step] = true;
    if (const auto* back = std::get_if<journal::Recovery>(&event))
      for (auto& [step, is] : sound) is = is && step <= back->step;
  }
  return sound;
}

// A loss out of its range brings back a copy from memory, of an earlier step than the newest checkpoint.
TEST_F(Resume, LeavesCheckpointsAloneThatTheRunWentBackBehind) {
  const fs::path run = own_ / "run";
  Launch launch;
  launch.arguments = train_arguments(
      run, {"--set", "train.steps=1000000", "--set", "precision.policy=dynamic", "--set", "precision.decide_every=20",
            "--set", "precision.spike=1", "--set", "precision.high_steps=5", "--set", "train.learning_rate=0.01",
            "--set", "checkpoint.every_steps=3", "--set", "checkpoint.keep=100", "--set", "eval.every_steps=1000000"});
  bool went_back = false;
  launch.meanwhile = [&](int pid) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (wait_for_step(run, 1) && !went_back && std::chrono::steady_clock::now() < deadline) {
      for (const auto& [step, sound] : sound_checkpoints(run)) went_back |= !sound;
    }
    ::kill(pid, SIGKILL);
  };
  EXPECT_EQ(launch_program(launch).status, 128 + SIGKILL);
  ASSERT_TRUE(went_back);
  for (const auto& [step, sound] : sound_checkpoints(run)) {
    EXPECT_TRUE(sound || !fs::exists(run / "checkpoints" / fmt::format("step-{}", step))) << step;
  }
}

TEST_F(Resume, AForkOfAnotherShapeNamesWhatDoesNotFitBeforeAnythingIsMade) {
  const Outcome outcome = run_program({"train", undisturbed() / "recipe.toml", "--run-dir", own_ / "fork", "--fork",
                                       "75", "--set", "model.embedding_dim=32", "--json"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("model.embedding_dim: must be 16, as in the run that is forked"));
  EXPECT_THAT(outcome.out, HasSubstr("\"field\":\"model.embedding_dim\""));
  EXPECT_FALSE(fs::exists(own_ / "fork"));
  EXPECT_EQ(run_program({"train", undisturbed() / "recipe.toml", "--run-dir", own_ / "other", "--fork", "76"}).status,
            2);
}

}  // namespace
}  // namespace athanor::runner
