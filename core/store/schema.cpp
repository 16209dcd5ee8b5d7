#include "core/store/schema.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace athanor::store {
namespace fs = std::filesystem;
namespace {

constexpr const char* kRuns = "runs";  // the folder of a home's runs

using Step = void (*)(SQLite::Database&);

// The first version.
// - run: one row per run; name, tags, note, pinned and deleted_ns change only through `edit`.
// - journal: up to which byte each journal is in the tables below; changes in the transaction that adds what it says.
// - metric: one row per metric of a run.
// - tail: samples behind the last chunk, packed when a run ends; rows of `sample` follow them.
// - sample: samples that are in no chunk and no tail yet, numbered from the metric's first by arrival.
// - chunk: sealed samples, kChunkPoints each, numbered from 0; the fine summary stands first, so that reading it
//   touches one page.
// - node: summaries. Level 0 is of one chunk, level n of kFan nodes below: node k of kFan*k to kFan*k+kFan-1.
// - edit: changes of metadata with both values, for undo and redo; undone ones are always the newest.
void create_first(SQLite::Database& database) {
  database.exec(R"sql(
    CREATE TABLE run (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '[]', note TEXT NOT NULL DEFAULT '',
      pinned INTEGER NOT NULL DEFAULT 0, deleted_ns INTEGER,
      directory TEXT NOT NULL UNIQUE, status INTEGER NOT NULL, cause TEXT NOT NULL DEFAULT '',
      recipe TEXT NOT NULL DEFAULT '', model TEXT NOT NULL DEFAULT '',
      created_ns INTEGER NOT NULL, started_ns INTEGER NOT NULL DEFAULT 0, ended_ns INTEGER NOT NULL DEFAULT 0,
      step INTEGER NOT NULL DEFAULT 0, steps INTEGER NOT NULL DEFAULT 0,
      parent INTEGER, fork_step INTEGER NOT NULL DEFAULT 0,
      launch INTEGER NOT NULL DEFAULT 0, queue_order INTEGER,
      pid INTEGER NOT NULL DEFAULT 0, pid_started INTEGER NOT NULL DEFAULT 0, boot TEXT NOT NULL DEFAULT '');
    CREATE INDEX run_queue ON run (queue_order) WHERE queue_order IS NOT NULL;
    CREATE INDEX run_live ON run (status) WHERE status <= 3;

    CREATE TABLE journal (
      run INTEGER NOT NULL REFERENCES run (id), rank INTEGER NOT NULL, next_offset INTEGER NOT NULL,
      PRIMARY KEY (run, rank)) WITHOUT ROWID;

    CREATE TABLE metric (
      id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run (id), name TEXT NOT NULL,
      last REAL, samples INTEGER NOT NULL DEFAULT 0, chunks INTEGER NOT NULL DEFAULT 0);
    CREATE UNIQUE INDEX metric_name ON metric (run, name);
    CREATE TABLE tail (metric INTEGER PRIMARY KEY, points BLOB NOT NULL);
    CREATE TABLE sample (
      metric INTEGER NOT NULL, number INTEGER NOT NULL, step INTEGER NOT NULL, time_ns INTEGER NOT NULL, value REAL,
      PRIMARY KEY (metric, number)) WITHOUT ROWID;
    CREATE TABLE chunk (
      metric INTEGER NOT NULL, number INTEGER NOT NULL, fine BLOB NOT NULL, points BLOB NOT NULL);
    CREATE UNIQUE INDEX chunk_number ON chunk (metric, number);
    CREATE TABLE node (
      metric INTEGER NOT NULL, level INTEGER NOT NULL, number INTEGER NOT NULL,
      first_step INTEGER NOT NULL, last_step INTEGER NOT NULL, first_time_ns INTEGER NOT NULL, last_time_ns INTEGER NOT NULL,
      minimum REAL, maximum REAL, last REAL, count INTEGER NOT NULL, non_finite INTEGER NOT NULL,
      PRIMARY KEY (metric, level, number)) WITHOUT ROWID;

    CREATE TABLE log (
      id INTEGER PRIMARY KEY, run INTEGER NOT NULL, time_ns INTEGER NOT NULL, severity INTEGER NOT NULL, text TEXT NOT NULL);
    CREATE INDEX log_run ON log (run, id);
    CREATE TABLE occurrence (
      id INTEGER PRIMARY KEY, run INTEGER NOT NULL, time_ns INTEGER NOT NULL, type INTEGER NOT NULL, fields BLOB NOT NULL);
    CREATE INDEX occurrence_run ON occurrence (run, id);
    CREATE TABLE retrieval (
      run INTEGER NOT NULL, step INTEGER NOT NULL, text_to_image INTEGER NOT NULL, query INTEGER NOT NULL, fields BLOB NOT NULL,
      PRIMARY KEY (run, step, text_to_image, query)) WITHOUT ROWID;

    CREATE TABLE edit (
      id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, changes TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0);
  )sql");
}

// - damage: stretches of journals that were lost.
void add_damage(SQLite::Database& database) {
  database.exec(R"sql(
    CREATE TABLE damage (
      run INTEGER NOT NULL REFERENCES run (id), rank INTEGER NOT NULL, offset INTEGER NOT NULL, bytes INTEGER NOT NULL,
      tail INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (run, rank, offset)) WITHOUT ROWID;
  )sql");
}

// - session: by which clocks a writer of a journal told its times; anchor_ns is what its frames are stamped with.
// - span: what ranks did in their newest steps that were told in full, in times of their session; see spans.h.
void add_spans(SQLite::Database& database) {
  database.exec(R"sql(
    CREATE TABLE session (
      run INTEGER NOT NULL REFERENCES run (id), rank INTEGER NOT NULL, anchor_ns INTEGER NOT NULL,
      monotonic_ns INTEGER NOT NULL, host TEXT NOT NULL, PRIMARY KEY (run, rank, anchor_ns)) WITHOUT ROWID;
    CREATE TABLE span (
      run INTEGER NOT NULL REFERENCES run (id), rank INTEGER NOT NULL, step INTEGER NOT NULL, anchor_ns INTEGER NOT NULL,
      begin_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, lane INTEGER NOT NULL, kind INTEGER NOT NULL,
      stage INTEGER NOT NULL, micro_batch INTEGER NOT NULL);
    CREATE INDEX span_step ON span (run, rank, step);
  )sql");
}

// Entry n takes a store of version n to version n + 1. Never change one that was released: add another.
// The third: `directory` is seen from the folder of the history, where it is below it.
constexpr std::array<Step, 4> kSteps = {create_first, add_damage, name_folders_from_home, add_spans};

}  // namespace

