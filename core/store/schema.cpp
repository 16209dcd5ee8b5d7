#include "core/store/schema.h"

#include "core/store/database.h"
#include "core/store/old_chunk.h"
#include "core/store/series.h"
#include "core/store/settings.h"

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace athanor::store {
namespace fs = std::filesystem;
namespace {

constexpr const char* kRuns = "runs";  // the folder of a home's runs

using Step = void (*)(Connection&);

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
void create_first(Connection& connection) {
  connection.database().exec(R"sql(
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
void add_damage(Connection& connection) {
  connection.database().exec(R"sql(
    CREATE TABLE damage (
      run INTEGER NOT NULL REFERENCES run (id), rank INTEGER NOT NULL, offset INTEGER NOT NULL, bytes INTEGER NOT NULL,
      tail INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (run, rank, offset)) WITHOUT ROWID;
  )sql");
}

// - session: by which clocks a writer of a journal told its times; anchor_ns is what its frames are stamped with.
// - span: what ranks did in their newest steps that were told in full, in times of their session; see spans.h.
void add_spans(Connection& connection) {
  connection.database().exec(R"sql(
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

// - The third: `directory` is seen from the folder of the history, where it is below it.
void name_folders(Connection& connection) { name_folders_from_home(connection.database()); }

struct OldSeries {
  std::int64_t id = 0;
  RunId run = 0;
  std::string name;
  bool has_ended = false;
};

std::vector<OldSeries> old_series(Connection& connection) {
  SQLite::Statement query(connection.database(),
                          "SELECT m.id, m.run, m.name, run.status > 3 FROM old_metric m JOIN run ON run.id = m.run "
                          "WHERE m.samples > 0 ORDER BY m.id");
  std::vector<OldSeries> all;
  while (query.executeStep()) {
    all.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getInt64(), text_of(query, 2),
                   query.getColumn(3).getInt() != 0});
  }
  return all;
}

void take_over(Connection& connection, const OldSeries& old) {
  Series series = Series::load(connection, old.run, old.name);
  for (const char* sql :
       {"SELECT points FROM chunk WHERE metric = ? ORDER BY number", "SELECT points FROM tail WHERE metric = ?"}) {
    SQLite::Statement query(connection.database(), sql);
    query.bind(1, old.id);
    while (query.executeStep())
      for (const Point& point : points_of_old_chunk(bytes_of(query, 0))) series.append(point);
    series.flush(connection);
  }
  SQLite::Statement rows(connection.database(),
                         "SELECT step, time_ns, value FROM sample WHERE metric = ? ORDER BY number");
  rows.bind(1, old.id);
  while (rows.executeStep())
    series.append({rows.getColumn(0).getInt64(), rows.getColumn(1).getInt64(), number_of(rows, 2)});
  series.flush(connection);
  if (old.has_ended) series.pack(connection);
}

void index_words(SQLite::Database& database) {
  database.exec(R"sql(
    CREATE VIRTUAL TABLE run_text USING fts5 (
      name, tags, note, model, cause, recipe, content = 'run', content_rowid = 'id',
      tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
    CREATE VIRTUAL TABLE log_text USING fts5 (
      text, content = 'log', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');
    INSERT INTO run_text (run_text) VALUES ('rebuild');
    INSERT INTO log_text (log_text) VALUES ('rebuild');
    CREATE TRIGGER run_words_added AFTER INSERT ON run BEGIN
      INSERT INTO run_text (rowid, name, tags, note, model, cause, recipe)
        VALUES (new.id, new.name, new.tags, new.note, new.model, new.cause, new.recipe);
    END;
    CREATE TRIGGER run_words_altered AFTER UPDATE OF name, tags, note, model, cause, recipe ON run
    WHEN (old.name, old.tags, old.note, old.model, old.cause, old.recipe)
      IS NOT (new.name, new.tags, new.note, new.model, new.cause, new.recipe) BEGIN
      INSERT INTO run_text (run_text, rowid, name, tags, note, model, cause, recipe)
        VALUES ('delete', old.id, old.name, old.tags, old.note, old.model, old.cause, old.recipe);
      INSERT INTO run_text (rowid, name, tags, note, model, cause, recipe)
        VALUES (new.id, new.name, new.tags, new.note, new.model, new.cause, new.recipe);
    END;
    CREATE TRIGGER run_words_removed AFTER DELETE ON run BEGIN
      INSERT INTO run_text (run_text, rowid, name, tags, note, model, cause, recipe)
        VALUES ('delete', old.id, old.name, old.tags, old.note, old.model, old.cause, old.recipe);
    END;
    CREATE TRIGGER log_words_added AFTER INSERT ON log BEGIN
      INSERT INTO log_text (rowid, text) VALUES (new.id, new.text);
    END;
    CREATE TRIGGER log_words_removed AFTER DELETE ON log BEGIN
      INSERT INTO log_text (log_text, rowid, text) VALUES ('delete', old.id, old.text);
    END;
  )sql");
}

// - metric: one row per metric of a run, with what is known of all its samples; see MetricFacts.
// - page: samples and their summaries; see page.h. `number` counts the pages of a level. Steps are the lowest and
//   highest of its samples.
// - piece: samples behind the last page of a run that is not over, as they came; they follow each other by id.
// - run.changed: rises with whatever changes of a run, gone: runs that are no more; both from one counter, so that who
//   knows the runs up to a number asks for what came after it.
// - setting: what each run's recipe sets, by field; see settings.h.
// - run_text, log_text: the words of runs and logs; their texts stay where they are.
// - history: one row, by which a history is told from another that takes its place.
// Chunks, nodes, tails and samples of before are taken over.
void keep_pages(Connection& connection) {
  SQLite::Database& database = connection.database();
  database.exec(R"sql(
    ALTER TABLE metric RENAME TO old_metric;
    DROP INDEX metric_name;
    CREATE TABLE metric (
      id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run (id), name TEXT NOT NULL,
      pages INTEGER NOT NULL DEFAULT 0, samples INTEGER NOT NULL DEFAULT 0, finite INTEGER NOT NULL DEFAULT 0,
      rising INTEGER NOT NULL DEFAULT 1, first_step INTEGER NOT NULL DEFAULT 0, last_step INTEGER NOT NULL DEFAULT 0,
      minimum REAL, maximum REAL, minimum_step INTEGER NOT NULL DEFAULT 0, maximum_step INTEGER NOT NULL DEFAULT 0,
      sum REAL, first REAL, last REAL);
    CREATE UNIQUE INDEX metric_name ON metric (run, name);
    CREATE INDEX metric_runs ON metric (name, run);
    CREATE TABLE page (
      id INTEGER PRIMARY KEY, metric INTEGER NOT NULL, level INTEGER NOT NULL, number INTEGER NOT NULL,
      first_step INTEGER NOT NULL, last_step INTEGER NOT NULL, bytes BLOB NOT NULL);
    CREATE INDEX page_steps ON page (metric, level, last_step, number);
    CREATE TABLE piece (id INTEGER PRIMARY KEY, metric INTEGER NOT NULL, points BLOB NOT NULL);
    CREATE INDEX piece_metric ON piece (metric);

    CREATE TABLE setting (path TEXT NOT NULL, run INTEGER NOT NULL, value, PRIMARY KEY (path, run)) WITHOUT ROWID;
    CREATE INDEX setting_run ON setting (run);

    CREATE TABLE history (id TEXT NOT NULL);
    INSERT INTO history VALUES (hex(randomblob(8)));
    ALTER TABLE run ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE gone (run INTEGER PRIMARY KEY, changed INTEGER NOT NULL);
    UPDATE run SET changed = id;
    CREATE INDEX run_changed ON run (changed);
    CREATE INDEX gone_changed ON gone (changed);
    CREATE VIEW next_change (number) AS SELECT 1 + max(
      (SELECT coalesce(max(changed), 0) FROM run), (SELECT coalesce(max(changed), 0) FROM gone));
    CREATE TRIGGER run_added AFTER INSERT ON run BEGIN
      DELETE FROM gone WHERE run = new.id;
      UPDATE run SET changed = (SELECT number FROM next_change) WHERE id = new.id;
    END;
    CREATE TRIGGER run_altered AFTER UPDATE ON run WHEN new.changed = old.changed BEGIN
      UPDATE run SET changed = (SELECT number FROM next_change) WHERE id = new.id;
    END;
    CREATE TRIGGER run_damaged AFTER INSERT ON damage BEGIN
      UPDATE run SET changed = (SELECT number FROM next_change) WHERE id = new.run;
    END;
    CREATE TRIGGER run_removed AFTER DELETE ON run BEGIN
      INSERT OR REPLACE INTO gone VALUES (old.id, (SELECT number FROM next_change));
    END;
  )sql");
  index_words(database);
  write_all_settings(connection);
  for (const OldSeries& old : old_series(connection)) take_over(connection, old);
  connection.reset();
  database.exec("DROP TABLE sample; DROP TABLE tail; DROP TABLE chunk; DROP TABLE node; DROP TABLE old_metric");
}

// - job: what the queue knows of each run, of whose changes it is a part; see queue.h. unanswered: what follows from
//   the end of its process is still to be decided. devices: separated by commas; changes: one a line. until_step: 0 for
//   the recipe's last.
// - dependency: a queued run begins once the others have ended.
// - sweep: runs with one aim; `definition` is recipe::to_text of its plan.
// - queue_setting: see QueueSettings; what is not there is not limited.
void add_queue(Connection& connection) {
  connection.database().exec(R"sql(
    CREATE TABLE job (
      run INTEGER PRIMARY KEY REFERENCES run (id), priority INTEGER NOT NULL DEFAULT 0,
      hold INTEGER NOT NULL DEFAULT 0, hold_reason TEXT NOT NULL DEFAULT '',
      ranks INTEGER NOT NULL DEFAULT 0, threads INTEGER NOT NULL DEFAULT 0, device INTEGER NOT NULL DEFAULT 0,
      cores INTEGER NOT NULL DEFAULT 0, devices TEXT NOT NULL DEFAULT '',
      continue_on_error INTEGER NOT NULL DEFAULT 0,
      retries INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, retry_numeric INTEGER NOT NULL DEFAULT 0,
      not_before_ns INTEGER NOT NULL DEFAULT 0, fault TEXT NOT NULL DEFAULT '',
      unanswered INTEGER NOT NULL DEFAULT 0, until_step INTEGER NOT NULL DEFAULT 0, changes TEXT NOT NULL DEFAULT '',
      sweep INTEGER, trial INTEGER NOT NULL DEFAULT 0, trial_values TEXT NOT NULL DEFAULT '',
      waits INTEGER NOT NULL DEFAULT 0, is_out INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX job_unanswered ON job (run) WHERE unanswered = 1;
    CREATE INDEX job_sweep ON job (sweep, trial) WHERE sweep IS NOT NULL;
    CREATE INDEX job_waits ON job (sweep) WHERE waits = 1;
    INSERT INTO job (run) SELECT id FROM run;
    CREATE TRIGGER job_altered AFTER UPDATE ON job BEGIN
      UPDATE run SET changed = (SELECT number FROM next_change) WHERE id = new.run;
    END;
    CREATE TABLE dependency (
      run INTEGER NOT NULL REFERENCES run (id), after INTEGER NOT NULL, PRIMARY KEY (run, after)) WITHOUT ROWID;
    CREATE INDEX dependency_after ON dependency (after);
    CREATE TABLE sweep (
      id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, created_ns INTEGER NOT NULL, definition TEXT NOT NULL,
      recipe TEXT NOT NULL, held INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE queue_setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  )sql");
}

// - span_lane: one row per lane of a rank, with what is known of all its spans; the lane of what was not told also says
//   which session told last.
// - span_page: spans and how busy they kept their lane; see span_page.h. `number` counts the pages of a
//   level. Its index tells all of a page but its bytes.
// - span_piece: spans behind the last page of a lane, as they came; they follow each other by id.
// - session.zero_ns: where time 0 of a session lies on the axis of its run. Sessions of before have none: their wall
//   clocks count.
void keep_all_spans(Connection& connection) {
  connection.database().exec(R"sql(
    ALTER TABLE session ADD COLUMN zero_ns INTEGER;
    CREATE TABLE span_lane (
      id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run (id), rank INTEGER NOT NULL, lane INTEGER NOT NULL,
      pages INTEGER NOT NULL DEFAULT 0, spans INTEGER NOT NULL DEFAULT 0, begin_ns INTEGER NOT NULL DEFAULT 0,
      end_ns INTEGER NOT NULL DEFAULT 0, last_step INTEGER NOT NULL DEFAULT -1, anchor_ns INTEGER NOT NULL DEFAULT 0);
    CREATE UNIQUE INDEX span_lane_place ON span_lane (run, rank, lane);
    CREATE TABLE span_page (
      id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, level INTEGER NOT NULL, number INTEGER NOT NULL,
      spans INTEGER NOT NULL, begin_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, last_step INTEGER NOT NULL,
      shift INTEGER NOT NULL, bytes BLOB NOT NULL);
    CREATE INDEX span_page_number ON span_page (
      lane, level, number, last_step, spans, begin_ns, end_ns, shift);
    CREATE TABLE span_piece (
      id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, spans INTEGER NOT NULL, bytes BLOB NOT NULL);
    CREATE INDEX span_piece_lane ON span_piece (lane);
  )sql");
}

// - alert_rule: see AlertRule; `rule` is alerts::to_text. alert_state: see AlertState.
void add_alerts(Connection& connection) {
  connection.database().exec(R"sql(
    CREATE TABLE alert_rule (
      id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER, rule TEXT NOT NULL, added_ns INTEGER NOT NULL, removed_ns INTEGER);
    CREATE TABLE alert_state (
      run INTEGER PRIMARY KEY REFERENCES run (id), state TEXT NOT NULL DEFAULT '', due TEXT NOT NULL DEFAULT '');
  )sql");
}

// Entry n takes a store of version n to version n + 1. Never change one that was released: add another.
constexpr std::array<Step, 8> kSteps = {create_first, add_damage, name_folders,   add_spans,
                                        keep_pages,   add_queue,  keep_all_spans, add_alerts};

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

void migrate(Connection& connection, int from, int to) {
  SQLite::Database& database = connection.database();
  for (int version = from; version < to; ++version) {
    SQLite::Transaction transaction(database);
    kSteps.at(static_cast<std::size_t>(version))(connection);
    connection.reset();
    database.exec("PRAGMA user_version = " + std::to_string(version + 1));
    transaction.commit();
  }
}

}  // namespace athanor::store
