// The syntax of regular expressions as a tree. Internal to pattern.h.
//
//   x  .  [a-z]  [^a-z]  \d \D \w \W \s \S  \p{L} \P{L}  \t \n \r \f \v  \x41 \x{1F600} \u00E4   one character
//   ^ $ \b \B                            begin, end, edge of a word, none
//   xy  x|y  (x)  (?:x)                  sequence, choice, groups
//   x* x+ x? x{3} x{3,} x{3,5}           repetition; a following ? changes nothing of what is found
//
// Neither look-around nor back references: no automaton can do them in time linear in the text.
#pragma once

#include "core/query/pattern_machine.h"

namespace athanor::query {

inline constexpr int kNoEnd = -1;  // of a repetition

struct SyntaxNode {
  enum class Kind : std::uint8_t { set, assertion, sequence, choice, repeat };
  Kind kind = Kind::sequence;
  std::uint16_t what = 0;  // number of the set, or Assertion
  int least = 0, most = 0;
  std::vector<std::uint32_t> parts = {};
};

struct Syntax {
  std::vector<SyntaxNode> nodes;
  std::uint32_t root = 0;
  std::vector<CharacterSet> sets;  // closed under case
};

[[nodiscard]] tl::expected<Syntax, PatternFault> read_pattern(std::string_view pattern);

}  // namespace athanor::query
