#include "core/runner/trouble.h"

#include "core/checkpoint/checkpoint.h"
#include "core/runner/run_report.h"
#include "core/runner/training_run.h"
#include "tests/core/runner/run_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <thread>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
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

// A recipe that no validator let through: OpenCV refuses the margin with an exception of its own.
TEST(Trouble, WhateverIsThrownIsJournaledAsTheCause) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  const fs::path run_folder = folder.path() / "run";
  SoundRecipe sound;
  sound.recipe = recipe::parse_file(std::string(ATH_SOURCE_DIR) + "/experiments/smoke.toml")->recipe;
  sound.recipe.set("data.fit_margin", 1e5);
  sound.data.dataset =
      std::make_shared<const data::Dataset>(value_or_throw(data::Dataset::open(shared_home() / "datasets" / "emoji")));
  Console console;
  {
    TrainingRun run(RunDirectory(run_folder), sound, {}, console, TrainOptions{});
    EXPECT_THROW((void)run.run(), Failure);
  }
  console.info("the run is gone, and so is its ear");
  const Replay replayed = read_run(run_folder);
  EXPECT_EQ(replayed.state.state, journal::RunState::failed);
  EXPECT_FALSE(replayed.state.cause.empty());
  ASSERT_EQ(replayed.faults.size(), 1U);
  EXPECT_EQ(replayed.faults[0].kind, "internal");
  EXPECT_THAT(replayed.faults[0].cause, HasSubstr("Failed to allocate"));
  EXPECT_EQ(replayed.faults[0].cause.find('\n'), std::string::npos);
}

TEST(Trouble, EveryExceptionBecomesAnErrorWithIntentionAndCause) {
  const auto error_of_thrown = [](auto exception) { return error_of(std::make_exception_ptr(exception), "train"); };
  const Error lost = error_of_thrown(
      fs::filesystem_error("rename", "/runs/a", std::make_error_code(std::errc::no_such_file_or_directory)));
  EXPECT_EQ(lost.kind, ErrorKind::io);
  EXPECT_EQ(lost.intention, "train");
  EXPECT_EQ(lost.cause, "/runs/a: No such file or directory");
  EXPECT_EQ(error_of_thrown(std::bad_alloc()).kind, ErrorKind::out_of_memory);
  EXPECT_EQ(error_of_thrown(std::system_error(EAGAIN, std::generic_category())).kind, ErrorKind::io);
  EXPECT_EQ(error_of_thrown(std::runtime_error("odd")).cause, "odd");
  EXPECT_EQ(error_of_thrown(Failure(ErrorKind::numeric, "step", "nan")).kind, ErrorKind::numeric);
  EXPECT_EQ(error_of_thrown(7).kind, ErrorKind::internal);
}

// How a report judges the first loss of 32 pairs whose undecided logits have this spread.
std::size_t alerts_of(double loss, double spread) {
  TemporaryFolder folder;
  Console console;
  {
    const auto journal = value_or_throw(journal::Writer::open(folder.path() / journal::file_name(0)));
    RunReport::Setting setting;
    setting.steps = 100;
    setting.batch_size = 32;
    setting.logit_spread = spread;
    RunReport report(*journal, console, {}, setting);
    report.tell(journal::MetricSamples{1, {{"train/loss", loss}, {"train/step_ms", 5}}});
  }
  return events_of_kind<journal::Alert>(folder.path()).size();
}

TEST(Trouble, AFirstLossIsAnAlertOnlyWhereChanceCannotExplainIt) {
  EXPECT_EQ(alerts_of(3.90, 1.25), 0U);  // ln 32 = 3.47; sixteen numbers leave room for as much
  EXPECT_EQ(alerts_of(2.70, 1.25), 1U);
  EXPECT_EQ(alerts_of(5.10, 1.25), 1U);
  EXPECT_EQ(alerts_of(3.90, 0.2), 1U);  // logits that all but agree leave none
  EXPECT_EQ(alerts_of(3.50, 0.2), 0U);
  EXPECT_EQ(alerts_of(3.50, 0), 0U);
  EXPECT_EQ(alerts_of(std::nan(""), 1.25), 1U);
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

std::int64_t samples_in(const fs::path& run) {
  return static_cast<std::int64_t>(events_of_kind<journal::DeviceSample>(run).size());
}

template <class Holds>
bool within(std::chrono::seconds time, const Holds& holds) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!holds() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return holds();
}

