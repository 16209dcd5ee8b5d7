// Homes that were copied, filled by hand or have no room left.
#include "core/journal/writer.h"
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sched.h>
#include <sys/mount.h>

namespace athanor::agent {
namespace {

namespace fs = std::filesystem;
using store::RunStatus;
using testing::HasSubstr;

// As a run leaves it that was stopped in its middle and went on to its end.
void write_run(const fs::path& folder, int steps) {
  fs::create_directories(folder);
  std::ofstream(folder / "recipe.toml") << Home::recipe(steps, "pace=1", folder.filename().string());
  for (int session = 0; session < 2; ++session) {
    const auto journal = value_or_throw(journal::Writer::open(folder / "journal-0.athj"));
    value_or_throw(journal->append(journal::StateChanged{journal::RunState::running, ""}));
    for (int step = steps * session / 2; step < steps * (session + 1) / 2; ++step)
      value_or_throw(journal->append(journal::MetricSamples{step + 1, {{"sequence", 1.0 * step}}}));
    const auto last = session == 0 ? journal::RunState::stopped : journal::RunState::finished;
    value_or_throw(journal->append(journal::StateChanged{last, ""}));
  }
}

TEST(CopiedHome, HasRunsOfItsOwnAndLeavesTheOtherAlone) {
  Home home;
  home.start_agent();
  const auto stopped = home.enqueue(100000, "pace=2");
  ASSERT_TRUE(home.until_step(stopped, 25));
  value_or_throw(home.client->stop(stopped));
  EXPECT_EQ(home.wait(stopped).status, RunStatus::stopped);
  const auto fork = value_or_throw(home.client->enqueue({Home::recipe(30, "pace=1"), stopped, 20}));
  EXPECT_EQ(home.wait(fork).status, RunStatus::finished);
  const auto going = home.enqueue(100000, "pace=2");
  ASSERT_TRUE(home.until_step(going, 25));
  home.kill_agent();
  const fs::path original = home.path;
  home.path = home.root / "copy";
  fs::create_directories(home.path);
  const pid_t rank = home.processes_of("athanor-run").at(0);
  ::kill(rank, SIGSTOP);  // so that no file goes while it is copied
  for (const char* part : {"runs", "history.db", "history.db-wal"})
    fs::copy(original / part, home.path / part, fs::copy_options::recursive);
  ::kill(rank, SIGCONT);
  const auto journal = original / "runs/small-1/journal-0.athj";
  const auto size = fs::file_size(journal);

  home.start_agent();
  EXPECT_EQ(home.run(stopped).directory, (home.path / "runs/small-1").string());
  EXPECT_EQ(home.wait(going).status, RunStatus::broken);
  EXPECT_FALSE(home.client->stop(going));
  EXPECT_EQ(home.processes_of("athanor-run").size(), 1U);  // the original's
  value_or_throw(home.client->resume(stopped));
  ASSERT_TRUE(home.until_step(stopped, 60));
  value_or_throw(home.client->stop(stopped));
  EXPECT_EQ(home.wait(stopped).status, RunStatus::stopped);
  EXPECT_EQ(fs::file_size(journal), size);
  EXPECT_GT(fs::file_size(home.path / "runs/small-1/journal-0.athj"), size);

  home.path = original;
  home.kill_agent();
  home.start_agent();
  EXPECT_EQ(home.run(going).status, RunStatus::running);
  EXPECT_LT(home.run(stopped).step, 60);
  home.kill_rank(going);
  EXPECT_EQ(home.wait(going).status, RunStatus::broken);
}

TEST(FilledHome, NumbersRunsByTheirAgeAndTellsOfNoneHalfRead) {
  Home home;
  fs::create_directories(home.path);
  constexpr int kSteps = 50000;  // more than one batch of the journal
  write_run(home.path / "runs/z-older", kSteps);
  write_run(home.path / "runs/a-newer", 100);
  ASSERT_GT(fs::file_size(home.path / "runs/z-older/journal-0.athj"), 5U << 18);
  home.start_agent();
  const auto runs = value_or_throw(home.client->list());
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(value_or_throw(home.client->run(1)).name, "z-older");
  EXPECT_EQ(value_or_throw(home.client->run(2)).name, "a-newer");
  for (const store::Run& run : runs) EXPECT_EQ(run.status, RunStatus::finished);
  EXPECT_EQ(home.run(1).step, kSteps);
}

TEST(FullDisk, LeavesRoomForTheLastWordOnTheRun) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    GTEST_SKIP() << "mounting needs root";
  Home home;
  fs::create_directories(home.path);
  ASSERT_EQ(::mount("tmpfs", home.path.c_str(), "tmpfs", 0, "size=32m"), 0);
  home.start_agent();
  const auto id = home.enqueue(100000, "pace=1");
  ASSERT_TRUE(home.until_step(id, 50));
  ASSERT_TRUE(Home::until([&] { return fs::exists(home.path / "agent/reserve"); }));
  {
    std::ofstream filler(home.path / "filler", std::ios::binary);
    while (filler.write(std::string(4096, 'x').data(), 4096) && filler.flush()) {
    }
  }
  const auto failed = home.wait(id);
  EXPECT_EQ(failed.status, RunStatus::failed);
  EXPECT_THAT(failed.cause, HasSubstr("No space left on device"));
  EXPECT_EQ(home.run(id).status, RunStatus::failed);
  fs::remove(home.path / "filler");
  EXPECT_TRUE(Home::until([&] { return fs::exists(home.path / "agent/reserve"); }));
  home.kill_agent();
  ::umount2(home.path.c_str(), MNT_DETACH);
}

TEST(ReadOnlyHome, IsUnavailableToEveryCommand) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    GTEST_SKIP() << "mounting needs root";
  Home home;
  std::ofstream(home.root / "recipe.toml") << Home::recipe(5, "pace=1");
  home.start_agent();
  (void)home.wait(home.enqueue(5));
  home.kill_agent();
  ASSERT_EQ(::mount(home.path.c_str(), home.path.c_str(), nullptr, MS_BIND, nullptr), 0);
  ASSERT_EQ(::mount("none", home.path.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
  const std::string recipe = (home.root / "recipe.toml").string();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {}, {"--foreground"}, {"list"}, {"show", "1"}, {"resume", "1"}, {"enqueue", recipe}, {"rebuild"}}) {
    const auto said = home.call(words);
    EXPECT_EQ(said.status, 3) << said.text;
    EXPECT_THAT(said.text, testing::MatchesRegex("Could not [^\n]*: Read-only file system. Allow this user to write "
                                                 "there, or set ATHANOR_HOME to another folder.\n"));
  }
  ::umount2(home.path.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace athanor::agent
