#include "core/query/parse.h"

#include "core/query/literal.h"
#include "core/query/token.h"

#include <algorithm>
#include <array>
#include <optional>

namespace athanor::query {
namespace {

constexpr std::array<std::pair<TokenKind, NodeKind>, 8> kComparisons = {
    {{TokenKind::equal, NodeKind::equal},
     {TokenKind::not_equal, NodeKind::not_equal},
     {TokenKind::less, NodeKind::less},
     {TokenKind::less_equal, NodeKind::less_equal},
     {TokenKind::greater, NodeKind::greater},
     {TokenKind::greater_equal, NodeKind::greater_equal},
     {TokenKind::matches, NodeKind::matches},
     {TokenKind::matches_not, NodeKind::matches_not}}};

std::optional<NodeKind> comparison_of(TokenKind kind) {
  const auto* known = std::ranges::find(kComparisons, kind, &std::pair<TokenKind, NodeKind>::first);
  if (known == kComparisons.end()) return std::nullopt;
  return known->second;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), tokens_(tokens_of(text)) {}

  Parsed parse(bool condition_wanted) {
    for (const Token& token : tokens_)
      if (!token.closed) fail(token.position, token.length, "this quote is never closed", {});
    if (here().kind == TokenKind::end) return std::move(parsed_);
    NodeId root = either();
    while (here().kind != TokenKind::end) {  // what is left is a bracket or a comma, or follows on one
      unexpected("the end");
      ++at_;
      root = add(NodeKind::both, {root, here().kind == TokenKind::end ? broken() : either()});
    }
    if (condition_wanted) root = condition(root);
    parsed_.tree.set_root(root);
    std::ranges::stable_sort(parsed_.faults, {}, &Fault::position);
    return std::move(parsed_);
  }

 private:
  [[nodiscard]] const Token& here() const { return tokens_[at_]; }
  [[nodiscard]] const Token& next() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  [[nodiscard]] bool at_keyword(std::string_view keyword) const { return is_keyword(here(), keyword); }
  bool take(TokenKind kind) {
    if (here().kind != kind) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] std::size_t end_of_last() const {
    return at_ == 0 ? 0 : tokens_[at_ - 1].position + tokens_[at_ - 1].length;
  }

  void fail(std::size_t position, std::size_t length, std::string sentence, std::string expected,
            FaultKind kind = FaultKind::syntax) {
    if (parsed_.faults.size() >= kMostFaults || given_up_) return;
    parsed_.faults.push_back({kind, position, length, std::move(sentence), std::move(expected), {}, {}});
  }
  void unexpected(std::string expected) {
    const Token& token = here();
    const std::string sentence =
        token.kind == TokenKind::end
            ? "the query ends here"
            : '"' + std::string(text_.substr(token.position, token.length)) + "\" cannot stand here";
    fail(token.position, token.length, sentence, std::move(expected));
  }

  // Spans what its parts span.
  NodeId add(NodeKind kind, std::vector<NodeId> parts, std::size_t position, std::string text = {}) {
    const NodeId id = parsed_.tree.add({.kind = kind, .text = std::move(text), .parts = std::move(parts)});
    parsed_.tree.set_place(id, position, std::max(end_of_last(), position) - position);
    if (parsed_.tree[id].depth <= kDeepestTree) return id;
    too_deep();
    return broken();
  }
  NodeId add(NodeKind kind, std::vector<NodeId> parts) {
    const std::size_t position = parsed_.tree[parts.front()].position;
    return add(kind, std::move(parts), position);
  }
  NodeId broken() {
    const NodeId id = parsed_.tree.add({});
    parsed_.tree.set_place(id, here().position, 0);
    return id;
  }
  void too_deep() {
    fail(here().position, here().length, "the query is nested too deep here", {}, FaultKind::too_large);
    at_ = tokens_.size() - 1;
    given_up_ = true;
  }

  NodeId either() {
    return chain(NodeKind::either, [this] { return both(); });
  }
  NodeId both() {
    return chain(NodeKind::both, [this] { return negation(); });
  }

