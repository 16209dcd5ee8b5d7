#include "core/store/settings.h"

#include "core/store/database.h"

#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include <optional>

namespace athanor::store {
namespace {

std::string text_of_list(const toml::array& list) {
  auto texts = nlohmann::json::array();
  for (const toml::node& each : list)
    if (const auto* text = each.as_string()) texts.push_back(text->get());
  return texts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class Rows {
 public:
  Rows(Connection& connection, RunId run) : connection_(connection), run_(run) {}

  void add(const std::string& prefix, const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string path = prefix + std::string(key.str());
      if (const auto* below = node.as_table()) {
        add(path + ".", *below);
        continue;
      }
      auto& insert = connection_.statement("INSERT OR REPLACE INTO setting (path, run, value) VALUES (?, ?, ?)");
      insert.bind(1, path);
      insert.bind(2, run_);
      if (bind(insert, node)) insert.exec();
    }
  }

 private:
  static bool bind(SQLite::Statement& insert, const toml::node& node) {
    if (const auto* flag = node.as_boolean())
      insert.bind(3, flag->get() ? 1.0 : 0.0);
    else if (const auto* whole = node.as_integer())
      insert.bind(3, static_cast<double>(whole->get()));
    else if (const auto* fraction = node.as_floating_point())
      insert.bind(3, fraction->get());
    else if (const auto* text = node.as_string())
      insert.bind(3, text->get());
    else if (const auto* list = node.as_array())
      insert.bind(3, text_of_list(*list));
    else
      return false;  // a date, which no field is
    return true;
  }

  Connection& connection_;
  RunId run_;
};

std::optional<SettingValue> value_of(const SQLite::Column& column) {
  if (column.isText()) return column.getString();
  if (!column.isNull()) return column.getDouble();
  return std::nullopt;
}

}  // namespace

void write_settings(Connection& connection, RunId run, const std::string& recipe_toml) {
  auto& drop = connection.statement("DELETE FROM setting WHERE run = ?");
  drop.bind(1, run);
  drop.exec();
  try {
    Rows(connection, run).add("", toml::parse(recipe_toml));
  } catch (const toml::parse_error&) {
    return;
  }
}

void write_all_settings(Connection& connection) {
  std::vector<RunId> runs;
  auto& all = connection.statement("SELECT id FROM run");
  while (all.executeStep()) runs.push_back(all.getColumn(0).getInt64());
  for (const RunId run : runs) {
    auto& query = connection.statement("SELECT recipe FROM run WHERE id = ?");
    query.bind(1, run);
    if (query.executeStep()) write_settings(connection, run, text_of(query, 0));
  }
}

std::vector<std::pair<RunId, SettingValue>> read_settings(Connection& connection, const std::string& path) {
  auto& query = connection.statement("SELECT run, value FROM setting WHERE path = ? ORDER BY run");
  query.bind(1, path);
  std::vector<std::pair<RunId, SettingValue>> all;
  while (query.executeStep())
    if (auto value = value_of(query.getColumn(1))) all.emplace_back(query.getColumn(0).getInt64(), std::move(*value));
  return all;
}

std::vector<std::pair<std::string, bool>> read_imported_settings(Connection& connection) {
  // A stroke comes right behind a dot.
  auto& query = connection.statement(
      "SELECT path, max(typeof(value) = 'text') FROM setting WHERE path >= 'imported.' AND path < 'imported/' "
      "GROUP BY path ORDER BY path");
  std::vector<std::pair<std::string, bool>> all;
  while (query.executeStep()) all.emplace_back(text_of(query, 0), query.getColumn(1).getInt() != 0);
  return all;
}

std::map<std::string, SettingValue> read_settings(Connection& connection, RunId run) {
  auto& query = connection.statement("SELECT path, value FROM setting INDEXED BY setting_run WHERE run = ?");
  query.bind(1, run);
  std::map<std::string, SettingValue> all;
  while (query.executeStep())
    if (auto value = value_of(query.getColumn(1))) all.emplace(text_of(query, 0), std::move(*value));
  return all;
}

}  // namespace athanor::store
