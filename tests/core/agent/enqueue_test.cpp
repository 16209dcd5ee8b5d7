// What athanor-agent refuses to queue before it starts an agent.
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace athanor::agent {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(Enqueue, RefusesToQueueWhatIsNoFileBeforeAnAgentIsStarted) {
  Home home("home", ATH_BINARY_DIR "/bin/athanor-run");
  const auto folder = home.root / "run";
  fs::create_directories(folder);
  std::ofstream(folder / "recipe.toml") << "[train]\nsteps = 5\nwarmup_steps = 0\n";
  for (const std::string& wrong : {folder.string(), std::string("-"), (home.root / "none.toml").string()}) {
    const auto refused = home.call({"enqueue", wrong});
    EXPECT_EQ(refused.status, 2) << wrong;
    EXPECT_THAT(refused.text, HasSubstr("queue " + wrong));
    const auto as_json = home.call({"enqueue", wrong, "--json"}, "athanor-agent", Home::Streams::only_stdout);
    EXPECT_EQ(nlohmann::json::parse(as_json.text).at("error").at("kind"), "invalid_input") << wrong;
  }
  EXPECT_FALSE(Client::connect(home.path, false));
}

TEST(Enqueue, TakesValuesInPlaceOfThoseInTheFile) {
  Home home;
  home.start_agent();
  const auto file = (home.root / "recipe.toml").string();
  std::ofstream(file) << Home::recipe(5, "pace=1");
  const auto queued = home.call({"enqueue", file, "--set", "train.steps=9", "--set", "run.name=other"});
  ASSERT_EQ(queued.status, 0) << queued.text;
  const store::Run run = home.wait(1);
  EXPECT_EQ(run.steps, 9);
  EXPECT_EQ(run.name, "other");
  EXPECT_EQ(home.run(1).step, 9);
}

TEST(Enqueue, TakesAStepOfARunToForkItThere) {
  Home home;
  home.start_agent();
  const auto parent = home.enqueue(20, "pace=1");
  const store::Run first = home.wait(parent);
  std::int64_t step = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(first.directory) / "checkpoints"))
    step = std::stoll(entry.path().filename().string().substr(std::string("step-").size()));
  ASSERT_GT(step, 0);
  const auto file = (home.root / "recipe.toml").string();
  std::ofstream(file) << Home::recipe(30, "pace=1");
  const auto queued = home.call({"enqueue", file, "--fork", std::to_string(step), "--from", first.directory + "/"});
  ASSERT_EQ(queued.status, 0) << queued.text;
  const store::Run fork = home.wait(parent + 1);
  EXPECT_EQ(fork.parent, parent);
  EXPECT_EQ(fork.fork_step, step);
  EXPECT_EQ(home.call({"enqueue", file, "--fork", "10"}).status, 2) << "of which run?";
}

TEST(Enqueue, HasItsValuesAndItsForkJudgedBeforeAnAgentIsStarted) {
  Home home("home", ATH_BINARY_DIR "/bin/athanor-run");
  const auto file = (home.root / "recipe.toml").string();
  std::ofstream(file) << "[train]\nsteps = 5\nwarmup_steps = 0\n";
  const auto refused =
      home.call({"enqueue", file, "--set", "train.stepz=7", "--set", "train.steps=0", "--fork", "3", "--from", "12"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.text, HasSubstr(file + ": train.stepz: unknown key"));
  EXPECT_THAT(refused.text, HasSubstr(file + ": train.steps: must be between"));
  EXPECT_THAT(refused.text, HasSubstr("find the run 12"));
  EXPECT_FALSE(Client::connect(home.path, false));
}

TEST(Enqueue, SaysHowTheProgramItCalledEndedWhenThatGaveNoAnswer) {
  Home home;
  const auto file = (home.root / "recipe.toml").string();
  std::ofstream(file) << Home::recipe(5, "pace=1");
  std::ofstream(home.root / "bin/athanor-run") << "#!/bin/sh\nkill -KILL $$\n";
  const auto killed = home.call({"enqueue", file});
  EXPECT_NE(killed.status, 0);
  EXPECT_THAT(killed.text, HasSubstr("ignal 9 ended it"));
  const auto as_json = home.call({"enqueue", file, "--json"}, "athanor-agent", Home::Streams::only_stdout);
  EXPECT_EQ(nlohmann::json::parse(as_json.text).at("error").at("kind"), "unavailable");
  std::ofstream(home.root / "bin/athanor-run") << "#!/bin/sh\nexit 1\n";
  const auto silent = home.call({"enqueue", file, "--json"}, "athanor-agent", Home::Streams::only_stdout);
  EXPECT_THAT(nlohmann::json::parse(silent.text).at("error").at("cause"), HasSubstr("without a word"));
  const auto ignoring = home.root / "bin/ignoring";
  std::ofstream(ignoring) << "#!/bin/sh\nexec env --ignore-signal=CHLD \"${0%/*}/athanor-agent\" \"$@\"\n";
  fs::permissions(ignoring, fs::perms::owner_all);
  const auto unknown = home.call({"enqueue", file}, "ignoring");
  EXPECT_NE(unknown.status, 0);
  EXPECT_THAT(unknown.text, HasSubstr("SIGCHLD"));
  EXPECT_FALSE(Client::connect(home.path, false));
}

}  // namespace
}  // namespace athanor::agent
