// The history built again from the run directories: what is kept, and what becomes of the old one.
#include "core/journal/writer.h"
#include "core/store/writer.h"
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace athanor::agent {
namespace {

namespace fs = std::filesystem;
using store::RunStatus;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<fs::path> copies_in(const Home& home) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(home.path)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("history.db.before-rebuild-") && !name.ends_with("-wal") && !name.ends_with("-shm"))
      found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

void quit(Home& home) {
  value_or_throw(home.client->shut_down_agent());
  ::waitpid(home.agent_pid, nullptr, 0);
  home.agent_pid = 0;
  home.client.reset();
}

// A finished run with the tag "mine", and no agent.
std::int64_t leave_one_tagged_run(Home& home) {
  home.start_agent();
  const auto id = home.enqueue(10, "pace=1");
  EXPECT_EQ(home.wait(id).status, RunStatus::finished);
  value_or_throw(home.client->set_tags({id}, {"mine"}));
  quit(home);
  return id;
}

TEST(Rebuild, KeepsRunsWithTheirMetadata) {
  Home home;
  home.start_agent();
  const auto parent = home.enqueue(45, "pace=1");
  EXPECT_EQ(home.wait(parent).status, RunStatus::finished);
  const auto child = value_or_throw(home.client->enqueue({Home::recipe(60, "pace=1"), parent, 40}));
  EXPECT_EQ(home.wait(child).status, RunStatus::finished);
  value_or_throw(home.client->rename(parent, "renamed"));
  value_or_throw(home.client->set_tags({child}, {"kept"}));
  const auto refused = home.call({"rebuild"});  // not under a living agent
  EXPECT_EQ(refused.status, 3);
  EXPECT_THAT(refused.text, HasSubstr("athanor-agent quit"));
  quit(home);
  for (const bool with_old_history : {true, false}) {
    if (!with_old_history) std::filesystem::remove(home.path / "history.db");
    const auto rebuilt = home.call({"rebuild"});
    EXPECT_EQ(rebuilt.status, 0) << rebuilt.text;
    EXPECT_THAT(rebuilt.text, HasSubstr("2 runs"));
    EXPECT_EQ(home.steps_of(parent).size(), 45U);
    EXPECT_EQ(home.steps_of(child).size(), 20U);
    EXPECT_EQ(home.run(child).parent, parent);
    EXPECT_EQ(home.run(child).status, RunStatus::finished);
    EXPECT_EQ(home.run(parent).name, with_old_history ? "renamed" : "small");
    EXPECT_EQ(home.run(child).tags.size(), with_old_history ? 1U : 0U);
  }
  home.start_agent();
  EXPECT_EQ(value_or_throw(home.client->list()).size(), 2U);
}

TEST(Rebuild, KeepsTheNumbersOfRunsStartedByHandAndTheQueue) {
  Home home;
  home.start_agent();
  const auto by_hand = home.path / "runs/by-hand";
  fs::create_directories(by_hand);
  std::ofstream(by_hand / "recipe.toml") << Home::recipe(20, "pace=1", "by-hand");
  EXPECT_EQ(
      home.call({"train", (by_hand / "recipe.toml").string(), "--run-dir", by_hand.string()}, "athanor-run").status, 0);
  ASSERT_TRUE(Home::until(
      [&] { return value_or_throw(home.client->list()).size() == 1 && home.run(1).status == RunStatus::finished; }));
  const auto crashed = home.enqueue(40, "pace=1 end=crash");
  const auto cause = home.wait(crashed).cause;
  EXPECT_THAT(cause, HasSubstr("killed, or out of memory"));
  const auto resumed = home.enqueue(40, "pace=1 end=crash");
  EXPECT_EQ(home.wait(resumed).status, RunStatus::broken);
  const auto going = home.enqueue(100000, "pace=3");
  ASSERT_TRUE(home.until_step(going, 5));
  value_or_throw(home.client->resume(resumed));
  const auto fresh = home.enqueue(10, "pace=1");
  value_or_throw(home.client->set_tags({1}, {"mine"}));
  const auto crashed_ns = home.run(crashed).ended_ns;
  quit(home);
  home.kill_rank(going);
  ASSERT_TRUE(Home::until([&] { return home.rank_of(going) == 0; }));

  const auto rebuilt = home.call({"rebuild"});
  EXPECT_EQ(rebuilt.status, 0) << rebuilt.text;
  EXPECT_EQ(home.run(1).name, "by-hand");
  EXPECT_THAT(home.run(1).tags, ElementsAre("mine"));
  EXPECT_EQ(home.run(crashed).cause, cause);
  EXPECT_EQ(home.run(crashed).ended_ns, crashed_ns);
  EXPECT_EQ(home.run(going).status, RunStatus::broken);
  EXPECT_EQ(home.run(resumed).status, RunStatus::queued);
  EXPECT_EQ(home.steps_of(resumed).size(), 20U);
  EXPECT_EQ(home.run(fresh).status, RunStatus::queued);
  home.start_agent();
  EXPECT_EQ(home.wait(resumed).status, RunStatus::finished);
  EXPECT_EQ(home.wait(fresh).status, RunStatus::finished);
  EXPECT_EQ(home.steps_of(resumed).size(), 40U);
  EXPECT_EQ(value_or_throw(home.client->list()).size(), 5U);
  EXPECT_GT(home.enqueue(10), fresh);
}

TEST(Rebuild, KeepsTheOldHistoryAndOnlyTheNewestCopyOfIt) {
  Home home;
  home.start_agent();
  EXPECT_EQ(home.wait(home.enqueue(10, "pace=1")).status, RunStatus::finished);
  quit(home);
  ASSERT_EQ(home.call({"rebuild"}).status, 0);
  const auto first = copies_in(home);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(value_or_throw(value_or_throw(store::Reader::open(first[0]))->runs()).size(), 1U);
  ASSERT_EQ(home.call({"rebuild"}).status, 0);
  const auto second = copies_in(home);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_NE(first[0], second[0]);
}

TEST(Rebuild, SaysWhatADamagedHistoryCouldNotGiveAndKeepsIt) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(10, "pace=1");
  EXPECT_EQ(home.wait(id).status, RunStatus::finished);
  quit(home);
  std::ifstream in(home.path / "history.db", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t page = 1; page * 4096 < bytes.size(); ++page) bytes.replace(page * 4096, 100, 100, 'x');
  fs::remove(home.path / "history.db");
  std::ofstream(home.path / "history.db", std::ios::binary) << bytes;
  const auto rebuilt = home.call({"rebuild"});
  EXPECT_EQ(rebuilt.status, 0) << rebuilt.text;
  EXPECT_THAT(rebuilt.text, HasSubstr("the old history is damaged"));
  EXPECT_EQ(home.steps_of(id).size(), 10U);
  const auto copies = copies_in(home);
  ASSERT_EQ(copies.size(), 1U);
  std::ifstream kept(copies[0], std::ios::binary);
  EXPECT_TRUE((std::string{std::istreambuf_iterator<char>(kept), {}} == bytes));
}

