// Runs in the bin: listed, brought back, taken away for ever.
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace athanor::agent {
namespace {

namespace fs = std::filesystem;
using store::RunStatus;
using testing::HasSubstr;
using testing::Not;

struct Deleted : testing::Test {
  Deleted() { home.start_agent(); }
  store::RunId finished() {
    const auto id = home.enqueue(5);
    EXPECT_EQ(home.wait(id).status, RunStatus::finished);
    return id;
  }
  Home home;
};

TEST_F(Deleted, AreListedAndRestoredFromATerminal) {
  const auto kept = finished(), deleted = finished();
  value_or_throw(home.client->erase({deleted}));
  const auto listed = home.call({"list", "--deleted"});
  EXPECT_THAT(listed.text, HasSubstr("small"));
  EXPECT_THAT(listed.text, Not(HasSubstr(fmt::format("\n{:>5}  ", kept))));
  EXPECT_EQ(home.call({"restore", std::to_string(deleted)}).status, 0);
  EXPECT_FALSE(home.run(deleted).deleted_ns);
  EXPECT_EQ(value_or_throw(home.client->undo()), "Restore run small");
  EXPECT_TRUE(home.run(deleted).deleted_ns);
}

TEST_F(Deleted, AreGoneForEverWithTheirFoldersOnceEmptied) {
  const auto kept = finished(), first = finished(), second = finished();
  value_or_throw(home.client->rename(first, "forgotten"));
  value_or_throw(home.client->erase({first, second}));
  const fs::path folder = home.run(first).directory;
  const auto asked = home.call({"empty", "--all"});  // by nobody, where there is no terminal
  if (::isatty(STDIN_FILENO) == 0) {
    EXPECT_EQ(asked.status, 2);
    EXPECT_THAT(asked.text, HasSubstr("Say --yes"));
    EXPECT_TRUE(fs::exists(folder));
  }
  const auto emptied =
      home.call({"empty", "forgotten", "--yes", "--json"}, "athanor-agent", Home::Streams::only_stdout);
  ASSERT_EQ(emptied.status, 0) << emptied.text;
  const auto said = nlohmann::json::parse(emptied.text);
  EXPECT_EQ(said.at("runs"), std::vector<store::RunId>{first});
  EXPECT_GT(said.at("bytes").get<std::int64_t>(), 0);
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_FALSE(home.history()->run(first));
  EXPECT_EQ(value_or_throw(home.client->undo()), "Delete 2 runs");  // what is left of it
  EXPECT_FALSE(home.run(second).deleted_ns);
  EXPECT_FALSE(home.client->undo());  // the other's name is forgotten with it

  home.kill_agent();
  home.start_agent();
  EXPECT_EQ(value_or_throw(home.client->list()).size(), 2U);
  ASSERT_EQ(home.call({"quit"}).status, 0);
  ASSERT_EQ(home.call({"rebuild"}).status, 0);
  home.start_agent();
  EXPECT_EQ(value_or_throw(home.client->list()).size(), 2U);
  EXPECT_EQ(home.run(kept).status, RunStatus::finished);
  EXPECT_EQ(home.enqueue(5), second + 1);
}

TEST_F(Deleted, AreNotEmptiedWhileTheyGoOnOrWereNotDeletedOrAreAboutToBeForked) {
  const auto parent = home.enqueue(30);
  ASSERT_EQ(home.wait(parent).status, RunStatus::finished);
  const auto number = std::to_string(parent);
  EXPECT_THAT(home.call({"empty", number, "--yes"}).text,
              HasSubstr("it is not among the deleted ones. Delete it first"));
  const auto going = home.enqueue(100000, "pace=2");
  ASSERT_TRUE(home.until_step(going, 5));
  const auto fork = value_or_throw(home.client->enqueue({Home::recipe(40, "pace=1"), parent, 20}));
  value_or_throw(home.client->erase({parent}));
  const auto refused = home.call({"empty", "--all", "--yes"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.text, HasSubstr(fmt::format("run {} is about to begin from it", fork)));

  value_or_throw(home.client->stop(going));
  EXPECT_EQ(home.wait(going).status, RunStatus::stopped);
  EXPECT_EQ(home.wait(fork).status, RunStatus::finished);
  value_or_throw(home.client->erase({going}));
  value_or_throw(home.client->resume(going));
  ASSERT_TRUE(Home::until([&] { return home.run(going).status == RunStatus::running; }));
  const auto live = home.call({"empty", std::to_string(going), "--yes"});
  EXPECT_EQ(live.status, 2);
  EXPECT_THAT(live.text, HasSubstr("it is still going. Stop it first: athanor-agent stop"));
  const auto all = home.call({"empty", "--all", "--yes"});  // all that can be
  EXPECT_EQ(all.status, 0) << all.text;
  EXPECT_THAT(all.text, HasSubstr("1 run deleted for ever"));
  EXPECT_EQ(home.run(going).status, RunStatus::running);
  EXPECT_FALSE(home.history()->run(parent));
}

TEST_F(Deleted, WhatAnAgentLeftThatDiedInTheMiddleIsNoRunAndGoesAtTheNextStart) {
  const auto id = finished();
  value_or_throw(home.client->erase({id}));
  const fs::path folder = home.run(id).directory, aside = home.path / "runs/.emptied-1";
  home.kill_agent();
  fs::rename(folder, aside);
  home.start_agent();
  const auto runs = value_or_throw(home.client->list());
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_TRUE(runs[0].deleted_ns);
  EXPECT_FALSE(fs::exists(aside));
  EXPECT_EQ(value_or_throw(home.client->empty({id})), 0);
  EXPECT_TRUE(value_or_throw(home.client->list()).empty());
}

}  // namespace
}  // namespace athanor::agent
