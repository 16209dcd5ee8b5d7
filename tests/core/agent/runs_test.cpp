// Runs under a real agent: queued, followed, stopped, resumed, forked, found, broken.
#include "tests/core/agent/home.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <numeric>
#include <optional>

namespace athanor::agent {
namespace {

using store::RunStatus;
using testing::HasSubstr;

std::vector<std::int64_t> from_one_to(std::int64_t last) {
  std::vector<std::int64_t> steps(static_cast<std::size_t>(last));
  std::iota(steps.begin(), steps.end(), 1);
  return steps;
}

TEST(Runs, GoThroughTheQueueOneAtATimeAndIntoTheHistory) {
  Home home;
  home.start_agent();
  const auto first = home.enqueue(60);
  const auto second = home.enqueue(30);
  ASSERT_TRUE(home.until_step(first, 10));
  EXPECT_EQ(home.run(first).status, RunStatus::running);
  EXPECT_EQ(home.run(second).status, RunStatus::queued);
  EXPECT_EQ(home.wait(second).status, RunStatus::finished);
  EXPECT_EQ(home.run(first).status, RunStatus::finished);
  EXPECT_EQ(home.steps_of(first), from_one_to(60));
  EXPECT_EQ(home.steps_of(second), from_one_to(30));
  const auto run = home.run(second);
  EXPECT_EQ(run.steps, 30);
  EXPECT_THAT(run.recipe_toml, testing::StartsWith("# resolved"));
  EXPECT_EQ(run.directory, (home.path / "runs/small-2").string());
  EXPECT_GE(run.started_ns, home.run(first).ended_ns);
  EXPECT_EQ(value_or_throw(home.client->list()).size(), 2U);
}

TEST(Runs, StopWithACheckpointAndGoOnFromItWithoutADoubledStep) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(120, "pace=4");
  const auto waiting = home.enqueue(10);
  ASSERT_TRUE(home.until_step(id, 25));
  value_or_throw(home.client->stop(waiting));
  EXPECT_EQ(home.run(waiting).status, RunStatus::stopped);
  value_or_throw(home.client->stop(id));
  const auto stopped = home.wait(id);
  EXPECT_EQ(stopped.status, RunStatus::stopped);
  EXPECT_EQ(stopped.cause, "asked to stop");
  EXPECT_FALSE(home.client->stop(id));
  ASSERT_TRUE(home.until([&] { return home.client->resume(id).has_value(); }));
  EXPECT_EQ(home.wait(id).status, RunStatus::finished);
  EXPECT_EQ(home.steps_of(id), from_one_to(120));
  const auto again = home.client->resume(id);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message(), HasSubstr("Fork it"));
}

TEST(Runs, AreStoppedNotBrokenWhenTheyAreAskedToStopWhileTheyStart) {
  Home home;
  home.start_agent();
  for (int i = 0; i < 8; ++i) {
    const auto id = home.enqueue(100000, "pace=1");
    ASSERT_TRUE(home.until([&] { return home.run(id).status != RunStatus::queued; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(i / 2));
    ASSERT_TRUE(home.until([&] { return home.client->stop(id).has_value(); }));
    EXPECT_EQ(home.wait(id).status, RunStatus::stopped);
  }
}

TEST(Runs, ForkFromACheckpointOfAnother) {
  Home home;
  home.start_agent();
  const auto parent = home.enqueue(50);
  EXPECT_EQ(home.wait(parent).status, RunStatus::finished);
  const auto nowhere = home.client->enqueue({Home::recipe(60, "pace=1"), parent, 33});
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message(), HasSubstr("no whole checkpoint"));
  const auto child = value_or_throw(home.client->enqueue({Home::recipe(60, "pace=1"), parent, 40}));
  EXPECT_EQ(home.wait(child).status, RunStatus::finished);
  EXPECT_EQ(home.run(child).parent, parent);
  EXPECT_EQ(home.run(child).fork_step, 40);
  EXPECT_EQ(home.steps_of(child).front(), 41);
  EXPECT_EQ(home.steps_of(child).size(), 20U);
}

TEST(Runs, AreRefusedAsForksOfAModelOfAnotherShapeBeforeAnythingIsMade) {
  Home home;
  home.start_agent();
  const auto parent = home.enqueue(50, "pace=1");
  EXPECT_EQ(home.wait(parent).status, RunStatus::finished);
  const std::string wider = Home::recipe(60, "pace=1") + "[model]\ntext_width = 256\nembedding_dim = 64\n";
  const auto refused = home.client->enqueue({wider, parent, 40});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(refused.error().cause, HasSubstr("model.text_width: must be 128"));
  EXPECT_THAT(refused.error().cause, HasSubstr("model.embedding_dim: must be 128"));
  EXPECT_FALSE(refused.error().remedy.empty());
  EXPECT_EQ(value_or_throw(home.client->list()).size(), 1U);
  int folders = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(home.path / "runs")) ++folders;
  EXPECT_EQ(folders, 1);
}