TEST(Rebuild, LeavesAHistoryOfANewerVersionAlone) {
  Home home;
  home.start_agent();
  EXPECT_EQ(home.wait(home.enqueue(10, "pace=1")).status, RunStatus::finished);
  quit(home);
  std::fstream file(home.path / "history.db", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(63);  // the last byte of user_version in SQLite's file header
  file.put(77);
  file.close();
  const auto size = fs::file_size(home.path / "history.db");
  const auto refused = home.call({"rebuild"});
  EXPECT_EQ(refused.status, 3);
  EXPECT_THAT(refused.text, HasSubstr("newer Athanor"));
  EXPECT_EQ(fs::file_size(home.path / "history.db"), size);
  EXPECT_TRUE(copies_in(home).empty());
  EXPECT_FALSE(fs::exists(home.path / "history.db.rebuilt"));
}

TEST(Rebuild, FollowsAHomeThatWasMovedAndLeavesOutRunsWhoseFoldersAreGone) {
  Home home;
  home.start_agent();
  const auto kept = home.enqueue(10, "pace=1");
  const auto gone = home.enqueue(10, "pace=1");
  EXPECT_EQ(home.wait(gone).status, RunStatus::finished);
  value_or_throw(home.client->rename(kept, "renamed"));
  quit(home);
  fs::remove_all(home.run(gone).directory);
  fs::rename(home.path, home.root / "moved");
  home.path = home.root / "moved";
  const auto rebuilt = home.call({"rebuild"});
  EXPECT_EQ(rebuilt.status, 0) << rebuilt.text;
  EXPECT_EQ(home.run(kept).name, "renamed");
  EXPECT_EQ(home.run(kept).directory, (home.path / "runs/small-1").string());
  EXPECT_EQ(value_or_throw(home.history()->runs()).size(), 1U);
}

TEST(Rebuild, KeepsEveryCopyOfWhichItLeftARunOut) {
  Home home;
  const auto id = leave_one_tagged_run(home);
  const fs::path folder = home.run(id).directory;
  fs::rename(folder, home.root / "elsewhere");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(home.call({"rebuild"}).status, 0);
  EXPECT_TRUE(value_or_throw(home.history()->runs()).empty());
  const auto copies = copies_in(home);
  EXPECT_EQ(copies.size(), 2U);
  const bool any = std::ranges::any_of(copies, [](const fs::path& copy) {
    const auto runs = value_or_throw(value_or_throw(store::Reader::open(copy))->runs());
    return runs.size() == 1 && runs[0].tags == std::vector<std::string>{"mine"};
  });
  EXPECT_TRUE(any);
  // It is back, but not what the history said of it: the first copy still knows more.
  fs::rename(home.root / "elsewhere", folder);
  EXPECT_EQ(home.call({"rebuild"}).status, 0);
  EXPECT_EQ(home.run(id).tags.size(), 0U);
  EXPECT_EQ(std::ranges::count(copies_in(home), copies.front()), 1);
}

TEST(Rebuild, KeepsTheWishThatALaterSessionOfARunStops) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(100000, "pace=2");
  ASSERT_TRUE(home.until_step(id, 25));
  value_or_throw(home.client->stop(id));
  EXPECT_EQ(home.wait(id).status, RunStatus::stopped);
  value_or_throw(home.client->resume(id));
  ASSERT_TRUE(Home::until([&] { return home.run(id).status == RunStatus::running; }));
  ::kill(home.rank_of(id), SIGSTOP);
  value_or_throw(home.client->stop(id));
  quit(home);
  EXPECT_EQ(home.call({"rebuild"}).status, 0);
  EXPECT_EQ(home.run(id).status, RunStatus::stopping);
}

