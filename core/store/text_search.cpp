#include "core/store/text_search.h"

#include "core/store/database.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace athanor::store {
namespace {

constexpr std::array<std::pair<Found::In, const char*>, 6> kColumns = {{{Found::In::name, "name"},
                                                                        {Found::In::tags, "tags"},
                                                                        {Found::In::note, "note"},
                                                                        {Found::In::model, "model"},
                                                                        {Found::In::cause, "cause"},
                                                                        {Found::In::recipe, "recipe"}}};

// What FTS5 is to match: every word as a string of its own, so that no sign has a meaning; the last as a beginning.
std::string phrase_of(std::string_view words) {
  std::string phrase;
  while (!words.empty()) {
    const auto is_apart = [](char each) { return static_cast<unsigned char>(each) <= ' '; };
    const auto end = static_cast<std::size_t>(std::ranges::find_if(words, is_apart) - words.begin());
    if (end > 0) {
      if (!phrase.empty()) phrase += ' ';
      phrase += '"';
      for (const char each : words.substr(0, end)) phrase += each == '"' ? std::string("\"\"") : std::string(1, each);
      phrase += '"';
    }
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return phrase.empty() ? phrase : phrase + " *";
}

}  // namespace

std::vector<Found> find_words(Connection& connection, std::string_view words, int limit) {
  const std::string phrase = phrase_of(words);
  std::vector<Found> found;
  if (phrase.empty()) return found;
  for (const auto& [in, column] : kColumns) {
    auto& query = connection.statement(
        "SELECT rowid, snippet(run_text, -1, char(2), char(3), '…', 12) FROM run_text WHERE run_text MATCH ? "
        "ORDER BY rowid DESC LIMIT ?");
    SQLite::bind(query, std::string(column) + " : (" + phrase + ")", limit);
    while (query.executeStep()) found.push_back({query.getColumn(0).getInt64(), in, text_of(query, 1)});
  }
  auto& query = connection.statement(
      "SELECT log.run, snippet(log_text, 0, char(2), char(3), '…', 24), log.id, log.time_ns FROM log_text "
      "JOIN log ON log.id = log_text.rowid WHERE log_text MATCH ? ORDER BY log_text.rowid DESC LIMIT ?");
  SQLite::bind(query, phrase, limit);
  while (query.executeStep()) {
    found.push_back({query.getColumn(0).getInt64(), Found::In::log, text_of(query, 1), query.getColumn(2).getInt64(),
                     query.getColumn(3).getInt64()});
  }
  return found;
}

}  // namespace athanor::store
