// Where a run comes from: kept through every session, and held against what it goes on with.
#include "core/base/files.h"
#include "core/checkpoint/checkpoint.h"
#include "core/data/writer.h"
#include "core/store/writer.h"
#include "tests/core/runner/run_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <signal.h>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

Outcome resume(const fs::path& run) { return run_program({"train", "--run-dir", run.string(), "--resume"}); }

// A run that was asked to stop, with a checkpoint of where it was.
void train_and_stop(const fs::path& run, const std::vector<std::string>& more = {}) {
  Launch launch;
  launch.arguments = train_arguments(run, more);
  launch.arguments.insert(launch.arguments.end(), {"--set", "train.steps=2000"});
  launch.meanwhile = [&](int pid) {
    EXPECT_TRUE(wait_for_step(run, 12));
    ::kill(pid, SIGTERM);
  };
  EXPECT_EQ(launch_program(launch).status, 130);
}

class Origin : public testing::Test {
 protected:
  void SetUp() override { ATH_NEEDS_DATA(); }
  TemporaryFolder folder_;
};

TEST_F(Origin, AForkThatDiedBeforeItKeptItsBeginningInheritsAgain) {
  const fs::path parent = folder_ / "parent";
  ASSERT_EQ(run_program(train_arguments(parent)).status, 0);
  const fs::path fork = folder_ / "fork";
  ASSERT_EQ(run_program({"train", parent / "recipe.toml", "--run-dir", fork.string(), "--fork", "20"}).status, 0);
  // As death would have left it between noting where it comes from and saving what it inherited.
  fs::remove_all(fork / "checkpoints");
  fs::remove(fork / "journal-0.athj");

  const Outcome outcome = resume(fork);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto recovery = events_of_kind<journal::Recovery>(fork);
  ASSERT_EQ(recovery.size(), 1U);
  EXPECT_EQ(recovery[0].step, 20);
  EXPECT_EQ(recovery[0].from, "fork of parent at step 20");
  EXPECT_EQ(read_run(fork).metrics.at("train/loss").begin()->first, 21);
}

TEST_F(Origin, AForkThatNotedNothingYetIsToldByItsTicket) {
  const fs::path parent = folder_ / "parent";
  ASSERT_EQ(run_program(train_arguments(parent)).status, 0);
  Launch launch;
  launch.home = empty_home(folder_);
  fs::create_directory_symlink(shared_home() / "datasets", launch.home / "datasets");
  store::RunId number = 0;
  {
    const auto history = value_or_throw(store::Writer::open(launch.home / "history.db"));
    store::NewRun wanted;
    wanted.name = "parent";
    wanted.directory = parent;
    number = value_or_throw(history->add_run(wanted)).run;
  }
  // What the agent leaves before it starts the run's process; also when what the run noted itself is not whole.
  const std::vector<json> noted = {nullptr, {{"run", parent.string()}}, {{"run", ""}, {"step", 20}}};
  for (std::size_t i = 0; i < noted.size(); ++i) {
    const fs::path fork = folder_ / ("fork-" + std::to_string(i));
    fs::create_directory(fork);
    fs::copy_file(parent / "recipe.toml", fork / "recipe.toml");
    if (!noted[i].is_null()) {
      const json document = {{"data", json::object()}, {"from", noted[i]}};
      ASSERT_TRUE(write_file_flushed(fork / "provenance.json", document.dump()));
      launch.arguments = {"train", "--run-dir", fork.string(), "--resume"};
      const Outcome unknown = launch_program(launch);
      EXPECT_EQ(unknown.status, 4);
      EXPECT_THAT(unknown.err, HasSubstr("does not name the run and the step"));
    }
    ASSERT_TRUE(write_file_flushed(fork / "ticket.json", json{{"parent", number}, {"fork_step", 20}}.dump()));
    launch.arguments = {"train", "--run-dir", fork.string(), "--resume"};
    const Outcome outcome = launch_program(launch);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(events_of_kind<journal::Recovery>(fork).at(0).from, "fork of parent at step 20");
    EXPECT_EQ(read_run(fork).metrics.at("train/loss").begin()->first, 21);
  }
}

TEST_F(Origin, ResumingKeepsTheBeginningAndAddsASession) {
  const fs::path parent = folder_ / "parent";
  ASSERT_EQ(run_program(train_arguments(parent)).status, 0);
  const fs::path fork = folder_ / "fork";
  train_and_stop(fork, {"--fork", "10", "--from", parent.string() + "/"});  // as a shell completes it
  const json before = json::parse(bytes_of(fork / "provenance.json"));
  const auto last = checkpoint::steps(fork / "checkpoints").back();
  Launch launch;
  launch.arguments = {"train", "--run-dir", fork.string(), "--resume"};
  launch.meanwhile = [&](int pid) {
    EXPECT_TRUE(wait_for_step(fork, last + 5));
    ::kill(pid, SIGTERM);
  };
  ASSERT_EQ(launch_program(launch).status, 130);

  const json after = json::parse(bytes_of(fork / "provenance.json"));
  for (const char* kept : {"from", "begun", "program", "host", "data", "recipe"}) {
    EXPECT_EQ(after[kept], before[kept]) << kept;
  }
  EXPECT_EQ(after["from"]["run"], "../parent");
  ASSERT_EQ(after["sessions"].size(), 2U);
  EXPECT_EQ(after["sessions"][0], before["sessions"][0]);
  EXPECT_EQ(after["sessions"][1]["step"], last);
  for (const char* noted : {"commit", "begun", "host", "from"}) EXPECT_TRUE(after["sessions"][1].contains(noted));
}