TEST(Rebuild, RefusesWhenTheFolderOfTheRunsIsNotThereOrCannotBeListed) {
  Home home;
  const auto id = leave_one_tagged_run(home);
  fs::rename(home.path / "runs", home.root / "unmounted");
  for (const bool is_file : {false, true}) {
    if (is_file) std::ofstream(home.path / "runs") << "no folder";
    const auto refused = home.call({"rebuild"});
    EXPECT_EQ(refused.status, 1) << refused.text;
    EXPECT_THAT(refused.text, HasSubstr((home.path / "runs").string()));
    EXPECT_EQ(home.run(id).tags.size(), 1U);
    EXPECT_TRUE(copies_in(home).empty());
    EXPECT_FALSE(fs::exists(home.path / "history.db.rebuilt"));
  }
  fs::remove(home.path / "runs");
  fs::rename(home.root / "unmounted", home.path / "runs");
  EXPECT_EQ(home.call({"rebuild"}).status, 0);
  EXPECT_EQ(home.run(id).tags.size(), 1U);
}

TEST(Rebuild, FindsEachRunOfAMovedHomeOnceAlsoWhenAnAgentHasServedIt) {
  Home home;
  const auto id = leave_one_tagged_run(home);
  fs::rename(home.path, home.root / "moved");
  home.path = home.root / "moved";
  const std::string here = (home.path / "runs/small-1").string();
  home.start_agent();
  EXPECT_TRUE(Home::until([&] { return home.run(id).directory == here; }));
  EXPECT_EQ(value_or_throw(home.client->list()).size(), 1U);
  const auto another = home.enqueue(10, "pace=1");
  EXPECT_EQ(home.wait(another).status, RunStatus::finished);
  quit(home);
  const auto rebuilt = home.call({"rebuild"});
  EXPECT_EQ(rebuilt.status, 0) << rebuilt.text;
  EXPECT_EQ(value_or_throw(home.history()->runs()).size(), 2U);
  EXPECT_EQ(home.run(id).directory, here);
  EXPECT_THAT(home.run(id).tags, ElementsAre("mine"));
  EXPECT_EQ(home.steps_of(id).size(), 10U);
}

TEST(Rebuild, KeepsAFailureThatOnlyTheHistoryKnows) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(100000, "pace=2");
  ASSERT_TRUE(home.until_step(id, 25));
  value_or_throw(home.client->stop(id));
  EXPECT_EQ(home.wait(id).status, RunStatus::stopped);
  const fs::path program = home.root / "bin/athanor-run";
  fs::rename(program, home.root / "put-away");
  value_or_throw(home.client->resume(id));
  const auto failed = home.wait(id);
  EXPECT_EQ(failed.status, RunStatus::failed);
  quit(home);
  fs::rename(home.root / "put-away", program);
  EXPECT_EQ(home.call({"rebuild"}).status, 0);
  EXPECT_EQ(home.run(id).status, RunStatus::failed);
  EXPECT_EQ(home.run(id).cause, failed.cause);
  EXPECT_EQ(home.run(id).ended_ns, failed.ended_ns);
}

TEST(Rebuild, TakesAJournalsWordWhereTheOldHistoryHadNotReadIt) {
  Home home;
  const auto id = leave_one_tagged_run(home);
  {
    const auto journal = value_or_throw(journal::Writer::open(fs::path(home.run(id).directory) / "journal-0.athj"));
    value_or_throw(journal->append(journal::StateChanged{journal::RunState::failed, "said while no agent listened"}));
  }
  EXPECT_EQ(home.run(id).status, RunStatus::finished);
  EXPECT_EQ(home.call({"rebuild"}).status, 0);
  EXPECT_EQ(home.run(id).status, RunStatus::failed);
  EXPECT_EQ(home.run(id).cause, "said while no agent listened");
}

}  // namespace
}  // namespace athanor::agent
