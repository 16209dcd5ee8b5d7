#include "core/store/database.h"

#include "core/store/schema.h"
#include "core/store/writer.h"

#include <sqlite3.h>

#include <limits>
#include <system_error>

namespace athanor::store {
namespace fs = std::filesystem;
namespace {

constexpr int kBusyMs = 5000;

int version_of(SQLite::Database& database) { return database.execAndGet("PRAGMA user_version").getInt(); }

SQLite::Database open_read_only(const fs::path& file) {
  try {
    SQLite::Database database(file.string(), SQLite::OPEN_READONLY, kBusyMs);
    version_of(database);  // the first read tells whether the log beside the file can be used
    return database;
  } catch (const SQLite::Exception&) {
    // In a folder that may not be written SQLite cannot join the log; a store at rest needs none.
    std::error_code ignored;
    const auto log = fs::file_size(file.string() + "-wal", ignored);
    if (!ignored && log > 0) throw;
    SQLite::Database database("file:" + file.string() + "?immutable=1", SQLite::OPEN_READONLY | SQLite::OPEN_URI,
                              kBusyMs);
    version_of(database);
    return database;
  }
}

}  // namespace

void refuse_newer(int version, const std::string& intention) {
  if (version <= kSchemaVersion) return;
  throw Failure(ErrorKind::unavailable, intention,
                "a newer Athanor wrote it (version " + std::to_string(version) + ", this one knows " +
                    std::to_string(kSchemaVersion) + ")",
                "update Athanor, or set ATHANOR_HOME to another folder");
}

Connection Connection::open_for_writing(const fs::path& file) {
  const std::string intention = "open the history " + file.string();
  try {
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs);
    refuse_newer(version_of(database), intention);
    database.exec("PRAGMA page_size = 16384");  // of a new file: a page of samples or summaries in one
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = NORMAL");
    database.exec("PRAGMA foreign_keys = ON");
    database.exec("PRAGMA temp_store = MEMORY");
    database.exec("PRAGMA cache_size = -16384");
    database.exec("PRAGMA wal_autocheckpoint = 1000");
    Connection connection(std::move(database), file);
    const int version = version_of(connection.database());
    migrate(connection, version, kSchemaVersion);
    if (version < kSchemaVersion) connection.fold();
    return connection;
  } catch (const SQLite::Exception& exception) {
    throw Failure(error_of(exception, intention));
  }
}

Connection Connection::open_for_reading(const fs::path& file) {
  const std::string intention = "open the history " + file.string();
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    throw Failure(ErrorKind::io, intention, "it does not exist yet",
                  "start athanor-agent once: it creates the history");
  }
  try {
    SQLite::Database database = open_read_only(file);
    const int version = version_of(database);
    refuse_newer(version, intention);
    if (version == 0) throw Failure(ErrorKind::io, intention, "it is still being created", "try again in a moment");
    if (version < kSchemaVersion) {
      throw Failure(ErrorKind::unavailable, intention, "an older Athanor wrote it",
                    "start athanor-agent once: it brings the history up to date");
    }
    database.exec("PRAGMA cache_size = -8192");
    return Connection(std::move(database), file);
  } catch (const SQLite::Exception& exception) {
    throw Failure(error_of(exception, intention));
  }
}

void fold_log(const fs::path& file) noexcept {
  try {
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE, kBusyMs);
    database.execAndGet("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const SQLite::Exception&) {
    return;  // it is damaged, or somebody reads it: its log goes where it goes
  }
}

Connection::Connection(SQLite::Database database, const fs::path& file)
    : database_(std::move(database)), home_(fs::absolute(file).lexically_normal().parent_path()) {}

std::string Connection::kept_folder(const fs::path& folder) const {
  const fs::path below = folder.lexically_normal().lexically_relative(home_);
  const bool is_below = !below.empty() && *below.begin() != ".." && below != ".";
  return (is_below ? below : folder).string();
}

SQLite::Statement& Connection::statement(const char* sql) {
  auto known = statements_.find(sql);
  if (known == statements_.end()) known = statements_.emplace(sql, SQLite::Statement(database_, sql)).first;
  known->second.tryReset();
  known->second.clearBindings();
  return known->second;
}

void Connection::reset() {
  for (auto& [sql, statement] : statements_) statement.tryReset();
}

void Connection::fold() noexcept {
  try {
    database_.execAndGet("PRAGMA wal_checkpoint(PASSIVE)");
  } catch (const SQLite::Exception&) {
    return;  // then the log stays as it is
  }
}

std::string text_of(SQLite::Statement& statement, int column) { return statement.getColumn(column).getString(); }

std::string bytes_of(SQLite::Statement& statement, int column) { return statement.getColumn(column).getString(); }

double number_of(SQLite::Statement& statement, int column) {
  const SQLite::Column value = statement.getColumn(column);
  return value.isNull() ? std::numeric_limits<double>::quiet_NaN() : value.getDouble();
}

Error error_of(const SQLite::Exception& exception, const std::string& intention) {
  switch (exception.getErrorCode()) {
    case SQLITE_FULL:
      return {ErrorKind::io, intention, "the disk is full", "free some disk space; what was recorded before is safe"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return {ErrorKind::unavailable, intention, "it may not be written there (" + std::string(exception.what()) + ")",
              "give yourself the right to write in that folder, or set ATHANOR_HOME to another one"};
    case SQLITE_IOERR:
      return {ErrorKind::io, intention, "the disk refused (" + std::string(exception.what()) + ")",
              "free some disk space or check the disk"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::io, intention, "another program holds it", "close that program and try again"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorKind::corrupt, intention, "it is damaged (" + std::string(exception.what()) + ")",
              "build it again from the run directories: athanor-agent rebuild"};
    default: return {ErrorKind::internal, intention, exception.what(), ""};
  }
}

}  // namespace athanor::store
