// Sets of Unicode characters as sorted ranges, as regular expressions name them. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace athanor::query {

struct CharacterRange {
  char32_t first = 0;
  char32_t last = 0;  // included
  [[nodiscard]] bool operator==(const CharacterRange&) const = default;
};
// Sorted, without overlap.
using CharacterSet = std::vector<CharacterRange>;

// Takes ranges in any order.
[[nodiscard]] CharacterSet normalized(CharacterSet ranges);
// All other characters.
[[nodiscard]] CharacterSet complement(const CharacterSet& set);
// With what differs from its members only in case.
[[nodiscard]] CharacterSet close_case(const CharacterSet& set);
[[nodiscard]] bool contains(const CharacterSet& set, char32_t character) noexcept;

[[nodiscard]] const CharacterSet& digits();  // \d: Decimal_Number
[[nodiscard]] const CharacterSet& words();   // \w: Alphabetic, Mark, Decimal_Number, Connector_Punctuation, joiners
[[nodiscard]] const CharacterSet& spaces();  // \s: White_Space
// \p{name}, as ICU knows it: "L", "Lu", "Greek", "Script=Han". Empty when there is no such property.
[[nodiscard]] std::optional<CharacterSet> property(std::string_view name);

// The character that begins at `at`, which moves behind it. Bytes that are not UTF-8 read as U+FFFD.
[[nodiscard]] char32_t next_character(std::string_view text, std::size_t& at) noexcept;

}  // namespace athanor::query
