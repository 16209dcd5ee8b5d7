// Runs as rows of the table `run`. Inside a read transaction; throws SQLite::Exception.
#pragma once

#include "core/store/types.h"

#include <span>
#include <string>
#include <vector>

namespace athanor::store {

class Connection;

enum class Recipes { leave_out, read };

// Newest first, with the last value of every metric and their damage.
[[nodiscard]] std::vector<Run> read_runs(Connection& connection, Recipes recipes);
// Throws Failure(invalid_input) when there is no such run.
[[nodiscard]] Run read_run(Connection& connection, RunId id);
[[nodiscard]] RunChanges read_changes(Connection& connection, const std::string& history, std::int64_t known,
                                      std::span<const std::string> metrics);

}  // namespace athanor::store
