// Full-text search over names, notes, recipes and logs. Inside a read transaction; throws SQLite::Exception.
#pragma once

#include "core/store/found.h"

#include <string_view>
#include <vector>

namespace athanor::store {

class Connection;

// Places with all words, of which the last may be a beginning: those of runs before lines of logs, newest lines first;
// at most `limit` of each. Deleted runs are found as well. Nothing for a text without words.
[[nodiscard]] std::vector<Found> find_words(Connection& connection, std::string_view words, int limit);

}  // namespace athanor::store
