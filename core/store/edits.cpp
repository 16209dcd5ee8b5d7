#include "core/store/edits.h"

#include "core/store/database.h"

#include <nlohmann/json.hpp>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace athanor::store {
namespace {

using Json = nlohmann::json;

constexpr int kKeptSteps = 10000;

struct Column {
  std::string_view name;
  const char* select;
  const char* update;
};
constexpr std::array<Column, 5> kColumns = {{
    {"name", "SELECT name FROM run WHERE id = ?", "UPDATE run SET name = ? WHERE id = ?"},
    {"tags", "SELECT tags FROM run WHERE id = ?", "UPDATE run SET tags = ? WHERE id = ?"},
    {"note", "SELECT note FROM run WHERE id = ?", "UPDATE run SET note = ? WHERE id = ?"},
    {"pinned", "SELECT pinned FROM run WHERE id = ?", "UPDATE run SET pinned = ? WHERE id = ?"},
    {"deleted_ns", "SELECT deleted_ns FROM run WHERE id = ?", "UPDATE run SET deleted_ns = ? WHERE id = ?"},
}};

Json value_of(Connection& connection, const Column& column, RunId run) {
  auto& query = connection.statement(column.select);
  query.bind(1, run);
  if (!query.executeStep()) {
    throw Failure(ErrorKind::invalid_input, "change run " + std::to_string(run), "the history has no such run",
                  "see which there are: athanor-agent list");
  }
  const SQLite::Column value = query.getColumn(0);
  if (value.isNull()) return nullptr;
  if (value.isInteger()) return value.getInt64();
  return value.getString();
}

void set_value(Connection& connection, const Column& column, RunId run, const Json& value) {
  auto& update = connection.statement(column.update);
  if (value.is_null()) {
    update.bind(1);
  } else if (value.is_number_integer()) {
    update.bind(1, value.get<std::int64_t>());
  } else {
    update.bind(1, value.get<std::string>());
  }
  update.bind(2, run);
  update.exec();
}

struct Step {
  std::int64_t id = 0;
  std::string text;
  Json changes;
};

Step step_of(SQLite::Statement& row) {
  return {row.getColumn(0).getInt64(), text_of(row, 1), Json::parse(text_of(row, 2))};
}

std::optional<Step> find_step(Connection& connection, const char* sql) {
  auto& query = connection.statement(sql);
  if (!query.executeStep()) return std::nullopt;
  return step_of(query);
}

constexpr const char* kNewestDone = "SELECT id, text, changes FROM edit WHERE undone = 0 ORDER BY id DESC LIMIT 1";
constexpr const char* kOldestUndone = "SELECT id, text, changes FROM edit WHERE undone = 1 ORDER BY id LIMIT 1";

constexpr const char* kForgetStep = "DELETE FROM edit WHERE id = ?1";
constexpr const char* kChangeStep = "UPDATE edit SET changes = ?2 WHERE id = ?1";

std::string as_text(const Json& changes) { return changes.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string replay(Connection& connection, const char* sql, const char* side, bool undone) {
  const auto step = find_step(connection, sql);
  if (!step) {
    throw Failure(ErrorKind::invalid_input, undone ? "undo" : "redo",
                  undone ? "there is nothing to undo" : "there is nothing to redo");
  }
  for (const Json& change : step->changes) {
    for (const Column& column : kColumns) {
      if (column.name == change.at("field").get<std::string>())
        set_value(connection, column, change.at("run"), change.at(side));
    }
  }
  auto& update = connection.statement("UPDATE edit SET undone = ? WHERE id = ?");
  SQLite::bind(update, undone ? 1 : 0, step->id);
  update.exec();
  return step->text;
}

}  // namespace

void edit(Connection& connection, const std::string& text, Field field, const std::vector<RunId>& runs,
          const Json& value) {
  const Column& column = kColumns.at(static_cast<std::size_t>(field));
  Json changes = Json::array();
  for (const RunId run : runs) {
    const Json before = value_of(connection, column, run);
    if (before == value) continue;
    changes.push_back({{"run", run}, {"field", column.name}, {"before", before}, {"after", value}});
    set_value(connection, column, run, value);
  }
  if (changes.empty()) return;
  connection.statement("DELETE FROM edit WHERE undone = 1").exec();  // a new step closes the way to undone ones
  auto& insert = connection.statement("INSERT INTO edit (text, changes) VALUES (?, ?)");
  SQLite::bind(insert, text, as_text(changes));
  insert.exec();
  auto& trim = connection.statement("DELETE FROM edit WHERE id <= (SELECT max(id) FROM edit) - ?");
  trim.bind(1, kKeptSteps);
  trim.exec();
}

void forget_edits(Connection& connection, RunId run) {
  std::vector<Step> touched;
  auto& query = connection.statement("SELECT id, text, changes FROM edit WHERE instr(changes, ?) > 0");
  query.bind(1, "\"run\":" + std::to_string(run) + "}");
  while (query.executeStep()) {
    Step step = step_of(query);
    Json others = Json::array();
    for (Json& change : step.changes)
      if (change.at("run") != run) others.push_back(std::move(change));
    step.changes = std::move(others);
    touched.push_back(std::move(step));
  }
  for (const Step& step : touched) {
    auto& update = connection.statement(step.changes.empty() ? kForgetStep : kChangeStep);
    update.bind(1, step.id);
    if (!step.changes.empty()) update.bind(2, as_text(step.changes));
    update.exec();
  }
}

std::string undo(Connection& connection) { return replay(connection, kNewestDone, "before", true); }
std::string redo(Connection& connection) { return replay(connection, kOldestUndone, "after", false); }

std::string undo_text(Connection& connection) {
  const auto step = find_step(connection, kNewestDone);
  return step ? step->text : std::string();
}

std::string redo_text(Connection& connection) {
  const auto step = find_step(connection, kOldestUndone);
  return step ? step->text : std::string();
}

}  // namespace athanor::store
