// Reads the text of a query. Pure; any thread. The grammar, what binds least first:
//
//   condition  or:  a or b   a || b
//              and: a and b  a && b  a b          side by side means and
//              not: not a    !a
//   comparison x = y  != < <= > >=   x ~ pattern   x !~ pattern   x in (a, b)   x not in (a, b)
//   value      a + b  a - b   a * b  a / b   -a   f(a)   (…)
//   single     name  `odd name`  "text"  'text'  12  40%  2h  2026-11-01  true
//
// A value where a condition is expected is searched for: "abl two-tower" finds both words.
#pragma once

#include "core/query/fault.h"
#include "core/query/tree.h"

#include <string_view>

namespace athanor::query {

struct Parsed {
  Tree tree;      // with broken nodes where something could not be understood
  Faults faults;  // of syntax; at most kMostFaults
};
inline constexpr std::size_t kLongestQuery = 65'536;  // bytes
inline constexpr std::uint16_t kDeepestTree = 200;
inline constexpr std::size_t kMostFaults = 20;

// As a filter: its root is a condition.
[[nodiscard]] Parsed parse_condition(std::string_view text);
// As a sort key, a column, a limit: its root may be any value.
[[nodiscard]] Parsed parse_value(std::string_view text);

// The functions of the language: min, max, first, last, mean, count, has, is_nan.
[[nodiscard]] bool is_function(std::string_view name) noexcept;

}  // namespace athanor::query
