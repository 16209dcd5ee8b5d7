// MLflow's SQLite database: tables runs, metrics, params, tags and experiments. Source:
// mlflow/store/tracking/dbmodels/models.py.
#include "core/import/input.h"
#include "core/import/numbers.h"
#include "core/import/readers.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <limits>

namespace athanor::imports {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMagic{"SQLite format 3\0", 16};
constexpr int kLongestValue = 16 << 20;  // bytes; a damaged page may claim any

// For reading alone, and with nothing of what the file itself might want to be done.
SQLite::Database opened(const fs::path& file) {
  SQLite::Database database(file.string(), SQLite::OPEN_READONLY, 1000);
  sqlite3_limit(database.getHandle(), SQLITE_LIMIT_LENGTH, kLongestValue);
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  database.exec("PRAGMA cell_size_check = ON");
  return database;
}

[[noreturn]] void refuse(const fs::path& file, const SQLite::Exception& exception) {
  const int code = exception.getErrorCode();
  const bool is_damage = code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR;
  throw Failure(
      is_damage ? ErrorKind::corrupt : ErrorKind::io, "read " + file.string(), exception.what(),
      is_damage ? "restore it from a copy, or try: sqlite3 FILE .recover" : "close what writes it, then try again");
}

bool is_database(const fs::path& file) {
  Input input(file);
  return input.peek(kMagic.size()) == kMagic;
}

bool has_tables(SQLite::Database& database) {
  return database.tableExists("runs") && database.tableExists("metrics") && database.tableExists("params") &&
         database.tableExists("tags");
}

// A table that is damaged on the way costs what lies behind the damage.
template <class F>
void each_row(SQLite::Database& database, const std::string& sql, const std::string& run, const char* what, Told& told,
              F&& take) {
  std::int64_t rows = 0;
  try {
    SQLite::Statement query(database, sql);
    query.bind(1, run);
    while (query.executeStep()) {
      take(query);
      ++rows;
    }
  } catch (const SQLite::Exception& exception) {
    told.lost.push_back(fmt::format("{} behind the first {}: {}", what, rows, exception.what()));
  }
}

std::string text(SQLite::Statement& row, int column) { return row.getColumn(column).getString(); }

void take_facts(SQLite::Database& database, const fs::path& file, Told& told) {
  SQLite::Statement query(database,
                          "SELECT name, status, start_time, end_time, experiment_id FROM runs WHERE run_uuid = ?");
  query.bind(1, told.id);
  if (!query.executeStep())
    throw Failure(ErrorKind::invalid_input, "read " + file.string(), "it holds no run " + told.id,
                  "import the whole file anew");
  told.name = text(query, 0);
  take_mlflow_status(told, text(query, 1));
  told.created_ns = time_of_milliseconds(query.getColumn(2).getInt64());
  told.ended_ns = time_of_milliseconds(query.getColumn(3).getInt64());
  if (!database.tableExists("experiments")) return;
  SQLite::Statement named(database, "SELECT name FROM experiments WHERE experiment_id = ?");
  named.bind(1, query.getColumn(4).getInt64());
  if (named.executeStep()) told.origin["experiment"] = text(named, 0);
}

// In the order in which they were logged.
void take_metrics(SQLite::Database& database, Told& told, const Tell& tell) {
  std::int64_t unreadable = 0;
  each_row(database, "SELECT key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ? ORDER BY rowid",
           told.id, "metric values", told, [&](SQLite::Statement& row) {
             const std::int64_t step = row.getColumn(3).getInt64();
             if (row.getColumn(0).isNull() || !is_step(step)) {
               ++unreadable;
               return;
             }
             const bool is_nan = row.getColumn(4).getInt() != 0 || row.getColumn(1).isNull();
             const double value = is_nan ? std::numeric_limits<double>::quiet_NaN() : row.getColumn(1).getDouble();
             tell_or_throw(tell, time_of_milliseconds(row.getColumn(2).getInt64()),
                           journal::MetricSamples{step, {{text(row, 0), value}}});
           });
  if (unreadable > 0) told.lost.push_back(counted(unreadable, "metric value") + " without a name or a possible step");
}

}  // namespace

Found find_mlflow_database(const fs::path& file) {
  Found found;
  if (!is_database(file)) return found;
  try {
    SQLite::Database database = opened(file);
    if (!has_tables(database)) return found;
    SQLite::Statement runs(database,
                           "SELECT run_uuid, name FROM runs WHERE lifecycle_stage IS NOT 'deleted' ORDER BY run_uuid");
    while (runs.executeStep()) {
      const std::string id = text(runs, 0);
      if (!id.empty()) found.sources.push_back({Format::mlflow, file, id, text(runs, 1)});
    }
    SQLite::Statement deleted(database, "SELECT count(*) FROM runs WHERE lifecycle_stage = 'deleted'");
    if (deleted.executeStep() && deleted.getColumn(0).getInt64() > 0)
      found.left_out.push_back(counted(deleted.getColumn(0).getInt64(), "run") + " deleted in MLflow");
  } catch (const SQLite::Exception& exception) {
    refuse(file, exception);
  }
  return found;
}

Told read_mlflow_database(const Source& source, const Tell& tell) {
  Told told;
  told.id = source.part;
  try {
    SQLite::Database database = opened(source.path);
    take_facts(database, source.path, told);
    each_row(database, "SELECT key, value FROM params WHERE run_uuid = ? ORDER BY key", told.id, "parameters", told,
             [&](SQLite::Statement& row) { told.settings[text(row, 0)] = setting_in(text(row, 1)); });
    each_row(database, "SELECT key, value FROM tags WHERE run_uuid = ? ORDER BY key", told.id, "tags", told,
             [&](SQLite::Statement& row) { take_mlflow_tag(told, text(row, 0), text(row, 1)); });
    take_metrics(database, told, tell);
  } catch (const SQLite::Exception& exception) {
    refuse(source.path, exception);
  }
  return told;
}

}  // namespace athanor::imports
