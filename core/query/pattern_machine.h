// Regular expressions as nondeterministic automata (Thompson's construction). Internal to pattern.h.
#pragma once

#include "core/query/character_set.h"

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::query {

// What is wrong with a regular expression, in bytes from its beginning.
struct PatternFault {
  std::size_t position = 0;
  std::size_t length = 0;
  std::string reason;  // "this bracket is never closed"
};

enum class Assertion : std::uint16_t { begin, end, word_edge, no_word_edge };

struct MachineState {
  enum class Kind : std::uint8_t {
    take,     // a character of sets[what], then next
    fork,     // next or other
    require,  // Assertion(what) holds here, then next
    match
  };
  Kind kind = Kind::match;
  std::uint16_t what = 0;
  std::uint16_t next = 0;
  std::uint16_t other = 0;
};

struct Machine {
  std::vector<MachineState> states;
  std::uint16_t start = 0;
  std::vector<CharacterSet> sets;  // each once
};

// Limits that keep a hostile pattern from costing time or memory.
inline constexpr std::size_t kLongestPattern = 1000;   // bytes
inline constexpr std::size_t kMostStates = 1000;       // after repetitions are written out
inline constexpr std::size_t kMostRanges = 10'000;     // of all sets together
inline constexpr std::size_t kMostNestedGroups = 100;  // brackets within brackets

// Case is ignored.
[[nodiscard]] tl::expected<Machine, PatternFault> machine_of(std::string_view pattern);
// For the text itself, in any case; only the first kLongestPattern bytes of it.
[[nodiscard]] Machine machine_of_word(std::string_view word);

}  // namespace athanor::query