void name_folders_from_home(SQLite::Database& database) {
  const fs::path here = fs::absolute(database.getFilename()).lexically_normal().parent_path() / kRuns;
  std::vector<std::pair<std::int64_t, fs::path>> ours;
  std::vector<std::pair<std::int64_t, fs::path>> moved;
  SQLite::Statement query(database, "SELECT id, directory FROM run ORDER BY id");
  while (query.executeStep()) {
    const fs::path folder = query.getColumn(1).getString();
    if (folder.is_relative() || folder.parent_path().filename() != kRuns) continue;
    (folder.parent_path() == here ? ours : moved).emplace_back(query.getColumn(0).getInt64(), folder);
  }
  SQLite::Statement update(database, "UPDATE OR IGNORE run SET directory = ? WHERE id = ?");
  for (const auto* rows : {&ours, &moved}) {
    for (const auto& [id, folder] : *rows) {
      SQLite::bind(update, (fs::path(kRuns) / folder.filename()).string(), id);
      update.exec();
      update.reset();
    }
  }
}

void migrate(SQLite::Database& database, int from, int to) {
  for (int version = from; version < to; ++version) {
    SQLite::Transaction transaction(database);
    kSteps.at(static_cast<std::size_t>(version))(database);
    database.exec("PRAGMA user_version = " + std::to_string(version + 1));
    transaction.commit();
  }
}

}  // namespace athanor::store
