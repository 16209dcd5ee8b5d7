// What could be written at a place of a query. Pure; any thread.
#pragma once

#include "core/query/table.h"

#include <optional>

namespace athanor::query {

enum class CandidateKind : std::uint8_t {
  column,    // see origin and type
  function,  // with its opening bracket: "min("
  sign,      // an operator or a word as and
  value,     // of the column that is compared, quoted where it must be
  mark       // is:running
};

struct Candidate {
  std::string text;  // what takes the place of the range
  CandidateKind kind = CandidateKind::column;
  std::optional<Origin> origin;  // of columns
  std::optional<Type> type;      // of columns and functions
  std::string help;              // a short description; may be empty
};

struct Completion {
  std::size_t begin = 0, end = 0;     // the range to replace, in bytes: what is being written; empty between words
  std::vector<Candidate> candidates;  // best first, at most kMostCandidates
};
inline constexpr std::size_t kMostCandidates = 200;

// caret: in bytes, from 0 to the size of the text.
[[nodiscard]] Completion complete(std::string_view text, std::size_t caret, const Table& table);

}  // namespace athanor::query
