// Random queries on random rows: the compiled program and a plain walk over the tree find the same.
#include "core/query/literal.h"
#include "core/query/query.h"
#include "tests/core/query/random_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unicode/regex.h>

#include <variant>

namespace athanor::query {
namespace {

constexpr double kNow = 1'793'534'400;  // 2026-11-01T12:00:00
using Texts = std::vector<std::string>;
struct Moment {
  double begin = 0, end = 0;  // of a date its stretch; else both the same
};
struct Span {
  double seconds = 0;
};
// Missing, number, time, duration, text, list, truth.
using Seen = std::variant<std::monostate, double, Moment, Span, std::string, Texts, bool>;

std::string small(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

class Walker {
 public:
  Walker(const Tree& tree, const SmallTable& table, std::size_t row) : tree_(tree), table_(table), row_(row) {}

  bool holds(NodeId id) const {
    const Node& node = tree_[id];
    const auto all = [&](NodeId part) { return holds(part); };
    switch (node.kind) {
      case NodeKind::both: return std::ranges::all_of(node.parts, all);
      case NodeKind::either: return std::ranges::any_of(node.parts, all);
      case NodeKind::negation: return !holds(node.parts[0]);
      case NodeKind::truth: return node.text == "true";
      case NodeKind::name:
      case NodeKind::literal:
      case NodeKind::text: return searched(node.text);
      case NodeKind::call: return asked(node);
      case NodeKind::matches:
      case NodeKind::matches_not: return matched(node);
      case NodeKind::in: return listed(node);
      default: return compared(node.kind, value(node.parts[0]), value(node.parts[1]));
    }
  }

  Seen value(NodeId id) const {
    const Node& node = tree_[id];
    switch (node.kind) {
      case NodeKind::name: return of_column(node.text, Aggregate::last);
      case NodeKind::literal: return of_literal(node.text);
      case NodeKind::text: return node.text;
      case NodeKind::truth: return node.text == "true";
      case NodeKind::call:
        for (const Aggregate aggregate :
             {Aggregate::last, Aggregate::first, Aggregate::min, Aggregate::max, Aggregate::mean, Aggregate::count})
          if (node.text == to_string(aggregate)) return of_column(tree_[node.parts[0]].text, aggregate);
        return {};
      case NodeKind::negate:
        return calculated(NodeKind::subtract, zero_like(value(node.parts[0])), value(node.parts[0]));
      default: return calculated(node.kind, value(node.parts[0]), value(node.parts[1]));
    }
  }

 private:
  Type type_of(const std::string& name) const { return std::ranges::find(table_.columns(), name, &Column::name)->type; }

  Seen of_column(const std::string& name, Aggregate aggregate) const {
    const Cell& cell = table_.cell(name, row_);
    const Type type = type_of(name);
    if (type == Type::texts) return cell.texts;
    if (cell.kind == Cell::Kind::missing) return {};
    if (type == Type::text) return cell.text;
    if (cell.kind == Cell::Kind::curve) return *aggregated(cell.curve, aggregate);
    switch (type) {
      case Type::time: return Moment{cell.number, cell.number};
      case Type::duration: return Span{cell.number};
      case Type::truth: return cell.number != 0;
      default: return cell.number;
    }
  }

  static Seen of_literal(const std::string& word) {
    const Literal literal = read_literal(word).value();
    if (literal.kind == Literal::Kind::number) return literal.value;
    if (literal.kind == Literal::Kind::duration) return Span{literal.value};
    const Stretch stretch = stretch_of(literal.date, Zone::utc);
    return Moment{stretch.begin, stretch.end};
  }

  static Seen zero_like(const Seen& seen) {
    if (std::holds_alternative<Span>(seen)) return Span{-0.0};
    return std::holds_alternative<double>(seen) ? Seen(-0.0) : Seen();
  }

  static double plain(NodeKind kind, double a, double b) {
    switch (kind) {
      case NodeKind::add: return a + b;
      case NodeKind::subtract: return a - b;
      case NodeKind::multiply: return a * b;
      default: return a / b;
    }
  }
  static Seen calculated(NodeKind kind, const Seen& a, const Seen& b) {
    const auto* x = std::get_if<double>(&a);
    const auto* y = std::get_if<double>(&b);
    const auto* p = std::get_if<Span>(&a);
    const auto* q = std::get_if<Span>(&b);
    const auto* s = std::get_if<Moment>(&a);
    const auto* t = std::get_if<Moment>(&b);
    if (x && y) return plain(kind, *x, *y);
    if (s && t) return Span{s->begin - t->begin};
    if (p && q && kind == NodeKind::divide) return p->seconds / q->seconds;
    if (p && q) return Span{plain(kind, p->seconds, q->seconds)};
    if (p && y) return Span{plain(kind, p->seconds, *y)};
    return {};
  }

  static bool ordered(NodeKind kind, const auto& a, const auto& b) {
    switch (kind) {
      case NodeKind::equal: return a == b;
      case NodeKind::not_equal: return a < b || b < a;
      case NodeKind::less: return a < b;
      case NodeKind::less_equal: return a < b || a == b;
      case NodeKind::greater: return b < a;
      default: return b < a || a == b;
    }
  }
  static Moment moment(const Seen& seen) {
    if (const auto* span = std::get_if<Span>(&seen)) return {kNow + span->seconds, kNow + span->seconds};
    return std::get<Moment>(seen);
  }
  // Against a date, a moment inside of it is equal to it.
  static bool compared_moments(NodeKind kind, const Moment& a, const Moment& b) {
    if (a.begin < a.end && b.begin < b.end) return ordered(kind, a.begin, b.begin);
    const auto place = [](const Moment& one, const Moment& other) {
      if (other.begin == other.end) return one.begin < other.begin ? -1 : one.begin > other.begin ? 1 : 0;
      return one.begin < other.begin ? -1 : one.begin >= other.end ? 1 : 0;
    };
    return ordered(kind, a.begin < a.end ? -place(b, a) : place(a, b), 0);
  }

  static bool compared(NodeKind kind, const Seen& a, const Seen& b) {
    if (a.index() == 0 || b.index() == 0) return false;
    if (std::holds_alternative<Moment>(a) || std::holds_alternative<Moment>(b))
      return compared_moments(kind, moment(a), moment(b));
    if (const auto* texts = std::get_if<Texts>(&a)) {
      const bool has = std::ranges::find(*texts, std::get<std::string>(b)) != texts->end();
      return has == (kind == NodeKind::equal);
    }
    if (const auto* text = std::get_if<std::string>(&a)) return ordered(kind, *text, std::get<std::string>(b));
    if (const auto* span = std::get_if<Span>(&a)) return ordered(kind, span->seconds, std::get<Span>(b).seconds);
    if (const auto* truth = std::get_if<bool>(&a)) return ordered(kind, *truth, std::get<bool>(b));
    return ordered(kind, std::get<double>(a), std::get<double>(b));
  }

  bool searched(const std::string& word) const {
    const std::string wanted = small(word);
    const auto has = [&](const std::string& text) { return small(text).find(wanted) != std::string::npos; };
    const bool digits = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
    const Seen number = of_column("n0", Aggregate::last), text = of_column("s0", Aggregate::last);
    const Seen truth = of_column("b0", Aggregate::last);
    if (digits && number.index() != 0 && has(std::to_string(static_cast<int>(std::get<double>(number))))) return true;
    if (text.index() != 0 && has(std::get<std::string>(text))) return true;
    if (truth.index() != 0 && std::get<bool>(truth) && has("b0")) return true;
    return std::ranges::any_of(std::get<Texts>(of_column("l0", Aggregate::last)), has);
  }

  bool asked(const Node& node) const {
    const Seen seen = value(node.parts[0]);
    if (node.text == "is_nan") {
      const auto* number = std::get_if<double>(&seen);
      return number != nullptr && std::isnan(*number);
    }
    if (const auto* texts = std::get_if<Texts>(&seen)) return !texts->empty();
    if (const auto* text = std::get_if<std::string>(&seen)) return !text->empty();
    return seen.index() != 0;
  }

  static bool found(const std::string& pattern, const std::string& text) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::UnicodeString wide = icu::UnicodeString::fromUTF8(text);
    icu::RegexMatcher matcher(icu::UnicodeString::fromUTF8(pattern), wide, UREGEX_CASE_INSENSITIVE, status);
    return matcher.find(status) != 0;
  }

  bool matched(const Node& node) const {
    const std::string& pattern = tree_[node.parts[1]].text;
    const bool wanted = node.kind == NodeKind::matches;
    const Seen seen = value(node.parts[0]);
    if (const auto* text = std::get_if<std::string>(&seen)) return found(pattern, *text) == wanted;
    const auto* texts = std::get_if<Texts>(&seen);
    const auto has = [&](const std::string& one) { return found(pattern, one); };
    return texts != nullptr && std::ranges::any_of(*texts, has) == wanted;
  }

  bool listed(const Node& node) const {
    const Seen seen = value(node.parts[0]);
    return std::any_of(node.parts.begin() + 1, node.parts.end(),
                       [&](NodeId part) { return compared(NodeKind::equal, seen, value(part)); });
  }

  const Tree& tree_;
  const SmallTable& table_;
  std::size_t row_;
};

TEST(Agreement, OfRandomConditionsWithAPlainWalkOverTheTree) {
  RandomQuery random(11);
  int found = 0, asked = 0;
  for (int i = 0; i < 6'000; ++i) {
    SmallTable table = random_table(static_cast<std::uint64_t>(i), 8);
    const Tree tree = random.condition(3);
    const std::string text = to_text(tree);
    const auto filter = Filter::compile(text, table, {kNow, Zone::utc});
    ASSERT_TRUE(filter) << text << '\n' << to_string(filter.error().front());
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const bool expected = Walker(tree, table, row).holds(tree.root_id());
      ASSERT_EQ(filter->matches(row), expected) << text << "\nin row " << row << " of table " << i;
      found += expected ? 1 : 0;
      ++asked;
    }
  }
  EXPECT_GT(found, asked / 5);
  EXPECT_LT(found, asked * 4 / 5);
}

TEST(Agreement, OfRandomValuesWithAPlainWalkOverTheTree) {
  RandomQuery random(12);
  int known = 0;
  for (int i = 0; i < 4'000; ++i) {
    SmallTable table = random_table(static_cast<std::uint64_t>(i), 8);
    const Tree tree = random.number(4);
    const auto expression = Expression::compile(to_text(tree), table, {kNow, Zone::utc});
    ASSERT_TRUE(expression) << to_text(tree) << '\n' << to_string(expression.error().front());
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const Seen expected = Walker(tree, table, row).value(tree.root_id());
      const auto number = expression->number(row);
      ASSERT_EQ(number.has_value(), expected.index() != 0) << to_text(tree);
      if (!number) continue;
      const double wanted = std::get<double>(expected);
      ASSERT_TRUE(*number == wanted || (std::isnan(*number) && std::isnan(wanted))) << to_text(tree);
      ++known;
    }
  }
  EXPECT_GT(known, 5'000);
}

}  // namespace
}  // namespace athanor::query