  // One part as it is, several as conditions.
  template <class Part>
  NodeId chain(NodeKind kind, const Part& part) {
    const NodeId first = part();
    if (!goes_on(kind)) return first;
    std::vector<NodeId> parts;
    append(kind, parts, first);
    do append(kind, parts, part());
    while (goes_on(kind));
    return add(kind, std::move(parts));
  }
  bool goes_on(NodeKind kind) {
    if (kind == NodeKind::either) return take_word_or_sign("or", TokenKind::either);
    return take_word_or_sign("and", TokenKind::both) || begins_condition();
  }
  bool take_word_or_sign(std::string_view keyword, TokenKind sign) {
    if (!at_keyword(keyword) && here().kind != sign) return false;
    ++at_;
    return true;
  }
  // Something stands side by side with what was read.
  [[nodiscard]] bool begins_condition() const {
    switch (here().kind) {
      case TokenKind::word: return !at_keyword("or");
      case TokenKind::text:
      case TokenKind::quoted_name:
      case TokenKind::negation:
      case TokenKind::open: return true;
      default: return false;
    }
  }
  void append(NodeKind kind, std::vector<NodeId>& parts, NodeId part) {
    const NodeId found = condition(part);
    const Node& node = parsed_.tree[found];
    if (found != part && kind == NodeKind::both && node.kind == NodeKind::both) {
      parts.insert(parts.end(), node.parts.begin(), node.parts.end());
    } else {
      parts.push_back(found);
    }
  }

  // Where a condition is wanted: arithmetic of nothing but words, "b16+aug" or "two -tower", is words to search for.
  NodeId condition(NodeId id) {
    const Node& node = parsed_.tree[id];
    if (node.kind < NodeKind::negate || node.kind > NodeKind::divide) return id;
    constexpr std::string_view kBracketsAndQuotes = "()\"'`";
    const std::string printed = to_text(parsed_.tree, id);
    if (printed.find_first_of(kBracketsAndQuotes) != std::string::npos) return id;
    const std::size_t begin = node.position;
    std::string_view source = text_.substr(begin, node.length);
    if (source.find_first_of(kBracketsAndQuotes) != std::string_view::npos) source = printed;  // needless brackets
    std::vector<NodeId> words;
    for (const std::string_view piece : split_at_spaces(source))
      words.push_back(word(piece, begin + static_cast<std::size_t>(piece.data() - source.data())));
    return words.size() == 1 ? words.front() : add(NodeKind::both, std::move(words));
  }

  NodeId word(std::string_view text, std::size_t position) {
    const NodeKind kind = is_plain_name(text)  ? NodeKind::name
                          : read_literal(text) ? NodeKind::literal
                                               : NodeKind::text;
    const NodeId id = parsed_.tree.add({.kind = kind, .text = std::string(text)});
    parsed_.tree.set_place(id, std::min(position, text_.size()),
                           std::min(text.size(), text_.size() - std::min(position, text_.size())));
    return id;
  }

  // not a, !a
  NodeId negation() {
    const std::size_t begin = here().position;
    std::size_t count = 0;
    while (take_word_or_sign("not", TokenKind::negation)) ++count;
    NodeId id = comparison();
    if (count > 0) id = condition(id);
    for (; count > 0; --count) {
      id = add(NodeKind::negation, {id}, begin);
      if (parsed_.tree[id].kind == NodeKind::broken) return id;
    }
    return id;
  }

  NodeId comparison() {
    const NodeId left = sum();
    NodeId id = left;
    if (const auto kind = comparison_of(here().kind)) {
      ++at_;
      const NodeId right = sum();
      id = add(*kind, {left, right});
    } else if (at_keyword("in") && next().kind == TokenKind::open) {
      ++at_;
      id = list(left);
    } else if (at_keyword("not") && is_keyword(next(), "in") && after_next_is_open()) {
      at_ += 2;
      id = add(NodeKind::negation, {list(left)});
    } else {
      return id;
    }
    if (comparison_of(here().kind)) unexpected("and, or or the end: comparisons do not chain");
    while (comparison_of(here().kind)) {
      ++at_;
      (void)sum();
    }
    return id;
  }
  [[nodiscard]] bool after_next_is_open() const {
    return at_ + 2 < tokens_.size() && tokens_[at_ + 2].kind == TokenKind::open;
  }

  // (a, b)
  NodeId list(NodeId subject) {
    std::vector<NodeId> parts = {subject};
    const Token& open = here();
    ++at_;
    do parts.push_back(sum());
    while (take(TokenKind::comma));
    close(open);
    return add(NodeKind::in, std::move(parts));
  }
  void close(const Token& open) {
    if (take(TokenKind::close)) return;
    if (here().kind == TokenKind::end) {
      fail(open.position, open.length, "this bracket is never closed", {});
    } else {
      unexpected("a closing bracket");
    }
  }

