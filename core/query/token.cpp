#include "core/query/token.h"

#include "core/query/literal.h"

#include <algorithm>
#include <array>

namespace athanor::query {
namespace {

struct Sign {
  std::string_view text;
  TokenKind kind;
};
// Longer ones before those they begin with.
constexpr std::array<Sign, 21> kSigns = {
    {{"==", TokenKind::equal},      {"!=", TokenKind::not_equal},     {"<>", TokenKind::not_equal},
     {"<=", TokenKind::less_equal}, {">=", TokenKind::greater_equal}, {"!~", TokenKind::matches_not},
     {"&&", TokenKind::both},       {"||", TokenKind::either},        {"=", TokenKind::equal},
     {"<", TokenKind::less},        {">", TokenKind::greater},        {"~", TokenKind::matches},
     {"+", TokenKind::plus},        {"-", TokenKind::minus},          {"*", TokenKind::times},
     {"/", TokenKind::over},        {"!", TokenKind::negation},       {"(", TokenKind::open},
     {")", TokenKind::close},       {",", TokenKind::comma},          {"", TokenKind::end}}};

// Bytes of the space that begins here, 0 where none does: ASCII, no-break, U+2000 to U+200A, ideographic.
std::size_t space_at(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("\xC2\xA0")) return 2;
  if (rest.starts_with("\xE3\x80\x80")) return 3;
  const bool general = rest.size() > 2 && rest.starts_with("\xE2\x80") && static_cast<unsigned char>(rest[2]) >= 0x80 &&
                       static_cast<unsigned char>(rest[2]) <= 0x8A;
  return general ? 3 : 0;
}

class Cutter {
 public:
  explicit Cutter(std::string_view text) : text_(text) {}

  std::vector<Token> cut() {
    for (skip_spaces(); at_ < text_.size(); skip_spaces()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'' || c == '`') {
        quotation(c);
      } else if (after(TokenKind::matches) || after(TokenKind::matches_not)) {
        pattern();
      } else if (c == '/' && begins_path()) {
        word(TokenKind::text);
      } else if (const Sign& sign = sign_at(at_); !sign.text.empty()) {
        add(sign.kind, sign.text.size());
      } else {
        word(TokenKind::word);
      }
    }
    add(TokenKind::end, 0);
    return std::move(tokens_);
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size()) {
      const std::size_t bytes = space_at(text_, at_);
      if (bytes == 0) return;
      at_ += bytes;
    }
  }
  [[nodiscard]] bool after(TokenKind kind) const { return !tokens_.empty() && tokens_.back().kind == kind; }
  // "/data" where nothing stands before it that could be divided.
  [[nodiscard]] bool begins_path() const {
    const bool divides =
        after(TokenKind::word) || after(TokenKind::text) || after(TokenKind::quoted_name) || after(TokenKind::close);
    return !divides && at_ + 1 < text_.size() && space_at(text_, at_ + 1) == 0 && in_word(at_ + 1);
  }
  [[nodiscard]] const Sign& sign_at(std::size_t at) const {
    const std::string_view rest = text_.substr(std::min(at, text_.size()));
    return *std::ranges::find_if(kSigns, [&](const Sign& sign) { return rest.starts_with(sign.text); });
  }

  // Whether the character here goes on with a word, or could begin one.
  [[nodiscard]] bool in_word(std::size_t at) const {
    if (space_at(text_, at) > 0) return false;
    const TokenKind sign = sign_at(at).kind;
    if (sign == TokenKind::minus || sign == TokenKind::over)
      return sign_at(at + 1).kind != TokenKind::open;              // "a-(b)" subtracts, "a-b" and "a-" are words
    return sign == TokenKind::end || sign == TokenKind::negation;  // "great!"
  }

  void add(TokenKind kind, std::size_t length, std::string text = {}, bool closed = true) {
    tokens_.push_back({kind, at_, length, std::move(text), closed});
    at_ += length;
  }

  void word(TokenKind kind) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && in_word(end)) ++end;
    add(kind, end - at_, std::string(text_.substr(at_, end - at_)));
  }

  void quotation(char quote) {
    std::string text;
    std::size_t end = at_ + 1;
    bool closed = false;
    for (; end < text_.size() && !closed; ++end) {
      if (text_[end] != quote) {
        text += text_[end];
      } else if (end + 1 < text_.size() && text_[end + 1] == quote) {
        text += text_[end++];
      } else {
        closed = true;
      }
    }
    add(quote == '`' ? TokenKind::quoted_name : TokenKind::text, end - at_, std::move(text), closed);
  }

  // tag ~ abl.*(1|2): up to a space, or a bracket that it did not open itself.
  void pattern() {
    std::size_t end = at_;
    int open = 0;
    bool in_set = false;
    for (; end < text_.size() && space_at(text_, end) == 0; ++end) {
      const char c = text_[end];
      if (c == '\\' && end + 1 < text_.size() && space_at(text_, end + 1) == 0) {
        ++end;
      } else if (in_set) {
        in_set = c != ']';
      } else if (c == '[') {
        in_set = true;
      } else if (c == '(') {
        ++open;
      } else if (c == ')' && --open < 0) {
        break;
      }
    }
    if (end == at_) return add(TokenKind::close, 1);
    add(TokenKind::text, end - at_, std::string(text_.substr(at_, end - at_)));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::vector<std::string_view> split_at_spaces(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = space_at(text, at);
    if (bytes > 0 && at > begin) words.push_back(text.substr(begin, at - begin));
    at += std::max<std::size_t>(bytes, 1);
    if (bytes > 0) begin = at;
  }
  if (begin < text.size()) words.push_back(text.substr(begin));
  return words;
}

std::vector<Token> tokens_of(std::string_view text) { return Cutter(text).cut(); }

bool is_keyword(const Token& token, std::string_view keyword) noexcept {
  return token.kind == TokenKind::word &&
         std::ranges::equal(token.text, keyword, [](char a, char b) { return small(a) == b; });
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || read_literal(name)) return false;
  const auto tokens = tokens_of(name);
  if (tokens.size() != 2 || tokens[0].kind != TokenKind::word || tokens[0].length != name.size()) return false;
  return std::ranges::none_of(std::array{"and", "or", "not", "true", "false"},
                              [&](const char* keyword) { return is_keyword(tokens[0], keyword); });
}

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    out += c;
    if (c == quote) out += c;
  }
  return out + quote;
}

}  // namespace athanor::query
