// Runs of other trackers through a real agent: taken in, the same again, grown, found by queries, exported.
#include "core/agent/importing.h"
#include "core/agent/rebuild.h"
#include "core/agent/run_query.h"
#include "core/report/report.h"
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <bit>
#include <fstream>

namespace athanor::agent {
namespace {

namespace fs = std::filesystem;
using store::RunStatus;
using testing::ElementsAre;
using testing::HasSubstr;

class Imports : public testing::Test {
 protected:
  Imports() { home_.start_agent(); }

  fs::path write(const std::string& name, const std::string& text) const {
    const fs::path file = home_.root / "source" / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file;
  }
  // An MLflow run with this many samples.
  void write_mlflow(int samples, const std::string& id = "abc", const std::string& lr = "0.001") const {
    const std::string run = "mlruns/7/" + id + "/";
    write("mlruns/7/meta.yaml", "experiment_id: '7'\nname: pairs\n");
    write(run + "meta.yaml", "end_time: 1700000900000\nlifecycle_stage: active\nrun_id: " + id + "\nrun_name: base-" +
                                 id + "\nstart_time: 1700000001000\nstatus: 3\n");
    write(run + "params/learn rate", lr);
    write(run + "params/opt", "adam");
    write(run + "tags/team", "vision");
    write(run + "tags/mlflow.note.content", "worth a look");
    std::string lines;
    for (int i = 0; i < samples; ++i) lines += fmt::format("{} {} {}\n", 1700000002000 + i, 1.0 / (i + 1), i);
    write(run + "metrics/train/loss", lines);
  }
  ImportReport import(const fs::path& path) const {
    return value_or_throw(import_runs(*home_.client, home_.path, path, imports::Format::automatic));
  }
  [[nodiscard]] std::vector<store::Point> points(store::RunId run, const std::string& metric) const {
    return value_or_throw(home_.history()->points(run, metric, 0, 1 << 30));
  }
  [[nodiscard]] fs::path source() const { return home_.root / "source"; }

