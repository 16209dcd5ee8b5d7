#include "core/query/character_set.h"

#include <unicode/uniset.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>

namespace athanor::query {
namespace {

constexpr char32_t kLastCharacter = 0x10FFFF;

CharacterSet from_icu(const icu::UnicodeSet& set) {
  CharacterSet ranges;
  for (std::int32_t i = 0; i < set.getRangeCount(); ++i)
    ranges.push_back({static_cast<char32_t>(set.getRangeStart(i)), static_cast<char32_t>(set.getRangeEnd(i))});
  return ranges;
}

std::optional<CharacterSet> from_icu(std::string_view pattern) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeSet set(
      icu::UnicodeString::fromUTF8(icu::StringPiece(pattern.data(), static_cast<std::int32_t>(pattern.size()))),
      status);
  if (U_FAILURE(status) != 0) return std::nullopt;
  return from_icu(set);
}

}  // namespace

CharacterSet normalized(CharacterSet ranges) {
  std::ranges::sort(ranges, {}, &CharacterRange::first);
  CharacterSet merged;
  for (const CharacterRange& range : ranges) {
    if (!merged.empty() && range.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

CharacterSet complement(const CharacterSet& set) {
  CharacterSet rest;
  char32_t from = 0;
  for (const CharacterRange& range : set) {
    if (range.first > from) rest.push_back({from, range.first - 1});
    from = range.last + 1;
  }
  if (from <= kLastCharacter) rest.push_back({from, kLastCharacter});
  return rest;
}

CharacterSet close_case(const CharacterSet& set) {
  icu::UnicodeSet icu_set;
  for (const CharacterRange& range : set)
    icu_set.add(static_cast<UChar32>(range.first), static_cast<UChar32>(range.last));
  icu_set.closeOver(USET_CASE_INSENSITIVE);
  icu_set.removeAllStrings();  // ß is one character here, not also "ss"
  return from_icu(icu_set);
}

bool contains(const CharacterSet& set, char32_t character) noexcept {
  const auto after = std::ranges::upper_bound(set, character, {}, &CharacterRange::first);
  return after != set.begin() && character <= std::prev(after)->last;
}

const CharacterSet& digits() {
  static const CharacterSet set = from_icu(R"([\p{Nd}])").value_or(CharacterSet{{'0', '9'}});
  return set;
}

const CharacterSet& words() {
  static const CharacterSet set = from_icu(R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200C\u200D])")
                                      .value_or(CharacterSet{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}});
  return set;
}

const CharacterSet& spaces() {
  static const CharacterSet set = from_icu(R"([\p{White_Space}])").value_or(CharacterSet{{'\t', '\r'}, {' ', ' '}});
  return set;
}

std::optional<CharacterSet> property(std::string_view name) {
  constexpr std::size_t kLongestName = 60;
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '=' ||
           c == ' ' || c == '-';
  });
  if (name.empty() || name.size() > kLongestName || !plain) return std::nullopt;
  return from_icu(R"([\p{)" + std::string(name) + "}]");
}

char32_t next_character(std::string_view text, std::size_t& at) noexcept {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  UChar32 character = 0;
  U8_NEXT_OR_FFFD(bytes, at, text.size(), character);
  return static_cast<char32_t>(character);
}

}  // namespace athanor::query