// Holds the training thread alone, somewhere in a step, while the other threads go on. Again where it was caught with
// the journal in its hands: then nothing is written any more.
bool hold_training(int pid, const fs::path& run) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) != 0 || ::waitpid(pid, nullptr, __WALL) != pid) return false;
    const std::int64_t before = samples_in(run);
    if (within(std::chrono::seconds(5), [&] { return samples_in(run) > before; })) return true;
    ::ptrace(PTRACE_CONT, pid, nullptr, nullptr);
    std::this_thread::sleep_for(std::chrono::milliseconds(7));
  }
  return false;
}

TEST(Trouble, ARunSaysThatItIsStoppingWhileAStepStillGoesOn) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  const fs::path run = folder.path() / "run";
  const auto states = [&run] { return events_of_kind<journal::StateChanged>(run); };
  Launch launch;
  launch.arguments = train_arguments(run, {"--set", "train.steps=1000000"});
  launch.meanwhile = [&](int pid) {
    EXPECT_TRUE(wait_for_step(run, 3));
    if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) {
      ADD_FAILURE() << "the test may not trace its own child: " << std::strerror(errno);
      ::kill(pid, SIGKILL);
      return;
    }
    EXPECT_TRUE(hold_training(pid, run));
    const auto steps = events_of_kind<journal::MetricSamples>(run).size();
    ::kill(pid, SIGTERM);  // another thread takes it
    EXPECT_TRUE(within(std::chrono::seconds(20), [&] { return states().back().state == journal::RunState::stopping; }));
    EXPECT_EQ(events_of_kind<journal::MetricSamples>(run).size(), steps);
    ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
  };
  EXPECT_EQ(launch_program(launch).status, 130);
  using enum journal::RunState;
  std::vector<journal::RunState> said;
  for (const journal::StateChanged& change : states()) said.push_back(change.state);
  EXPECT_THAT(said, testing::ElementsAre(preparing, running, stopping, stopped));
}

TEST(Trouble, AHomeThatCannotBeWrittenIsSaidInOneSentence) {
  ATH_NEEDS_DATA();
  Launch launch;
  launch.arguments = train_arguments("/proc/athanor-cannot-write-here");
  const Outcome outcome = launch_program(launch);
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.err,
              HasSubstr("Could not make the folder /proc/athanor-cannot-write-here: No such file or "
                        "directory. Allow this user to write there, or set ATHANOR_HOME to another folder."));
}

TEST(Trouble, AReadOnlyHomeIsUnavailableForTrainingAsForTheDoctorAndGoodForReading) {
  ATH_NEEDS_DATA();
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    GTEST_SKIP() << "mounting needs root";
  TemporaryFolder folder;
  Launch launch;
  launch.home = empty_home(folder);
  fs::create_directory_symlink(shared_home() / "datasets", launch.home / "datasets");
  launch.arguments = train_arguments(launch.home / "runs/before");
  ASSERT_EQ(launch_program(launch).status, 0);
  const fs::path journal = launch.home / "runs/before/journal-0.athj";
  fs::resize_file(journal, fs::file_size(journal) / 2);  // it did not say that it finished
  ASSERT_EQ(::mount(launch.home.c_str(), launch.home.c_str(), nullptr, MS_BIND, nullptr), 0);
  ASSERT_EQ(::mount("none", launch.home.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
  const auto status_of = [&](std::vector<std::string> words) {
    launch.arguments = std::move(words);
    const Outcome outcome = launch_program(launch);
    if (launch.arguments[0] == "train") {
      EXPECT_THAT(outcome.err, AllOf(HasSubstr("Read-only file system"), HasSubstr("or set ATHANOR_HOME to another")));
    }
    return outcome.status;
  };
  const std::string smoke = std::string(ATH_SOURCE_DIR) + "/experiments/smoke.toml";
  EXPECT_EQ(status_of({"doctor"}), 3);
  EXPECT_EQ(status_of({"train", smoke}), 3);
  EXPECT_EQ(status_of({"train", "--resume", "--run-dir", "before"}), 3);
  EXPECT_EQ(status_of({"check", smoke}), 0);
  EXPECT_EQ(status_of({"plan", "--quick", smoke}), 0);
  EXPECT_EQ(status_of({"eval", "before"}), 0);
  ::umount2(launch.home.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace athanor::runner