TEST(Runs, DoNotBeginAgainWhenTheirFolderIsGone) {
  Home home;
  home.start_agent();
  const auto run = home.enqueue(100000);
  ASSERT_TRUE(home.until_step(run, 30));
  value_or_throw(home.client->stop(run));
  EXPECT_EQ(home.wait(run).status, RunStatus::stopped);
  std::filesystem::remove_all(home.run(run).directory);
  const auto refused = home.client->resume(run);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(refused.error().cause, HasSubstr("is gone"));
  EXPECT_FALSE(refused.error().remedy.empty());
  EXPECT_EQ(home.run(run).status, RunStatus::stopped);
}

TEST(Runs, AreNotCalledGoneWhileTheirFolderCannotBeRead) {
  Home home;
  home.start_agent();
  const auto run = home.enqueue(100000);
  ASSERT_TRUE(home.until_step(run, 30));
  value_or_throw(home.client->stop(run));
  EXPECT_EQ(home.wait(run).status, RunStatus::stopped);
  const std::filesystem::path folder = home.run(run).directory;
  std::filesystem::rename(folder, home.root / "kept");
  std::filesystem::create_symlink(folder, folder);
  std::optional<Error> error;  // its process may take a moment to be collected
  ASSERT_TRUE(Home::until([&] {
    const auto refused = home.client->resume(run);
    if (!refused) error = refused.error();
    return refused || error->cause.find("not quite ended") == std::string::npos;
  }));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::io);
  EXPECT_THAT(error->cause, HasSubstr("Too many levels of symbolic links"));
  EXPECT_THAT(error->cause, testing::Not(HasSubstr("gone")));
  EXPECT_EQ(home.run(run).status, RunStatus::stopped);
  std::filesystem::remove(folder);
}

TEST(Runs, AreRefusedAsForksOfARunWhoseRecipeIsDamaged) {
  Home home;
  home.start_agent();
  const auto parent = home.enqueue(50, "pace=1");
  EXPECT_EQ(home.wait(parent).status, RunStatus::finished);
  const auto file = std::filesystem::path(home.run(parent).directory) / "recipe.toml";
  std::ofstream(file, std::ios::app) << "[model]\ntext_width = \"wide\"\n";
  const auto refused = home.client->enqueue({Home::recipe(60, "pace=1"), parent, 40});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(refused.error().cause, HasSubstr(file.string()));
  EXPECT_THAT(refused.error().cause, HasSubstr("model.text_width"));
  EXPECT_EQ(value_or_throw(home.client->list()).size(), 1U);
}

