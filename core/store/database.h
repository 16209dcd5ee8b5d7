// One SQLite connection with its prepared statements, the schema's versions, and SQLite's refusals as Errors. Internal
// to the store: no other folder sees SQLite. One thread at a time.
#pragma once

#include "core/base/guarded.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include <filesystem>
#include <map>
#include <string>

namespace athanor::store {

inline constexpr int kSchemaVersion = 8;

class Connection {
 public:
  // Throw Failure.
  static Connection open_for_writing(const std::filesystem::path& file);  // creates or migrates
  static Connection open_for_reading(const std::filesystem::path& file);

  // The prepared statement of a literal, reset and without bindings. One use at a time: do not keep it across calls.
  SQLite::Statement& statement(const char* sql);
  // Lets go of rows half read, so that no snapshot is kept open.
  void reset();
  // Brings what its log holds into the file, as far as that can be done, so that the log begins anew and needs no more
  // room. Outside transactions.
  void fold() noexcept;
  [[nodiscard]] SQLite::Database& database() { return database_; }

  // A run's folder as a row has it and as everyone else does. Rows name folders below the history's own folder as seen
  // from there, so that a home that was moved or copied has its own runs and touches no other's.
  [[nodiscard]] std::string kept_folder(const std::filesystem::path& folder) const;
  [[nodiscard]] std::string whole_folder(const std::string& kept) const { return (home_ / kept).string(); }

 private:
  Connection(SQLite::Database database, const std::filesystem::path& file);
  SQLite::Database database_;
  std::filesystem::path home_;
  std::map<const char*, SQLite::Statement> statements_;
};

// Throws Failure(unavailable) when this version of the schema is not known here.
void refuse_newer(int version, const std::string& intention);

// A text as SQLite gives it; a blob as bytes; a REAL whose NaN SQLite keeps as NULL.
[[nodiscard]] std::string text_of(SQLite::Statement& statement, int column);
[[nodiscard]] std::string bytes_of(SQLite::Statement& statement, int column);
[[nodiscard]] double number_of(SQLite::Statement& statement, int column);

[[nodiscard]] Error error_of(const SQLite::Exception& exception, const std::string& intention);

// athanor::guarded, with SQLite's refusals as the Errors they mean.
template <class F>
auto guarded(const char* intention, F&& work) -> Result<decltype(work())> {
  return athanor::guarded(intention, [&]() -> decltype(work()) {
    try {
      return work();
    } catch (const SQLite::Exception& exception) {
      throw Failure(error_of(exception, intention));
    }
  });
}

}  // namespace athanor::store