  NodeId sum() {
    NodeId left = product();
    while (here().kind == TokenKind::plus || here().kind == TokenKind::minus) {
      const NodeKind kind = take(TokenKind::plus) ? NodeKind::add : (++at_, NodeKind::subtract);
      const NodeId right = product();
      left = add(kind, {left, right});
    }
    return left;
  }
  NodeId product() {
    NodeId left = signed_value();
    while (here().kind == TokenKind::times || here().kind == TokenKind::over) {
      const NodeKind kind = take(TokenKind::times) ? NodeKind::multiply : (++at_, NodeKind::divide);
      const NodeId right = signed_value();
      left = add(kind, {left, right});
    }
    return left;
  }
  NodeId signed_value() {
    const std::size_t begin = here().position;
    std::size_t count = 0;
    while (take(TokenKind::minus)) ++count;
    NodeId id = single();
    for (; count > 0 && parsed_.tree[id].kind != NodeKind::broken; --count) id = add(NodeKind::negate, {id}, begin);
    return id;
  }

  NodeId single() {
    const Token& token = here();
    if (token.kind == TokenKind::open) return bracket();
    const bool keyword = at_keyword("and") || at_keyword("or") || at_keyword("not");
    if (keyword ||
        (token.kind != TokenKind::word && token.kind != TokenKind::text && token.kind != TokenKind::quoted_name)) {
      unexpected("a name, a value or a condition");
      skip();
      return broken();
    }
    ++at_;
    const bool called = here().kind == TokenKind::open && token.kind == TokenKind::word &&
                        (here().position == token.position + token.length || is_function(token.text));
    if (called) return call(token);
    Node node{.kind = NodeKind::name, .text = token.text};
    if (token.kind == TokenKind::text) {
      node.kind = NodeKind::text;
    } else if (token.kind == TokenKind::quoted_name) {
      node.quoted = true;
    } else if (is_keyword(token, "true") || is_keyword(token, "false")) {
      node.kind = NodeKind::truth;
      node.text = is_keyword(token, "true") ? "true" : "false";
    } else if (read_literal(token.text)) {
      node.kind = NodeKind::literal;
    }
    const NodeId id = parsed_.tree.add(std::move(node));
    parsed_.tree.set_place(id, token.position, token.length);
    return id;
  }

  NodeId call(const Token& function) {
    const Token& open = here();
    ++at_;
    const NodeId argument = nested();
    if (here().kind == TokenKind::comma) {
      unexpected("a closing bracket: functions take one value");
      while (take(TokenKind::comma)) (void)nested();
    }
    close(open);
    return add(NodeKind::call, {argument}, function.position, function.text);
  }

  NodeId bracket() {
    const Token& open = here();
    ++at_;
    const NodeId inner = nested();
    close(open);
    parsed_.tree.set_place(inner, open.position, end_of_last() - open.position);
    return inner;
  }
  NodeId nested() {
    if (++depth_ > kDeepestTree / 2) {
      too_deep();
      --depth_;
      return broken();
    }
    const NodeId inner = either();
    --depth_;
    return inner;
  }

  // To where reading can go on.
  void skip() {
    int open = 0;
    for (; here().kind != TokenKind::end; ++at_) {
      const TokenKind kind = here().kind;
      if (open == 0 && (at_keyword("and") || at_keyword("or") || kind == TokenKind::both || kind == TokenKind::either ||
                        kind == TokenKind::comma || kind == TokenKind::close))
        return;
      open += kind == TokenKind::open ? 1 : kind == TokenKind::close ? -1 : 0;
    }
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool given_up_ = false;
  Parsed parsed_;
};

Parsed parse(std::string_view text, bool condition) {
  if (text.size() <= kLongestQuery) return Parser(text).parse(condition);
  Parsed parsed;
  parsed.faults.push_back({FaultKind::too_large, 0, text.size(), "a query has at most 65536 bytes", {}, {}, {}});
  return parsed;
}

}  // namespace

Parsed parse_condition(std::string_view text) { return parse(text, true); }
Parsed parse_value(std::string_view text) { return parse(text, false); }

bool is_function(std::string_view name) noexcept {
  static constexpr std::array kFunctions = {"min", "max", "first", "last", "mean", "count", "has", "is_nan"};
  return std::ranges::find(kFunctions, name) != kFunctions.end();
}

}  // namespace athanor::query