TEST(Runs, AreRefusedWithEveryFaultOfTheirRecipe) {
  Home home;
  home.start_agent();
  const auto refused = home.client->enqueue({"[train]\nsteps = \"many\"\nlearning_rat = 1\n", 0, 0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(refused.error().message(), HasSubstr("train.steps"));
  EXPECT_THAT(refused.error().message(), HasSubstr("train.learning_rate"));
  EXPECT_TRUE(value_or_throw(home.client->list()).empty());
}

TEST(Runs, FailWithTheLastWordsOfAProcessThatCouldNotWriteItsJournal) {
  Home home;
  home.start_agent();
  const auto failed = home.wait(home.enqueue(20, "pace=1 end=exit1"));
  EXPECT_EQ(failed.status, RunStatus::failed);
  EXPECT_EQ(failed.cause, "Could not write the checkpoint: no space left on device");
  const auto silent = home.wait(home.enqueue(20, "pace=1 end=silent"));
  EXPECT_EQ(silent.status, RunStatus::failed);
  EXPECT_THAT(silent.cause, HasSubstr("status 1"));
}

TEST(Runs, AreBrokenWithTheirCauseWhenTheirProcessIsKilledAndThenGoOn) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(60, "pace=1 end=crash");
  const auto broken = home.wait(id);
  EXPECT_EQ(broken.status, RunStatus::broken);
  EXPECT_THAT(broken.cause, HasSubstr("killed, or out of memory"));
  EXPECT_EQ(home.steps_of(id), from_one_to(30));
  ASSERT_TRUE(home.until([&] { return home.client->resume(id).has_value(); }));
  EXPECT_EQ(home.wait(id).status, RunStatus::finished);
  EXPECT_EQ(home.steps_of(id), from_one_to(60));
}

TEST(Runs, OfSeveralRanksGoOnWhileOneOfThemIsReplaced) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(200, "pace=4 end=ranks");
  const auto next = home.enqueue(10);
  ASSERT_TRUE(home.until_step(id, 30));
  const auto first = home.rank_of(id);
  home.kill_rank(id);
  ASSERT_TRUE(home.until([&] { return home.rank_of(id) > 0 && home.rank_of(id) != first; }));
  ASSERT_TRUE(home.until_step(id, 60));
  EXPECT_EQ(home.run(id).status, RunStatus::running);
  EXPECT_EQ(home.run(next).status, RunStatus::queued);  // and nothing began beside it
  EXPECT_EQ(home.wait(id).status, RunStatus::finished);
  EXPECT_EQ(home.steps_of(id), from_one_to(200));
  EXPECT_EQ(home.wait(next).status, RunStatus::finished);
}

TEST(Runs, OfSeveralRanksStopAsAWhole) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(100000, "pace=4 end=ranks");
  ASSERT_TRUE(home.until_step(id, 30));
  const auto rank = home.rank_of(id);
  value_or_throw(home.client->stop(id));
  EXPECT_EQ(home.wait(id).status, RunStatus::stopped);
  EXPECT_NE(::kill(rank, 0), 0);
}

TEST(Runs, AreAskedToSufferFaultsOnlyWhileTheyGoOn) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(100000, "pace=4");
  ASSERT_TRUE(home.until_step(id, 5));
  EXPECT_EQ(home.call({"inject", std::to_string(id), "kill: rank=1"}).status, 0);
  std::ifstream wish(std::filesystem::path(home.run(id).directory) / "inject");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(wish), {}), "kill: rank=1");
  value_or_throw(home.client->stop(id));
  EXPECT_EQ(home.wait(id).status, RunStatus::stopped);
  EXPECT_FALSE(home.client->inject(id, "kill"));
}

TEST(Runs, FailWithTheRemedyWhenTheProgramIsMissing) {
  Home home;
  std::filesystem::remove(home.root / "bin/athanor-run");
  home.start_agent();
  const auto failed = home.wait(home.enqueue(20));
  EXPECT_EQ(failed.status, RunStatus::failed);
  EXPECT_THAT(failed.cause, HasSubstr("athanor-run"));
}

TEST(Runs, SurviveTheAgentAndAreTakenUpByTheNext) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(150, "pace=4");
  const auto next = home.enqueue(10);
  ASSERT_TRUE(home.until_step(id, 20));
  home.kill_agent();
  const auto before = home.acknowledged(id);
  ASSERT_TRUE(home.until([&] { return home.acknowledged(id) > before + 5; }));  // it goes on meanwhile
  home.start_agent();
  EXPECT_EQ(home.wait(id).status, RunStatus::finished);
  EXPECT_EQ(home.wait(next).status, RunStatus::finished);
  EXPECT_EQ(home.steps_of(id), from_one_to(150));
}