TEST_F(Origin, ADamagedProvenanceIsRefusedAndKept) {
  const fs::path run = folder_ / "run";
  train_and_stop(run);
  ASSERT_TRUE(write_file_flushed(run / "provenance.json", "{\"data\":"));
  const Outcome outcome = resume(run);
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.err, HasSubstr("provenance.json"));
  EXPECT_EQ(bytes_of(run / "provenance.json"), "{\"data\":");
}

// The data set in `folder` again, whole and sound, with one picture drawn otherwise.
data::DatasetCard redraw_a_picture(const fs::path& folder) {
  data::NewDataset content;
  {
    const data::Dataset before = value_or_throw(data::Dataset::open(folder));
    content.card = before.card();
    content.concepts = before.concepts();
    for (std::size_t i = 0; i < before.pictures().size(); ++i) {
      const data::Picture& picture = before.pictures()[i];
      content.pictures.push_back({picture.style, picture.concept_id, value_or_throw(before.decode(i))});
    }
    for (const auto& file : fs::directory_iterator(folder / "licences")) {
      content.licences[file.path().filename().string()] = bytes_of(file.path());
    }
  }
  std::ranges::fill(content.pictures.front().image.rgba, std::uint8_t{255});
  fs::remove_all(folder);
  return value_or_throw(data::write_dataset(std::move(content), folder));
}

TEST_F(Origin, ARedrawnPictureIsRefusedByResumeAndEval) {
  fs::create_directories(folder_ / "home/datasets");
  const fs::path data = folder_ / "home/datasets/emoji";
  fs::copy(shared_home() / "datasets" / "emoji", data, fs::copy_options::recursive);
  const fs::path run = folder_ / "run";
  train_and_stop(run);

  const data::DatasetCard card = redraw_a_picture(data);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"train", "--run-dir", run.string(), "--resume"}, {"eval", run.string()}}) {
    const std::string before = bytes_of(run / "journal-0.athj");
    Launch launch;
    launch.home = folder_ / "home";
    launch.arguments = command;
    const Outcome outcome = launch_program(launch);
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("the data set emoji has changed since"));
    EXPECT_THAT(outcome.err, HasSubstr("is " + card.digest.substr(0, 12)));
    EXPECT_EQ(bytes_of(run / "journal-0.athj"), before);
  }
}

TEST_F(Origin, ChangedDataIsRefusedByResumeAndEval) {
  fs::create_directory(folder_ / "home");
  fs::create_directory(folder_ / "home/datasets");
  const fs::path data = folder_ / "home/datasets/emoji";
  fs::copy(shared_home() / "datasets" / "emoji", data, fs::copy_options::recursive);
  const fs::path run = folder_ / "run";
  train_and_stop(run);

  // The same pictures, prepared otherwise: another identity.
  json card = json::parse(bytes_of(data / "card.json"));
  card["digest"] = std::string(64, 'a');
  ASSERT_TRUE(write_file_flushed(data / "card.json", card.dump()));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"train", "--run-dir", run.string(), "--resume"}, {"eval", run.string()}}) {
    const std::string before = bytes_of(run / "journal-0.athj");
    Launch launch;
    launch.home = folder_ / "home";
    launch.arguments = command;
    const Outcome outcome = launch_program(launch);
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("the data set emoji has changed since"));
    EXPECT_THAT(outcome.err, HasSubstr("aaaaaaaaaaaa"));
    EXPECT_EQ(bytes_of(run / "journal-0.athj"), before);
  }
}

TEST_F(Origin, ARecipeThatWasEditedByHandIsRefusedByName) {
  const fs::path run = folder_ / "run";
  train_and_stop(run);
  std::string text = bytes_of(run / "recipe.toml");
  const auto at = text.find("weight_decay = ");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, text.find('\n', at) - at, "weight_decay = 0.125");
  ASSERT_TRUE(write_file_flushed(run / "recipe.toml", text));
  for (const Outcome& outcome : {resume(run), run_program({"eval", run.string()})}) {
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("train.weight_decay"));
  }
}

TEST_F(Origin, ARunThatIsStillRunningIsBusy) {
  const fs::path run = folder_ / "run";
  Launch launch;
  launch.arguments = train_arguments(run, {"--set", "train.steps=100000"});
  launch.meanwhile = [&](int pid) {
    EXPECT_TRUE(wait_for_step(run, 3));
    const Outcome outcome = resume(run);
    EXPECT_EQ(outcome.status, 3);
    EXPECT_THAT(outcome.err, HasSubstr("it is still running"));
    ::kill(pid, SIGTERM);
  };
  EXPECT_EQ(launch_program(launch).status, 130);
}

}  // namespace
}  // namespace athanor::runner
