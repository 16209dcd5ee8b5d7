// What is wrong with a query, as values with their place in its text. Any thread.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::query {

enum class FaultKind : std::uint8_t {
  syntax,          // something else was expected here
  unknown_name,    // no field, parameter, metric or function
  ambiguous_name,  // candidates: the whole names it may mean
  wrong_type,
  bad_pattern,  // a regular expression
  bad_date,     // written like one, but in no calendar
  too_large     // longer or nested deeper than is allowed
};

struct Fault {
  FaultKind kind = FaultKind::syntax;
  std::size_t position = 0;  // in the text, in bytes
  std::size_t length = 0;    // 0: between two characters, or at the end
  std::string sentence;      // "\"stp\" is no field, parameter or metric"
  std::string expected;      // "a condition", "a number"; may be empty
  std::string nearest;       // the known name that was probably meant; may be empty
  std::vector<std::string> candidates;
};
using Faults = std::vector<Fault>;  // in the order of their places

// All of it in a line: "\"stp\" is no field, parameter or metric; perhaps step is meant"
[[nodiscard]] std::string to_string(const Fault& fault);
// For a terminal: the query's line with a line of ^ under the place.
[[nodiscard]] std::string underlined(std::string_view text, const Fault& fault);
// All faults of a text, underlined, as one Error: invalid_input.
[[nodiscard]] Error to_error(std::string_view text, const Faults& faults);

}  // namespace athanor::query