TEST(Runs, CanBeStoppedByAnAgentThatDidNotStartThem) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(1000, "pace=4");
  ASSERT_TRUE(home.until_step(id, 5));
  home.kill_agent();
  home.start_agent();
  ASSERT_TRUE(home.until([&] { return home.client->stop(id).has_value(); }));
  EXPECT_EQ(home.wait(id).status, RunStatus::stopped);
}

TEST(Runs, AreBrokenWhenTheyDiedWhileNoAgentWasThere) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(1000, "pace=3");
  ASSERT_TRUE(home.until_step(id, 20));
  home.kill_agent();
  home.kill_rank(id);
  const auto acknowledged = home.acknowledged(id);
  home.start_agent();
  const auto broken = home.wait(id);
  EXPECT_EQ(broken.status, RunStatus::broken);
  EXPECT_THAT(broken.cause, HasSubstr("without a word"));
  EXPECT_GE(static_cast<std::int64_t>(home.steps_of(id).size()), acknowledged);
  EXPECT_EQ(home.steps_of(id), from_one_to(static_cast<std::int64_t>(home.steps_of(id).size())));
}

TEST(Runs, ThatWereKilledHaveOneCauseWhoeverFindsThem) {
  Home home;
  home.start_agent();
  std::vector<store::RunId> ids;
  for (const bool is_seen : {true, false}) {
    const auto id = ids.emplace_back(home.enqueue(1000, "pace=3"));
    ASSERT_TRUE(home.until_step(id, 20));
    if (!is_seen) home.kill_agent();
    home.kill_rank(id);
    if (!is_seen) home.start_agent();
    ASSERT_EQ(home.wait(id).status, RunStatus::broken);
  }
  const std::string cause = home.run(ids[0]).cause;
  EXPECT_THAT(cause, testing::StartsWith("its process ended without a word: killed, or out of memory"));
  EXPECT_EQ(home.run(ids[1]).cause, cause);
  home.kill_agent();
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(home.path / (std::string("history.db") + suffix));
  ASSERT_EQ(home.call({"rebuild"}).status, 0);
  home.start_agent();
  const auto listed = home.call({"list"});
  for (const store::RunId id : ids) {
    EXPECT_EQ(home.run(id).cause, cause);
    EXPECT_THAT(home.call({"show", std::to_string(id)}).text, HasSubstr("cause      " + cause + "\n"));
    EXPECT_THAT(listed.text, HasSubstr(cause.substr(0, 58)));
    EXPECT_THAT(listed.text, testing::Not(HasSubstr("damaged")));
  }
}

TEST(Runs, StartedByHandAreFoundAndFollowed) {
  Home home;
  home.start_agent();
  const auto directory = home.path / "runs/by-hand";
  std::ofstream(home.root / "recipe.toml") << Home::recipe(80, "pace=3", "A name");
  const pid_t rank = home.spawn(
      "athanor-run", {"train", (home.root / "recipe.toml").string(), "--run-dir", directory.string()}, home.root / "o");
  ASSERT_TRUE(home.until([&] { return value_or_throw(home.client->list()).size() == 1; }));
  EXPECT_TRUE(home.until([&] { return home.run(1).name == "A name"; }));
  const auto run = home.run(1);
  EXPECT_EQ(run.steps, 80);
  EXPECT_THAT(run.recipe_toml, testing::StartsWith("# resolved"));
  ASSERT_TRUE(home.until_step(run.id, 5));
  value_or_throw(home.client->stop(run.id));
  EXPECT_EQ(home.wait(run.id).status, RunStatus::stopped);
  ::waitpid(rank, nullptr, 0);

  home.kill_agent();
  EXPECT_EQ(home.call({"train", "--run-dir", directory.string(), "--resume"}, "athanor-run").status,
            0);  // behind the agent's back
  home.start_agent();
  ASSERT_TRUE(home.until([&] { return home.run(run.id).status == RunStatus::finished; }));
  EXPECT_EQ(home.steps_of(run.id), from_one_to(80));
}

