// What the commands say when something is wrong: positions, remedies, statuses, and one JSON object.
#include "core/base/files.h"
#include "core/recipe/recipe.h"
#include "core/store/reader.h"
#include "core/store/writer.h"
#include "tests/core/runner/run_program.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <signal.h>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing_support::TemporaryFolder;

Outcome in_home(const fs::path& home, std::vector<std::string> arguments) {
  Launch launch;
  launch.home = home;
  launch.arguments = std::move(arguments);
  return launch_program(launch);
}

void flip(const fs::path& file, std::streamoff offset) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(offset);
  const char byte = static_cast<char>(stream.get() ^ 0x20);
  stream.seekp(offset);
  stream.put(byte);
  ASSERT_TRUE(stream.good());
}

class Answers : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!has_data()) return;
    kept_ = new TemporaryFolder;
    EXPECT_EQ(run_program(train_arguments(kept_->path() / "run")).status, 0);
  }
  static void TearDownTestSuite() { delete kept_; }
  void SetUp() override {
    ATH_NEEDS_DATA();
    fs::copy(kept_->path() / "run", run_, fs::copy_options::recursive);
  }
  [[nodiscard]] Outcome show(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"show", run_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }

  TemporaryFolder folder_;
  const fs::path run_ = folder_.path() / "run";
  const fs::path journal_ = run_ / "journal-0.athj";

 private:
  static inline TemporaryFolder* kept_ = nullptr;
};

TEST_F(Answers, ShowSaysWhereAJournalIsDamaged) {
  flip(journal_, static_cast<std::streamoff>(fs::file_size(journal_) / 2));
  const Outcome outcome = show({"--json"});
  EXPECT_EQ(outcome.status, 4);
  const json damage = json::parse(outcome.out).at("damage");
  ASSERT_EQ(damage.size(), 1U);
  EXPECT_LE(damage[0]["offset"].get<std::uint64_t>(), fs::file_size(journal_) / 2);
  EXPECT_GT(damage[0]["bytes"], 0);
  EXPECT_THAT(outcome.err, HasSubstr("damaged at byte " + damage[0]["offset"].dump()));
  EXPECT_EQ(show({"--metric", "train/loss"}).status, 4);
  EXPECT_EQ(show({"--events"}).status, 4);
}

TEST_F(Answers, ShowSaysThatATornJournalEndsTorn) {
  fs::resize_file(journal_, fs::file_size(journal_) - 7);
  const Outcome outcome = show();
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.err, HasSubstr("The journal ends torn at byte "));
}

TEST_F(Answers, ShowSaysThatARunDiedWithoutAWord) {
  const fs::path died = folder_.path() / "died";
  Launch launch;
  launch.arguments = train_arguments(died, {"--set", "train.steps=100000"});
  launch.meanwhile = [&](int pid) {
    EXPECT_TRUE(wait_for_step(died, 3));
    const json live = json::parse(run_program({"show", died.string(), "--json"}).out);
    EXPECT_EQ(live["live"], true);
    ::kill(pid, SIGKILL);
  };
  EXPECT_EQ(launch_program(launch).status, 128 + SIGKILL);
  const Outcome text = run_program({"show", died.string()});
  EXPECT_EQ(text.status, 0);
  EXPECT_THAT(text.out, HasSubstr("it ended without a word"));
  EXPECT_EQ(json::parse(run_program({"show", died.string(), "--json"}).out)["live"], false);
}

TEST_F(Answers, ShowListsOnlyCheckpointsThatAreStillThere) {
  const fs::path pruned = folder_.path() / "pruned";
  ASSERT_EQ(run_program(train_arguments(pruned, {"--set", "checkpoint.keep=2"})).status, 0);
  const json listed = json::parse(run_program({"show", pruned.string(), "--json"}).out).at("checkpoints");
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0]["step"], 20);
  EXPECT_EQ(listed[1]["step"], 30);
  EXPECT_GT(listed[1]["bytes"], 0);
  EXPECT_THAT(run_program({"show", pruned.string()}).out, HasSubstr("\nsaved    20, 30\n"));
}

TEST_F(Answers, ShowOfADeletedJournalNamesARemedy) {
  fs::remove(journal_);
  const Outcome outcome = show();
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.err, HasSubstr("journal-0.athj is gone"));
  EXPECT_THAT(outcome.err, HasSubstr("Restore it from a copy"));
}

TEST_F(Answers, AResultThatCannotBeWrittenIsAnError) {
  for (const char* more : {"", "--json"}) {
    Launch launch;
    launch.arguments = {"show", run_.string()};
    if (*more != '\0') launch.arguments.emplace_back(more);
    launch.output = "/dev/full";
    const Outcome outcome = launch_program(launch);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.err, HasSubstr("Could not write the result"));
  }
}

