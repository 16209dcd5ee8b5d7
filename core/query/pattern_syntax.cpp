#include "core/query/pattern_syntax.h"

#include <algorithm>
#include <optional>

namespace athanor::query {
namespace {

constexpr int kMostRepetitions = 1000;

CharacterSet one(char32_t character) { return {{character, character}}; }

std::optional<char32_t> control(char letter) {
  switch (letter) {
    case 't': return U'\t';
    case 'n': return U'\n';
    case 'r': return U'\r';
    case 'f': return U'\f';
    case 'v': return U'\v';
    default: return std::nullopt;
  }
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

class PatternReader {
 public:
  explicit PatternReader(std::string_view pattern) : text_(pattern) {}

  tl::expected<Syntax, PatternFault> read() {
    if (text_.size() > kLongestPattern) {
      return tl::unexpected(PatternFault{0, text_.size(), "a pattern has at most 1000 bytes"});
    }
    syntax_.root = choice();
    if (!fault_ && at_ < text_.size()) fail(at_, 1, "this bracket closes nothing");
    if (fault_) return tl::unexpected(std::move(*fault_));
    return std::move(syntax_);
  }

 private:
  // The first fault stands; reading ends with it.
  void fail(std::size_t position, std::size_t length, std::string reason) {
    if (!fault_) fault_ = PatternFault{position, length, std::move(reason)};
    at_ = text_.size();
  }
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(std::string_view expected) {
    if (!text_.substr(std::min(at_, text_.size())).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }

  std::uint32_t add(SyntaxNode node) {
    syntax_.nodes.push_back(std::move(node));
    return static_cast<std::uint32_t>(syntax_.nodes.size() - 1);
  }
  std::uint32_t add_set(CharacterSet set) {
    auto known = std::ranges::find(syntax_.sets, set);
    if (known == syntax_.sets.end()) known = syntax_.sets.insert(known, std::move(set));
    const auto number = static_cast<std::uint16_t>(known - syntax_.sets.begin());
    return add({.kind = SyntaxNode::Kind::set, .what = number});
  }
  std::uint32_t add_assertion(Assertion assertion) {
    return add({.kind = SyntaxNode::Kind::assertion, .what = static_cast<std::uint16_t>(assertion)});
  }

  std::uint32_t choice() {
    SyntaxNode node{.kind = SyntaxNode::Kind::choice};
    do node.parts.push_back(sequence());
    while (take("|"));
    return node.parts.size() == 1 ? node.parts.front() : add(std::move(node));
  }

  std::uint32_t sequence() {
    SyntaxNode node{.kind = SyntaxNode::Kind::sequence};
    while (!at_end() && peek() != '|' && peek() != ')') node.parts.push_back(repetition());
    return add(std::move(node));
  }

  std::uint32_t repetition() {
    std::uint32_t node = atom();
    while (!at_end()) {
      const std::size_t begin = at_;
      int least = 0, most = kNoEnd;
      if (take("*")) {
        least = 0;
      } else if (take("+")) {
        least = 1;
      } else if (take("?")) {
        most = 1;
      } else if (peek() == '{') {
        if (!counts(least, most)) return node;
      } else {
        return node;
      }
      if (peek() == '+') fail(begin, at_ + 1 - begin, "a repetition that never gives back is not supported");
      (void)take("?");
      node = add({.kind = SyntaxNode::Kind::repeat, .least = least, .most = most, .parts = {node}});
    }
    return node;
  }

  // {3}, {3,} or {3,5}; false after a fault.
  bool counts(int& least, int& most) {
    const std::size_t begin = at_++;
    const auto first = number();
    std::optional<int> last = first;
    bool open = false;
    if (first && take(",")) {
      open = peek() == '}';
      if (!open) last = number();
    }
    if (!first || (!open && !last) || !take("}")) {
      fail(begin, 1, "after a brace stand one or two numbers, {3}, {3,} or {3,5}; \\{ is the brace itself");
      return false;
    }
    least = *first;
    most = open ? kNoEnd : *last;
    if (least > kMostRepetitions || most > kMostRepetitions || (most != kNoEnd && most < least)) {
      fail(begin, at_ - begin, "such a number of repetitions is not possible: at most 1000, the lesser one first");
      return false;
    }
    return true;
  }

  std::optional<int> number() {
    int value = 0;
    const std::size_t begin = at_;
    while (!at_end() && peek() >= '0' && peek() <= '9') {
      value = std::min(value * 10 + (peek() - '0'), kMostRepetitions + 1);
      ++at_;
    }
    if (at_ == begin) return std::nullopt;
    return value;
  }

  std::uint32_t atom() {
    const std::size_t begin = at_;
    switch (peek()) {
      case '(': return group();
      case '[': return add_set(bracket());
      case '\\': return escape();
      case '.': ++at_; return add_set(complement(one(U'\n')));
      case '^': ++at_; return add_assertion(Assertion::begin);
      case '$': ++at_; return add_assertion(Assertion::end);
      case '*':
      case '+':
      case '?':
      case '{': fail(begin, 1, "there is nothing before it that could be repeated"); return add({});
      default: return add_set(close_case(one(next_character(text_, at_))));
    }
  }

  std::uint32_t group() {
    const std::size_t begin = at_++;
    if (take("?")) {
      if (peek() == '=' || peek() == '!' || peek() == '<') {
        fail(begin, at_ + 1 - begin, "look-around is not supported");
      } else if (!take(":")) {
        fail(begin, at_ - begin, "only (?: may follow on a bracket; upper and lower case are the same anyway");
      }
    }
    if (++depth_ > kMostNestedGroups) fail(begin, 1, "brackets are nested too deep");
    const std::uint32_t node = choice();
    --depth_;
    if (!take(")")) fail(begin, 1, "this bracket is never closed");
    return node;
  }

  std::uint32_t escape() {
    if (take("\\b")) return add_assertion(Assertion::word_edge);
    if (take("\\B")) return add_assertion(Assertion::no_word_edge);
    const std::size_t begin = at_;
    bool single = false;
    CharacterSet set = escaped(single);
    if (!fault_ && set.empty()) fail(begin, at_ - begin, "no character has this property");
    return add_set(single ? close_case(set) : std::move(set));
  }

  // What a backslash stands for inside and outside of brackets. single: one character, as ranges are made of.
  CharacterSet escaped(bool& single) {
    const std::size_t begin = at_++;
    single = true;
    const char letter = peek();
    if (letter == 'x' || letter == 'u') return one(coded(begin));
    if (letter == 'p' || letter == 'P') {
      single = false;
      return named(begin);
    }
    if (const auto character = control(letter)) {
      ++at_;
      return one(*character);
    }
    if (const CharacterSet* set = class_of(letter)) {
      single = false;
      ++at_;
      return letter >= 'a' ? *set : complement(*set);
    }
    if (at_end()) {
      fail(begin, 1, "nothing follows on the backslash");
    } else if (letter >= '1' && letter <= '9') {
      fail(begin, 2, "references to groups are not supported");
    } else if (is_letter_or_digit(letter)) {
      fail(begin, 2, "this letter means nothing after a backslash");
    }
    return at_end() ? one(0) : one(next_character(text_, at_));
  }

  static const CharacterSet* class_of(char letter) {
    switch (letter) {
      case 'd':
      case 'D': return &digits();
      case 'w':
      case 'W': return &words();
      case 's':
      case 'S': return &spaces();
      default: return nullptr;
    }
  }

  // \x41, \x{1F600}, \u00E4: behind the backslash.
  char32_t coded(std::size_t begin) {
    constexpr char32_t kLast = 0x10FFFF;
    const bool braced = text_.substr(at_).starts_with("x{");
    std::size_t wanted = peek() == 'x' ? 2 : 4;
    at_ += braced ? 2 : 1;
    if (braced) wanted = 6;
    char32_t value = 0;
    std::size_t got = 0;
    for (; got < wanted && !at_end(); ++got, ++at_) {
      const char c = text_[at_];
      if (c >= '0' && c <= '9') {
        value = value * 16 + static_cast<char32_t>(c - '0');
      } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
        value = value * 16 + static_cast<char32_t>((c | 0x20) - 'a' + 10);
      } else {
        break;
      }
    }
    if (braced ? got == 0 || !take("}") || value > kLast : got != wanted) {
      fail(begin, at_ - begin, R"(a character's number is written \x41, \x{1F600} or \u00E4)");
      return 0;
    }
    return value;
  }

  // \p{L}, \P{L}, \pL: behind the backslash.
  CharacterSet named(std::size_t begin) {
    const bool others = text_[at_++] == 'P';
    std::string_view name = text_.substr(std::min(at_, text_.size()), 1);
    if (take("{")) {
      const std::size_t end = text_.find('}', at_);
      name = end == std::string_view::npos ? std::string_view() : text_.substr(at_, end - at_);
      at_ = end == std::string_view::npos ? text_.size() : end + 1;
    } else {
      at_ += name.size();
    }
    const auto set = property(name);
    if (!set) {
      fail(begin, std::min(at_, text_.size()) - begin, "there is no such property of characters");
      return {};
    }
    return others ? complement(*set) : *set;
  }

  // [...]
  CharacterSet bracket() {
    const std::size_t begin = at_++;
    const bool others = take("^");
    CharacterSet ranges;
    for (bool first = true; first || peek() != ']'; first = false) {
      if (at_end()) {
        fail(begin, 1, "this bracket is never closed");
        return {};
      }
      range(ranges);
    }
    ++at_;
    const CharacterSet closed = close_case(normalized(std::move(ranges)));
    return others ? complement(closed) : closed;
  }

  void range(CharacterSet& ranges) {
    const std::size_t begin = at_;
    bool single = true;
    const CharacterSet from = peek() == '\\' ? escaped(single) : one(next_character(text_, at_));
    const bool is_range = peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
    if (!is_range || fault_) {
      ranges.insert(ranges.end(), from.begin(), from.end());
      return;
    }
    ++at_;
    bool single_end = true;
    const CharacterSet to = peek() == '\\' ? escaped(single_end) : one(next_character(text_, at_));
    if (fault_) return;
    if (!single || !single_end || from.front().first > to.front().first) {
      fail(begin, at_ - begin, "a range goes from a character to a later one");
      return;
    }
    ranges.push_back({from.front().first, to.front().first});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  Syntax syntax_;
  std::optional<PatternFault> fault_;
};

}  // namespace

tl::expected<Syntax, PatternFault> read_pattern(std::string_view pattern) { return PatternReader(pattern).read(); }

}  // namespace athanor::query