TEST(Runs, ForkedByHandKnowTheirParentAlsoAfterARebuild) {
  Home home;
  home.start_agent();
  const auto parent = home.enqueue(45, "pace=1");
  EXPECT_EQ(home.wait(parent).status, RunStatus::finished);
  const auto directory = home.path / "runs/by-hand";
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "provenance.json")
      << nlohmann::json{{"from", {{"run", home.run(parent).directory}, {"step", 40}}}};
  std::ofstream(home.root / "recipe.toml") << Home::recipe(60, "pace=1");
  home.spawn("athanor-run", {"train", (home.root / "recipe.toml").string(), "--run-dir", directory.string()},
             home.root / "o");
  ASSERT_TRUE(home.until([&] { return value_or_throw(home.client->list()).size() == 2; }));
  const auto child = parent + 1;
  EXPECT_EQ(home.wait(child).status, RunStatus::finished);
  EXPECT_EQ(home.run(child).parent, parent);
  EXPECT_EQ(home.run(child).fork_step, 40);

  value_or_throw(home.client->shut_down_agent());
  ::waitpid(home.agent_pid, nullptr, 0);
  home.agent_pid = 0;
  std::filesystem::remove(home.path / "history.db");
  EXPECT_EQ(home.call({"rebuild"}).status, 0);
  EXPECT_EQ(home.run(child).parent, parent);
  EXPECT_EQ(home.run(child).fork_step, 40);
}

TEST(Runs, StartedByHandAndKilledAreBroken) {
  Home home;
  home.start_agent();
  const auto directory = home.path / "runs/by-hand";
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "recipe.toml") << Home::recipe(10000, "pace=3", "by-hand");
  const pid_t rank = home.spawn(
      "athanor-run", {"train", (directory / "recipe.toml").string(), "--run-dir", directory.string()}, home.root / "o");
  ASSERT_TRUE(home.until([&] { return value_or_throw(home.client->list()).size() == 1; }));
  ASSERT_TRUE(home.until_step(1, 5));
  ::kill(rank, SIGKILL);
  EXPECT_EQ(home.wait(1).status, RunStatus::broken);
  ::waitpid(rank, nullptr, 0);
}

TEST(Runs, CanBeResumedAsSoonAsTheyWereWaitedFor) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(1000, "pace=2 end=lingers");
  ASSERT_TRUE(home.until_step(id, 5));
  value_or_throw(home.client->stop(id));
  EXPECT_EQ(home.wait(id).status, RunStatus::stopped);
  const auto resumed = home.client->resume(id);
  EXPECT_TRUE(resumed) << resumed.error().message();
}

TEST(Runs, KeepTheNameThatAPersonGaveThem) {
  Home home;
  home.start_agent();
  const auto id = value_or_throw(home.client->enqueue({Home::recipe(10, "pace=1", "Füchse: Window run"), 0, 0}));
  const auto run = home.wait(id);
  EXPECT_EQ(run.status, RunStatus::finished);
  EXPECT_EQ(run.name, "Füchse: Window run");
  EXPECT_EQ(run.directory, (home.path / "runs/F-chse-Window-run-1").string());
}

TEST(Runs, DoNotBeginFromNothingWhenTheRunToForkIsGone) {
  Home home;
  home.start_agent();
  const auto parent = home.enqueue(50, "pace=1");
  EXPECT_EQ(home.wait(parent).status, RunStatus::finished);
  const auto before = home.enqueue(100000);
  const auto child = value_or_throw(home.client->enqueue({Home::recipe(60, "pace=1"), parent, 40}));
  {
    SQLite::Database history((home.path / "history.db").string(), SQLite::OPEN_READWRITE, 5000);
    history.exec("DELETE FROM run WHERE id = " + std::to_string(parent));
  }
  ASSERT_TRUE(home.until_step(before, 1));
  value_or_throw(home.client->stop(before));
  const auto failed = home.wait(child);
  EXPECT_EQ(failed.status, RunStatus::failed);
  EXPECT_THAT(failed.cause, HasSubstr("fork run 1 at step 40: the history has no such run"));
  EXPECT_TRUE(home.steps_of(child).empty());
}

}  // namespace
}  // namespace athanor::agent
