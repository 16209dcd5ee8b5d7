#include "core/store/run_rows.h"

#include "core/store/database.h"

#include <nlohmann/json.hpp>

#include <unordered_map>

namespace athanor::store {
namespace {

#define ATH_RUN_COLUMNS                                                                                             \
  ", model, created_ns, started_ns, ended_ns, step, steps, parent, fork_step, tags, note, pinned, deleted_ns FROM " \
  "run "
#define ATH_RUN "SELECT id, name, status, cause, directory, "

std::vector<std::string> tags_of(const std::string& text) {
  if (text == "[]") return {};
  std::vector<std::string> tags;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  for (const auto& tag : json) {
    if (tag.is_string()) tags.push_back(tag);
  }
  return tags;
}

Run run_of(const Connection& connection, SQLite::Statement& row) {
  Run run;
  run.id = row.getColumn(0).getInt64();
  run.name = text_of(row, 1);
  run.status = static_cast<RunStatus>(row.getColumn(2).getInt());
  run.cause = text_of(row, 3);
  run.directory = connection.whole_folder(text_of(row, 4));
  run.recipe_toml = text_of(row, 5);
  run.model = text_of(row, 6);
  run.created_ns = row.getColumn(7).getInt64();
  run.started_ns = row.getColumn(8).getInt64();
  run.ended_ns = row.getColumn(9).getInt64();
  run.step = row.getColumn(10).getInt64();
  run.steps = row.getColumn(11).getInt64();
  if (!row.getColumn(12).isNull()) run.parent = row.getColumn(12).getInt64();
  run.fork_step = row.getColumn(13).getInt64();
  run.tags = tags_of(text_of(row, 14));
  run.note = text_of(row, 15);
  run.pinned = row.getColumn(16).getInt() != 0;
  if (!row.getColumn(17).isNull()) run.deleted_ns = row.getColumn(17).getInt64();
  return run;
}

// Of a row that begins with the run.
JournalDamage damage_of(SQLite::Statement& row) {
  return {row.getColumn(1).getInt(), row.getColumn(2).getInt64(), row.getColumn(3).getInt64(),
          row.getColumn(4).getInt() != 0, text_of(row, 5)};
}

using ById = std::unordered_map<RunId, Run*>;

ById by_id(std::vector<Run>& runs) {
  ById all;
  all.reserve(runs.size());
  for (Run& run : runs) all.emplace(run.id, &run);
  return all;
}

std::vector<Run> runs_of(Connection& connection, SQLite::Statement& query) {
  std::vector<Run> runs;
  while (query.executeStep()) runs.push_back(run_of(connection, query));
  return runs;
}

void add_damage(Connection& connection, const ById& runs) {
  auto& query =
      connection.statement("SELECT run, rank, offset, bytes, tail, reason FROM damage ORDER BY run, rank, offset");
  while (query.executeStep())
    if (const auto found = runs.find(query.getColumn(0).getInt64()); found != runs.end())
      found->second->damage.push_back(damage_of(query));
}

void add_damage(Connection& connection, Run& run) {
  auto& query = connection.statement(
      "SELECT run, rank, offset, bytes, tail, reason FROM damage WHERE run = ? ORDER BY rank, offset");
  query.bind(1, run.id);
  while (query.executeStep()) run.damage.push_back(damage_of(query));
}

void add_last_values(Connection& connection, const ById& runs) {
  auto& query = connection.statement("SELECT run, name, last FROM metric WHERE samples > 0 ORDER BY run");
  Run* current = nullptr;
  while (query.executeStep()) {
    const RunId id = query.getColumn(0).getInt64();
    if (current == nullptr || current->id != id) {
      const auto found = runs.find(id);
      current = found != runs.end() ? found->second : nullptr;
    }
    if (current != nullptr) current->last.emplace(text_of(query, 1), number_of(query, 2));
  }
}

// Of one metric, of every run that has it.
void add_last_values(Connection& connection, const ById& runs, const std::string& metric) {
  auto& query = connection.statement(
      "SELECT run, last FROM metric INDEXED BY metric_runs WHERE name = ? AND samples > 0 ORDER BY run");
  query.bind(1, metric);
  while (query.executeStep())
    if (const auto found = runs.find(query.getColumn(0).getInt64()); found != runs.end())
      found->second->last.emplace(metric, number_of(query, 1));
}

void add_last_values(Connection& connection, Run& run, std::span<const std::string> metrics) {
  for (const std::string& metric : metrics) {
    auto& query = connection.statement("SELECT last FROM metric WHERE run = ? AND name = ? AND samples > 0");
    SQLite::bind(query, run.id, metric);
    if (query.executeStep()) run.last.emplace(metric, number_of(query, 0));
  }
}

std::int64_t newest_change(Connection& connection) {
  auto& query = connection.statement("SELECT number - 1 FROM next_change");
  return query.executeStep() ? query.getColumn(0).getInt64() : 0;
}

std::string identity(Connection& connection) {
  auto& query = connection.statement("SELECT id FROM history");
  return query.executeStep() ? text_of(query, 0) : std::string();
}

}  // namespace

std::vector<Run> read_runs(Connection& connection, Recipes recipes) {
  auto& query = connection.statement(recipes == Recipes::read
                                         ? ATH_RUN "recipe" ATH_RUN_COLUMNS "ORDER BY created_ns DESC, id DESC"
                                         : ATH_RUN "''" ATH_RUN_COLUMNS "ORDER BY created_ns DESC, id DESC");
  std::vector<Run> runs = runs_of(connection, query);
  const ById all = by_id(runs);
  add_last_values(connection, all);
  add_damage(connection, all);
  return runs;
}

Run read_run(Connection& connection, RunId id) {
  auto& query = connection.statement(ATH_RUN "recipe" ATH_RUN_COLUMNS "WHERE id = ?");
  query.bind(1, id);
  if (!query.executeStep()) {
    throw Failure(ErrorKind::invalid_input, "read run " + std::to_string(id), "the history has no such run",
                  "see which there are: athanor-agent list");
  }
  Run run = run_of(connection, query);
  auto& last = connection.statement("SELECT name, last FROM metric WHERE run = ? AND samples > 0");
  last.bind(1, id);
  while (last.executeStep()) run.last.emplace(text_of(last, 0), number_of(last, 1));
  add_damage(connection, run);
  return run;
}

RunChanges read_changes(Connection& connection, const std::string& history, std::int64_t known,
                        std::span<const std::string> metrics) {
  RunChanges changes;
  changes.history = identity(connection);
  changes.newest = newest_change(connection);
  changes.anew = known == 0 || history != changes.history;
  if (changes.anew) {
    changes.changed =
        runs_of(connection,
                connection.statement(ATH_RUN "''" ATH_RUN_COLUMNS "ORDER BY pinned DESC, created_ns DESC, id DESC"));
    const ById all = by_id(changes.changed);
    for (const std::string& metric : metrics) add_last_values(connection, all, metric);
    add_damage(connection, all);
    return changes;
  }
  auto& altered = connection.statement(ATH_RUN "''" ATH_RUN_COLUMNS
                                               "WHERE changed > ? ORDER BY pinned DESC, created_ns DESC, id DESC");
  altered.bind(1, known);
  changes.changed = runs_of(connection, altered);
  for (Run& run : changes.changed) {
    add_last_values(connection, run, metrics);
    add_damage(connection, run);
  }
  auto& removed = connection.statement("SELECT run FROM gone WHERE changed > ? ORDER BY run");
  removed.bind(1, known);
  while (removed.executeStep()) changes.gone.push_back(removed.getColumn(0).getInt64());
  return changes;
}

}  // namespace athanor::store