TEST_F(Answers, TheFieldsAreAnObjectWhereJsonIsAskedFor) {
  const Outcome outcome = run_program({"show", "--fields", "--json"});
  EXPECT_EQ(outcome.status, 0);
  const json fields = json::parse(outcome.out).at("fields");
  EXPECT_EQ(fields.size(), recipe::fields().size());
  const auto steps = std::ranges::find(fields, "train.steps", [](const json& field) { return field.at("path"); });
  ASSERT_NE(steps, fields.end());
  EXPECT_EQ(steps->at("type"), "integer");
  EXPECT_EQ(steps->at("default"), 400);
  EXPECT_EQ(steps->at("minimum"), 1);
}

TEST_F(Answers, CheckSaysWhatPlanWouldRefuse) {
  EXPECT_EQ(run_program({"check", (run_ / "recipe.toml").string(), "--json"}).status, 0);
  const std::vector<std::string> wrong = {(run_ / "recipe.toml").string(), "--set", "data.dataset=unheard", "--json"};
  std::vector<std::string> check = {"check"}, plan = {"plan"};
  check.insert(check.end(), wrong.begin(), wrong.end());
  plan.insert(plan.end(), wrong.begin(), wrong.end());
  const Outcome refused = run_program(check);
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.out, run_program(plan).out);
}

TEST_F(Answers, AWarmupThatIsTooLongForAnOverrideComesWithItsCure) {
  const Outcome outcome = run_program({"plan", (run_ / "recipe.toml").string(), "--set", "train.steps=4"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("train.warmup_steps: must be less than train.steps (4)"));
  EXPECT_THAT(outcome.err, HasSubstr("--set train.warmup_steps=0 would do"));
}

TEST_F(Answers, AFolderThatIsNoRunIsCalledThat) {
  const Outcome outcome = run_program({"plan", folder_.path().string()});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("this folder is no run: it holds no recipe.toml"));
}

TEST_F(Answers, ThePlanShowsNoShareOfMemoryAsZero) {
  const Outcome outcome = run_program({"plan", (run_ / "recipe.toml").string()});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr(" KiB\n"));
  EXPECT_THAT(outcome.out, Not(HasSubstr(" 0.0 ")));
}

TEST_F(Answers, TheLogSaysOfAPlanWhatItsFiguresSay) {
  const auto facts = events_of_kind<journal::PredictionChecked>(run_);
  ASSERT_EQ(facts.size(), 2U);
  const std::string log = bytes_of(run_ / "logs" / "rank-0.log");
  for (const journal::PredictionChecked& fact : facts) {
    const double off = fact.measured_steps_per_second / fact.predicted_steps_per_second - 1;
    EXPECT_THAT(log, HasSubstr(fmt::format("measured {:.2f} ({:+.0f} %)", fact.measured_steps_per_second,
                                           std::round(off * 100) + 0.0)));
  }
}

TEST_F(Answers, HelpThatCannotBeWrittenIsAnError) {
  for (const char* word : {"--help", "--version"}) {
    Launch launch;
    launch.arguments = {word};
    launch.output = "/dev/full";
    EXPECT_EQ(launch_program(launch).status, 1) << word;
    launch.output.clear();
    EXPECT_EQ(launch_program(launch).status, 0) << word;
  }
}

TEST_F(Answers, ARunThatFinishedSaysSoWhenItsResultCannotBeWritten) {
  Launch launch;
  launch.arguments = train_arguments(folder_.path() / "told", {"--json"});
  launch.output = "/dev/full";
  const Outcome outcome = launch_program(launch);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("Could not write the result to standard output"));
  EXPECT_THAT(outcome.err, HasSubstr("is finished after step 30 all the same"));
  EXPECT_EQ(read_run(folder_.path() / "told").state.state, journal::RunState::finished);
}