  Home home_;
};

TEST_F(Imports, BecomeRunsWithEverythingTheSourceTells) {
  write_mlflow(3000);
  const ImportReport report = import(source());
  ASSERT_EQ(report.runs.size(), 1U);
  EXPECT_EQ(report.runs.front().taken.what, TakenIn::What::added);
  const store::Run run = home_.run(report.runs.front().taken.run);
  EXPECT_EQ(run.name, "base-abc");
  EXPECT_EQ(run.status, RunStatus::finished);
  EXPECT_EQ(run.created_ns, 1'700'000'001'000'000'000);
  EXPECT_EQ(run.ended_ns, 1'700'000'900'000'000'000);
  EXPECT_EQ(run.step, 2999);
  EXPECT_EQ(run.steps, 2999);
  EXPECT_THAT(run.tags, ElementsAre("team=vision"));
  EXPECT_EQ(run.note, "worth a look");
  EXPECT_TRUE(run.damage.empty());
  const auto samples = points(run.id, "train/loss");
  ASSERT_EQ(samples.size(), 3000U);
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(samples[static_cast<std::size_t>(i)].step, i);
    ASSERT_EQ(samples[static_cast<std::size_t>(i)].value, 1.0 / (i + 1));
    ASSERT_EQ(samples[static_cast<std::size_t>(i)].time_ns, (1'700'000'002'000 + i) * 1'000'000);
  }
}

TEST_F(Imports, OfTheSameAgainChangeNothing) {
  write_mlflow(100);
  const store::RunId run = import(source()).runs.front().taken.run;
  value_or_throw(home_.client->rename(run, "mine"));
  value_or_throw(home_.client->set_tags({run}, {"kept"}));
  const ImportReport again = import(source());
  EXPECT_EQ(again.runs.front().taken.what, TakenIn::What::unchanged);
  EXPECT_EQ(again.runs.front().taken.run, run);
  EXPECT_EQ(value_or_throw(home_.client->list()).size(), 1U);
  EXPECT_EQ(points(run, "train/loss").size(), 100U);
  EXPECT_EQ(home_.run(run).name, "mine");
  EXPECT_THAT(home_.run(run).tags, ElementsAre("kept"));
}

TEST_F(Imports, OfASourceThatHasGrownAddOnlyWhatIsNew) {
  write_mlflow(100);
  const store::RunId run = import(source()).runs.front().taken.run;
  value_or_throw(home_.client->rename(run, "mine"));
  write_mlflow(250, "abc", "0.5");
  const ImportReport again = import(source());
  EXPECT_EQ(again.runs.front().taken.what, TakenIn::What::changed);
  EXPECT_EQ(again.runs.front().taken.run, run);
  const auto samples = points(run, "train/loss");
  ASSERT_EQ(samples.size(), 250U);
  for (int i = 0; i < 250; ++i) ASSERT_EQ(samples[static_cast<std::size_t>(i)].step, i);
  const store::Run now = home_.run(run);
  EXPECT_EQ(now.name, "mine");
  EXPECT_EQ(now.steps, 249);
  EXPECT_EQ(now.status, RunStatus::finished);
  const auto settings = value_or_throw(home_.history()->settings(std::array{run}));
  EXPECT_EQ(std::get<double>(settings.front().at("imported.learn rate")), 0.5);
}

TEST_F(Imports, AreFoundByWhatTheyWereSetUpWith) {
  write_mlflow(10, "one", "0.001");
  write_mlflow(10, "two", "0.1");
  import(source());
  const auto history = home_.history();
  const auto names = [&](const std::string& where) {
    std::vector<std::string> found;
    for (const store::Run& run : value_or_throw(find_runs(*history, {where, "name"}))) found.push_back(run.name);
    return found;
  };
  EXPECT_THAT(names("`imported.learn rate` < 0.01"), ElementsAre("base-one"));
  EXPECT_THAT(names("imported.opt = adam"), ElementsAre("base-one", "base-two"));
  EXPECT_THAT(names("has(imported.opt) and tag = \"team=vision\" and loss < 0.2"), ElementsAre("base-one", "base-two"));
}

TEST_F(Imports, ComeBackWithTheirTagsWhenTheHistoryIsBuiltAnew) {
  write_mlflow(100);
  const store::RunId run = import(source()).runs.front().taken.run;
  home_.kill_agent();
  fs::remove(home_.path / "history.db");
  fs::remove(home_.path / "history.db-wal");
  fs::remove(home_.path / "history.db-shm");
  const Rebuilt rebuilt = value_or_throw(rebuild(home_.path));
  EXPECT_EQ(rebuilt.runs, 1);
  EXPECT_TRUE(rebuilt.failures.empty());
  const store::Run again = home_.run(run);
  EXPECT_EQ(again.name, "base-abc");
  EXPECT_EQ(again.status, RunStatus::finished);
  EXPECT_EQ(again.created_ns, 1'700'000'001'000'000'000);
  EXPECT_THAT(again.tags, ElementsAre("team=vision"));
  EXPECT_EQ(points(run, "train/loss").size(), 100U);
}

TEST_F(Imports, CannotBeResumedHere) {
  write("a.csv", "step,loss\n0,1\n1,0.5\n");
  const store::RunId run = import(source() / "a.csv").runs.front().taken.run;
  EXPECT_EQ(home_.run(run).status, RunStatus::stopped);
  const auto resumed = home_.client->resume(run);
  ASSERT_FALSE(resumed);
  EXPECT_THAT(resumed.error().message(), HasSubstr("imported"));
}

TEST_F(Imports, LeaveNoFolderBehindThatIsNoRun) {
  write_mlflow(10);
  write("mlruns/7/bad/meta.yaml", "run_id: bad\nstatus: 1\n");
  import(source());
  import(source());
  int folders = 0;
  for (const auto& entry : fs::directory_iterator(home_.path / "runs")) {
    EXPECT_THAT(entry.path().filename().string(), testing::StartsWith("mlflow-"));
    ++folders;
  }
  EXPECT_EQ(folders, 2);
  EXPECT_FALSE(home_.client->take_in("../runs"));
  EXPECT_FALSE(home_.client->take_in(".import-0-0"));
}

TEST_F(Imports, AndExportsAreCommandsOfTheAgent) {
  write_mlflow(50);
  const auto imported =
      home_.call({"import", source().string(), "--json"}, "athanor-agent", Home::Streams::only_stdout);
  EXPECT_EQ(imported.status, 0) << imported.text;
  const auto json = nlohmann::json::parse(imported.text);
  EXPECT_EQ(json.at("runs").at(0).at("what"), "added");
  EXPECT_EQ(json.at("runs").at(0).at("samples"), 50);
  const std::string out = (home_.root / "out.csv").string(), page = (home_.root / "page.html").string();
  const auto exported = home_.call({"export", "base-abc", "--to", out, "--report", page});
  EXPECT_EQ(exported.status, 0) << exported.text;
  EXPECT_THAT(exported.text, HasSubstr("out-runs.csv"));
  EXPECT_TRUE(fs::exists(page));
  const auto nothing = home_.call({"import", (home_.root / "absent").string()});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_EQ(home_.call({"import", source().string(), "--format", "excel"}).status, 2);
  EXPECT_EQ(home_.call({"export", "base-abc", "--to", (home_.root / "out.pdf").string()}).status, 2);
}

// What is exported and imported again is the same to the bit.
TEST_F(Imports, OfExportedSamplesAreTheSameSamples) {
  write("a.csv",
        "step,time_ns,loss,odd\n0,1700000000000000001,0.1,nan\n3,1700000000000000002,-1e-300,inf\n"
        "5,1700000000000000003,123456789.123456789,-inf\n");
  const store::RunId run = import(source() / "a.csv").runs.front().taken.run;
  const fs::path file = home_.root / "samples.csv";
  value_or_throw(report::write_runs(*home_.history(), std::array{run}, report::Form::csv, file));
  const store::RunId again = import(file).runs.front().taken.run;
  ASSERT_NE(again, run);
  for (const std::string metric : {"loss", "odd"}) {
    const auto before = points(run, metric), after = points(again, metric);
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(after[i].step, before[i].step);
      EXPECT_EQ(after[i].time_ns, before[i].time_ns);
      EXPECT_EQ(std::bit_cast<std::uint64_t>(after[i].value), std::bit_cast<std::uint64_t>(before[i].value));
    }
  }
}

}  // namespace
}  // namespace athanor::agent
