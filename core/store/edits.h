// Changes of metadata as commands that can be taken back and done again, also by a later process. Used inside the
// writer's transactions; throws SQLite::Exception and Failure.
#pragma once

#include "core/store/types.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace athanor::store {

class Connection;

enum class Field { name, tags, note, pinned, deleted_ns };

// Sets the field of every run, as one step with this text. Runs that have the value already are left out; nothing is
// recorded when none remains. Throws Failure(invalid_input) when there is no such run.
void edit(Connection& connection, const std::string& text, Field field, const std::vector<RunId>& runs,
          const nlohmann::json& value);

// Takes a run out of all steps, as if it had had no part in them; steps of it alone go.
void forget_edits(Connection& connection, RunId run);

// The text of the step taken back or done again. Throws Failure(invalid_input) when there is none.
std::string undo(Connection& connection);
std::string redo(Connection& connection);
[[nodiscard]] std::string undo_text(Connection& connection);  // empty when there is none
[[nodiscard]] std::string redo_text(Connection& connection);

}  // namespace athanor::store
