// MLflow's folders and databases.
#include "tests/core/import/foreign_files.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace athanor::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void write_run(const Folder& folder, const std::string& id, const std::string& status = "3") {
  const std::string run = "mlruns/7/" + id + "/";
  folder.write("mlruns/7/meta.yaml", "experiment_id: '7'\nname: pairs\n");
  folder.write(run + "meta.yaml", "end_time: 1700000009000\nlifecycle_stage: active\nrun_id: " + id +
                                      "\nrun_name: 'it''s: a\n  base'\nstart_time: 1700000001000\nstatus: " + status +
                                      "\n");
  folder.write(run + "params/lr", "0.001");
  folder.write(run + "params/opt/name", "adam\nw");
  folder.write(run + "tags/mlflow.note.content", "two\nlines");
  folder.write(run + "tags/mlflow.user", "kim");
  folder.write(run + "tags/team", "vision");
  folder.write(run + "metrics/train/loss", "1700000002000 1.0 0\n1700000003000 0.25 1\n");
  folder.write(run + "metrics/odd", "1700000002000 nan 1\n1700000002001 inf 2\n1700000002 5\n");
}

TEST(MlflowFolders, GiveRunsWithAllThatIsKnownOfThem) {
  Folder folder;
  write_run(folder, "abc");
  for (const char* at : {"", "mlruns", "mlruns/7", "mlruns/7/abc"}) {
    const Heard heard = hear_only(folder.path / at);
    EXPECT_EQ(heard.told.id, "abc");
    EXPECT_EQ(heard.told.name, "it's: a base");
    EXPECT_EQ(heard.told.created_ns, 1'700'000'001'000'000'000);
    EXPECT_EQ(heard.told.ended_ns, 1'700'000'009'000'000'000);
    EXPECT_EQ(heard.told.end, End::finished);
    EXPECT_EQ(heard.told.note, "two\nlines");
    EXPECT_THAT(heard.told.tags, ElementsAre("team=vision"));
    EXPECT_EQ(heard.told.origin.at("experiment"), "pairs");
    EXPECT_EQ(heard.told.origin.at("mlflow.user"), "kim");
    EXPECT_EQ(heard.told.settings.at("lr"), Setting(0.001));
    EXPECT_EQ(heard.told.settings.at("opt/name"), Setting(std::string("adam\nw")));
    EXPECT_THAT(heard.metrics.at("train/loss"), ElementsAre(Heard::Sample{0, 1'700'000'002'000'000'000, 1.0},
                                                            Heard::Sample{1, 1'700'000'003'000'000'000, 0.25}));
    const auto odd = values_of(heard, "odd");
    EXPECT_TRUE(std::isnan(odd.at(0)));
    EXPECT_TRUE(std::isinf(odd.at(1)));
    EXPECT_EQ(heard.metrics.at("odd").at(2).step, 0);
    EXPECT_THAT(heard.told.lost, IsEmpty());
  }
}

TEST(MlflowFolders, LeaveOutDeletedRunsAndNameLinesThatAreNone) {
  Folder folder;
  write_run(folder, "abc", "4");
  folder.write("mlruns/7/gone/meta.yaml", "lifecycle_stage: deleted\nrun_id: gone\n");
  folder.write("mlruns/7/abc/metrics/cut", "1700000002000 1.0 0\n17000000\nword word word\n");
  const Found found = value_or_throw(find_sources(folder.path, Format::mlflow));
  ASSERT_EQ(found.sources.size(), 1U);
  EXPECT_THAT(found.left_out, ElementsAre(HasSubstr("1 run deleted")));
  const Heard heard = value_or_throw(hear(found.sources.front()));
  EXPECT_EQ(heard.told.end, End::failed);
  EXPECT_THAT(values_of(heard, "cut"), ElementsAre(1.0));
  EXPECT_THAT(heard.told.lost, ElementsAre(HasSubstr("2 lines of metric cut")));
}

std::filesystem::path write_database(const Folder& folder) {
  const auto file = folder.path / "mlflow.db";
  SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  database.exec(R"sql(
    CREATE TABLE experiments (experiment_id INTEGER, name TEXT);
    CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, status TEXT, start_time BIGINT, end_time BIGINT,
                       lifecycle_stage TEXT, experiment_id INTEGER);
    CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN);
    CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
    CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
    INSERT INTO experiments VALUES (1, 'pairs');
    INSERT INTO runs VALUES ('r1', 'base', 'FINISHED', 1700000001000, 1700000009000, 'active', 1),
                            ('r2', 'worse', 'KILLED', 1700000001000, NULL, 'active', 1),
                            ('r3', 'gone', 'FAILED', 1, 2, 'deleted', 1);
    INSERT INTO params VALUES ('lr', '0.001', 'r1'), ('flag', 'True', 'r1');
    INSERT INTO tags VALUES ('mlflow.runName', 'renamed', 'r1'), ('team', 'vision', 'r1'), ('mlflow.note.content', 'n', 'r1');
    INSERT INTO metrics VALUES ('loss', 1.0, 1700000002000, 'r1', 0, 0), ('acc', 0.5, 1700000002500, 'r1', 0, 0),
                               ('loss', 0.1, 1700000003000, 'r1', 1, 0), ('loss', 0, 1700000004000, 'r1', 2, 1),
                               ('loss', 7, 1700000004000, 'r2', 2, 0);
  )sql");
  return file;
}

TEST(MlflowDatabases, GiveRunsWithAllThatIsKnownOfThem) {
  Folder folder;
  const Found found = value_or_throw(find_sources(write_database(folder), Format::automatic));
  ASSERT_EQ(found.sources.size(), 2U);
  EXPECT_THAT(found.left_out, ElementsAre(HasSubstr("1 run deleted")));
  const Heard heard = value_or_throw(hear(found.sources.at(0)));
  EXPECT_EQ(heard.told.name, "renamed");
  EXPECT_EQ(heard.told.end, End::finished);
  EXPECT_EQ(heard.told.note, "n");
  EXPECT_EQ(heard.told.origin.at("experiment"), "pairs");
  EXPECT_EQ(heard.told.settings.at("lr"), Setting(0.001));
  EXPECT_EQ(heard.told.settings.at("flag"), Setting(true));
  EXPECT_EQ(values_of(heard, "loss").at(1), 0.1);
  EXPECT_TRUE(std::isnan(values_of(heard, "loss").at(2)));
  EXPECT_THAT(values_of(heard, "acc"), ElementsAre(0.5));
  const Heard other = value_or_throw(hear(found.sources.at(1)));
  EXPECT_EQ(other.told.end, End::stopped);
  EXPECT_THAT(other.told.cause, HasSubstr("KILLED"));
  EXPECT_THAT(values_of(other, "loss"), ElementsAre(7.0));
}

TEST(MlflowDatabases, AreTheSameRunAsTheirFolders) {
  Folder folder, database;
  write_run(folder, "r1");
  const Found found = value_or_throw(find_sources(write_database(database), Format::mlflow));
  EXPECT_EQ(hear_only(folder.path).told.id, value_or_throw(hear(found.sources.front())).told.id);
}

TEST(MlflowDatabases, OfOtherProgramsHoldNoRun) {
  Folder folder;
  const auto file = folder.path / "other.db";
  SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE runs (id)");
  EXPECT_EQ(find_sources(file, Format::automatic).error().kind, ErrorKind::invalid_input);
}

}  // namespace
}  // namespace athanor::imports