TEST_F(Answers, ARunIsFoundByItsNumberInTheHistory) {
  const fs::path home = empty_home(folder_);
  fs::create_directory_symlink(shared_home() / "datasets", home / "datasets");
  store::RunId number = 0;
  {
    auto history = value_or_throw(store::Writer::open(home / "history.db"));
    store::NewRun wanted;
    wanted.name = "numbered";
    wanted.directory = run_;
    number = value_or_throw(history->add_run(wanted)).run;
  }
  const std::string text = std::to_string(number);
  const Outcome shown = in_home(home, {"show", text, "--json"});
  ASSERT_EQ(shown.status, 0) << shown.err;
  EXPECT_EQ(json::parse(shown.out)["run"], run_.string());
  EXPECT_EQ(in_home(home, {"eval", text}).status, 0);
  EXPECT_EQ(in_home(home, {"train", "--resume", "--run-dir", text}).status, 0);
  EXPECT_EQ(in_home(home, {"train", "--resume", text}).status, 0);
  EXPECT_EQ(in_home(home, {"check", text}).status, 0);
  const std::string again = folder_ / "again";
  const Outcome trained = in_home(home, {"train", text, "--run-dir", again, "--fork", "20"});
  EXPECT_EQ(trained.status, 0) << trained.err;
  EXPECT_TRUE(fs::exists(again + "/checkpoints/step-30"));
  const Outcome unknown = in_home(home, {"show", "4711"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("athanor-agent list"));
}

TEST_F(Answers, ARecipeMayBeThatOfARunBelowTheHome) {
  const fs::path home = empty_home(folder_);
  fs::create_directory_symlink(shared_home() / "datasets", home / "datasets");
  fs::create_directory(home / "runs");
  fs::copy(run_, home / "runs/smoke-1.5", fs::copy_options::recursive);
  EXPECT_EQ(in_home(home, {"plan", "smoke-1.5"}).status, 0);
  const Outcome unknown = in_home(home, {"plan", "smoke-2"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("there is no such file, and as a run: there is no such folder"));
  EXPECT_THAT(in_home(home, {"plan", "smoke.toml"}).err, HasSubstr("Could not read the recipe smoke.toml"));
}

TEST_F(Answers, AnAbsolutePathThatIsNoRunIsNamedOnce) {
  const std::string nothing = folder_ / "nothing";
  const Outcome outcome = run_program({"show", nothing});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("find the run " + nothing + ": there is no such folder."));
  const Outcome number = in_home(empty_home(folder_), {"show", "7"});
  EXPECT_EQ(number.status, 2);
}

TEST_F(Answers, TrainWithoutARecipeSaysWhatToName) {
  const Outcome outcome = run_program({"train"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("no recipe is named"));
  EXPECT_THAT(outcome.err, HasSubstr("experiments/starter.toml"));
}

TEST_F(Answers, EveryFailureIsOneJsonObject) {
  const std::vector<std::vector<std::string>> commands = {{"train", "--json"},
                                                          {"show", folder_ / "nothing", "--json"},
                                                          {"plan", "/nowhere.toml", "--json"},
                                                          {"plan", "--no-such-option", "--json"},
                                                          {"prepare", "paintings", "--json"},
                                                          {"eval", run_.string(), "--checkpoint", "7", "--json"},
                                                          {"plan", run_.string(), "--set", "train.steps=0", "--json"}};
  for (const auto& command : commands) {
    const Outcome outcome = run_program(command);
    EXPECT_EQ(outcome.status, 2) << command.front();
    const json answer = json::parse(outcome.out, nullptr, false);
    ASSERT_TRUE(answer.is_object()) << outcome.out;
    for (const char* part : {"kind", "intention", "cause", "remedy"}) {
      EXPECT_TRUE(answer["error"].contains(part)) << part;
      EXPECT_FALSE(answer["error"][part].get<std::string>().empty()) << command.front() << " " << part;
    }
  }
}

TEST_F(Answers, ARecipeFromAnotherProgramKeepsItsName) {
  Launch launch;
  launch.arguments = {"plan", "-", "--recipe-name", "bad.toml"};
  launch.input = "[train]\nsteps = 0\n";
  EXPECT_EQ(launch_program(launch).err, "bad.toml:2: train.steps: must be between 1 and 100000000, not 0\n");
}

TEST_F(Answers, AMissingDataSetIsSaidTogetherWithTheOtherFaults) {
  Launch launch;
  launch.arguments = {"plan", "-"};
  launch.input = "[data]\ndataset = \"paintings\"\nbatch_size = 1\n[train]\nsteps = 0\n";
  const Outcome outcome = launch_program(launch);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("recipe:2: data.dataset: "));
  EXPECT_THAT(outcome.err, HasSubstr("set data.dataset to emoji"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("prepare paintings")));
  EXPECT_THAT(outcome.err, HasSubstr("recipe:3: data.batch_size: "));
  EXPECT_THAT(outcome.err, HasSubstr("recipe:5: train.steps: "));
}

TEST_F(Answers, DoctorFindsADestroyedHistory) {
  const fs::path home = empty_home(folder_);
  ASSERT_TRUE(write_file_flushed(home / "history.db", std::string(8192, 'x')));
  const Outcome outcome = in_home(home, {"doctor", "--json"});
  EXPECT_EQ(outcome.status, 4);
  const json facts = json::parse(outcome.out);
  EXPECT_EQ(facts["sound"], false);
  EXPECT_THAT(facts["store"]["error"].get<std::string>(), HasSubstr("athanor-agent rebuild"));
}

// Pages that no list of runs touches.
TEST_F(Answers, DoctorLooksAtAllOfTheHistory) {
  const fs::path home = empty_home(folder_);
  const fs::path file = home / "history.db";
  {
    auto history = value_or_throw(store::Writer::open(file));
    for (int i = 0; i < 100; ++i) {
      store::NewRun wanted;
      wanted.directory = fmt::format("/nowhere/{}/{}", std::string(200, 'x'), i);
      value_or_throw(history->add_run(wanted));
    }
  }
  EXPECT_EQ(json::parse(in_home(home, {"doctor", "--json"}).out)["store"]["state"], "sound");
  constexpr std::size_t kPage = 4096;
  constexpr char kIndexLeaf = 0x0a;
  std::string bytes = bytes_of(file);
  int damaged = 0;
  for (std::size_t page = kPage; page < bytes.size(); page += kPage) {
    if (bytes[page] != kIndexLeaf || bytes[page + 4] < 3) continue;
    bytes.replace(page + 8, 4, 4, '\xff');
    ++damaged;
  }
  ASSERT_GT(damaged, 0);
  ASSERT_TRUE(write_file_flushed(file, bytes));
  EXPECT_TRUE(value_or_throw(store::Reader::open(file))->runs(true));
  const Outcome outcome = in_home(home, {"doctor", "--json"});
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(json::parse(outcome.out)["store"]["error"].get<std::string>(), HasSubstr("athanor-agent rebuild"));
}

TEST_F(Answers, DoctorSaysThatTheHistoryIsOfANewerVersion) {
  const fs::path home = empty_home(folder_);
  { ASSERT_TRUE(store::Writer::open(home / "history.db")); }
  constexpr std::streamoff kUserVersion = 60;  // of SQLite's header
  std::string bytes = bytes_of(home / "history.db");
  bytes[kUserVersion + 3] = 99;
  ASSERT_TRUE(write_file_flushed(home / "history.db", bytes));
  const Outcome outcome = in_home(home, {"doctor"});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.out, HasSubstr("history    Could not open"));
  EXPECT_EQ(json::parse(in_home(home, {"doctor", "--json"}).out)["sound"], false);
}

