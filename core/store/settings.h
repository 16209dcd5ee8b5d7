// What recipes set, one row a field, so that one field of all runs is read at once. Used inside transactions; throws
// SQLite::Exception.
#pragma once

#include "core/store/setting_value.h"
#include "core/store/types.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace athanor::store {

class Connection;

// In place of what the run's recipe set before. Nothing for a text that is no recipe.
void write_settings(Connection& connection, RunId run, const std::string& recipe_toml);
void write_all_settings(Connection& connection);  // of every run
[[nodiscard]] std::vector<std::pair<RunId, SettingValue>> read_settings(Connection& connection,
                                                                        const std::string& path);
[[nodiscard]] std::map<std::string, SettingValue> read_settings(Connection& connection, RunId run);  // by path
// Paths below "imported", and whether any run has a text there.
[[nodiscard]] std::vector<std::pair<std::string, bool>> read_imported_settings(Connection& connection);

}  // namespace athanor::store
