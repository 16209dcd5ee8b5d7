// A query's text cut into tokens. Pure; any thread.
//
// Words are as in a search: everything up to a space or an operator, so "two-tower", "train/loss", "is:running" and
// "3e-4" are one word each. - and / belong to the word before them; after a space or a bracket they are operators:
// "a - b", "min(a)/2".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::query {

enum class TokenKind : std::uint8_t {
  word,         // also and, or, not, in, true, false, numbers, dates
  text,         // "…" or '…', a quote inside doubled; or a pattern that follows bare on ~
  quoted_name,  // `…`
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  matches,
  matches_not,
  plus,
  minus,
  times,
  over,
  both,    // &&
  either,  // ||
  negation,
  open,
  close,
  comma,
  end
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t position = 0;  // in bytes
  std::size_t length = 0;    // with the quotes
  std::string text;          // of word, text and quoted_name, without them
  bool closed = true;        // false: the closing quote is missing
};

// The last one is `end`, at the end of the text.
[[nodiscard]] std::vector<Token> tokens_of(std::string_view text);

// The words of a text that has no quotes.
[[nodiscard]] std::vector<std::string_view> split_at_spaces(std::string_view text);

// The token's word in small letters is `keyword`.
[[nodiscard]] bool is_keyword(const Token& token, std::string_view keyword) noexcept;
// Stands in a query for itself, without quotes, as a name.
[[nodiscard]] bool is_plain_name(std::string_view name);
// Between these quotes, those inside doubled.
[[nodiscard]] std::string quoted(std::string_view text, char quote);

}  // namespace athanor::query