TEST_F(Answers, DoctorFindsADamagedPicture) {
  const fs::path home = empty_home(folder_);
  const fs::path emoji = home / "datasets/emoji";
  fs::create_directory(home / "datasets");
  fs::copy(shared_home() / "datasets/emoji", emoji, fs::copy_options::recursive);
  flip(emoji / "pictures.bin", 100);
  const Outcome outcome = in_home(home, {"doctor"});
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.out, testing::ContainsRegex("the picture [a-z]+/[-0-9a-f]+ is damaged and left out"));
}

TEST_F(Answers, DoctorListsRunsOfWhichTheFolderIsGone) {
  const fs::path home = empty_home(folder_);
  {
    auto history = value_or_throw(store::Writer::open(home / "history.db"));
    for (const fs::path& folder : {run_, fs::path("/nowhere/gone"), fs::path("/nowhere/queued")}) {
      store::NewRun wanted;
      wanted.directory = folder;
      const auto added = value_or_throw(history->add_run(wanted));
      if (folder.filename() == "queued") continue;
      ASSERT_TRUE(history->set_status(added.run, store::RunStatus::finished, ""));
    }
  }
  const Outcome outcome = in_home(home, {"doctor"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("history    3 runs\n           the folder of run 2 is gone: /nowhere/gone\n"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("queued")));
}

TEST_F(Answers, DoctorFindsAHomeThatCannotBeWritten) {
  ASSERT_TRUE(write_file_flushed(folder_ / "file", "not a folder"));
  for (const fs::path& home : {folder_.path() / "file", folder_.path() / "file/below", fs::path("/proc/athanor")}) {
    const Outcome outcome = in_home(home, {"doctor", "--json"});
    EXPECT_EQ(outcome.status, 3) << home;
    const json facts = json::parse(outcome.out);
    EXPECT_EQ(facts["home"]["writable"], false);
    EXPECT_FALSE(facts["home"]["refusal"].get<std::string>().empty());
  }
  EXPECT_EQ(in_home(empty_home(folder_), {"doctor"}).status, 0);
}

}  // namespace
}  // namespace athanor::runner
