#include "tests/core/query/random_query.h"

#include <limits>

namespace athanor::query {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Quotes, spaces, operators, words of the language: whatever printing could stumble over.
const std::vector<std::string> kTexts = {
    "",    "a",     "b",   "A b",       "it's", "say \"a\"", "and", "in",   "`",    "a`\"",  "1",  "40%",  "-7d",
    "(a)", "größe", "a-b", "x = \"y\"", "\\d",  "true",      "~a.", "/tmp", "a, b", "not a", "  ", "\t\n", "é"};
const std::vector<std::string> kWords = {"a",   "b",  "A",   "größe", "a-b",   "in",
                                         "a.b", "#1", "x_y", "1f1b",  "don't", "min"};
const std::vector<std::string> kPatterns = {"a", "^a", "b$", "a|b", "[ab]+", "a.b", "\\bb", "(a)(b)?", "\"", "^$"};

}  // namespace

SmallTable random_table(std::uint64_t seed, std::size_t rows) {
  Draw draw(seed);
  SmallTable table;
  const auto column = [&](const char* name, Type type, Origin origin, bool searched, const auto& cell) {
    std::vector<Cell> cells;
    for (std::size_t i = 0; i < rows; ++i) cells.push_back(draw.one_in(6) ? Cell() : Cell(cell()));
    table.add({name, type, origin, "", searched}, std::move(cells));
  };
  const auto number = [&] { return draw.of<double>({-1, 0, 0.4, 1, 2, 3, kNan}); };
  const auto text = [&] { return draw.of(kTexts); };
  const auto time = [&] { return 1'793'491'200.0 + 43'200.0 * static_cast<double>(draw.below(9)) - 172'800.0; };
  const auto curve = [&] {
    Curve points;
    for (std::size_t i = 0; i <= draw.below(4); ++i) points.push_back(draw.of<double>({-1, 0, 1, 2, 3}));
    return points;
  };
  const auto list = [&] {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < draw.below(3); ++i) texts.push_back(draw.of(kTexts));
    return texts;
  };
  column("n0", Type::number, Origin::field, true, [&] { return static_cast<double>(draw.below(50)); });
  column("n1", Type::number, Origin::parameter, false, number);
  column("s0", Type::text, Origin::field, true, text);
  column("s1", Type::text, Origin::parameter, false, text);
  column("l0", Type::texts, Origin::field, true, list);
  column("b0", Type::truth, Origin::field, true, [&] { return static_cast<double>(draw.below(2)); });
  column("t0", Type::time, Origin::field, false, time);
  column("t1", Type::time, Origin::field, false, time);
  column("d0", Type::duration, Origin::field, false, [&] { return 43'200.0 * static_cast<double>(draw.below(5)); });
  column("m/0", Type::number, Origin::metric, false, curve);
  column("m/1", Type::number, Origin::metric, false, curve);
  return table;
}

Tree RandomQuery::condition(int depth) {
  tree_ = {};
  tree_.set_root(any_condition(depth));
  return std::move(tree_);
}

Tree RandomQuery::number(int depth) {
  tree_ = {};
  tree_.set_root(number_value(depth));
  return std::move(tree_);
}

NodeId RandomQuery::add(NodeKind kind, std::vector<NodeId> parts, std::string text) {
  return tree_.add({.kind = kind, .text = std::move(text), .parts = std::move(parts)});
}

NodeId RandomQuery::any_condition(int depth) {
  switch (depth <= 0 ? 3 + draw_.below(5) : draw_.below(12)) {
    case 0: {
      std::vector<NodeId> parts;
      for (std::size_t i = 0; i < 2 + draw_.below(3); ++i) parts.push_back(any_condition(depth - 1));
      return add(NodeKind::both, std::move(parts));
    }
    case 1: {
      std::vector<NodeId> parts;
      for (std::size_t i = 0; i < 2 + draw_.below(2); ++i) parts.push_back(any_condition(depth - 1));
      return add(NodeKind::either, std::move(parts));
    }
    case 2: return add(NodeKind::negation, {any_condition(depth - 1)});
    case 3: return literal({"1", "40%", "2026-11-01", "7d"});
    case 4: return add(NodeKind::name, {}, draw_.of(kWords));
    case 5: return text(kTexts);
    case 6: return add(NodeKind::truth, {}, draw_.one_in(2) ? "true" : "false");
    case 7: return add(NodeKind::call, {name({"n1", "m/0", "s0", "l0", "b0"})}, "has");
    case 8: return add(NodeKind::call, {number_value(depth - 1)}, "is_nan");
    default: return comparison(depth);
  }
}

NodeId RandomQuery::comparison(int depth) {
  const auto order = static_cast<NodeKind>(static_cast<std::size_t>(NodeKind::equal) + draw_.below(6));
  const NodeKind equality = draw_.one_in(2) ? NodeKind::equal : NodeKind::not_equal;
  const NodeKind matching = draw_.one_in(2) ? NodeKind::matches : NodeKind::matches_not;
  switch (draw_.below(10)) {
    case 0: return add(order, {time_value(), time_value()});
    case 1: return add(order, {name({"t0", "t1"}), add(NodeKind::negate, {literal({"1d", "12h", "0s", "90min"})})});
    case 2: return add(order, {duration_value(depth - 1), duration_value(depth - 1)});
    case 3: return add(order, {text_value(), text_value()});
    case 4: return add(equality, {name({"l0"}), text_value()});
    case 5: return add(matching, {name({"l0", "s0", "s1"}), text(kPatterns)});
    case 6: return list(name({"s0", "l0"}), kTexts, NodeKind::text);
    case 7: return list(number_value(depth - 1), {"0", "1", "2", "40%", "3"}, NodeKind::literal);
    case 8: return add(equality, {name({"b0"}), add(NodeKind::truth, {}, draw_.one_in(2) ? "true" : "false")});
    default: return add(order, {number_value(depth - 1), number_value(depth - 1)});
  }
}

NodeId RandomQuery::number_value(int depth) {
  const std::size_t choice = depth <= 0 ? draw_.below(3) : draw_.below(9);
  if (choice < 1) return literal({"0", "1", "2", "0.4", "40%", "1e-3", "3k"});
  if (choice < 2) return name({"n0", "n1", "m/0", "m/1"});
  if (choice < 3)
    return add(NodeKind::call, {name({"m/0", "m/1"})},
               draw_.of<std::string>({"min", "max", "first", "last", "mean", "count"}));
  if (choice < 4) return add(NodeKind::negate, {number_value(depth - 1)});
  if (choice < 5) return add(NodeKind::divide, {duration_value(depth - 1), duration_value(depth - 1)});
  const auto kind = static_cast<NodeKind>(static_cast<std::size_t>(NodeKind::add) + draw_.below(4));
  const NodeId left = number_value(depth - 1);
  return add(kind, {left, number_value(depth - 1)});
}

NodeId RandomQuery::duration_value(int depth) {
  switch (depth <= 0 ? draw_.below(2) : draw_.below(5)) {
    case 0: return literal({"12h", "1d", "90min", "1h30min", "250ms"});
    case 1: return name({"d0"});
    case 2: return add(NodeKind::subtract, {time_value(), time_value()});
    case 3: return add(NodeKind::multiply, {duration_value(depth - 1), number_value(depth - 1)});
    default: return add(NodeKind::add, {duration_value(depth - 1), duration_value(depth - 1)});
  }
}

NodeId RandomQuery::time_value() {
  if (draw_.one_in(3)) return literal({"2026-11-01", "2026-10-31", "2026-11-01T12:00", "2026-11-01T00:00:00"});
  return name({"t0", "t1"});
}

NodeId RandomQuery::text_value() { return draw_.one_in(2) ? name({"s0", "s1"}) : text(kTexts); }

NodeId RandomQuery::list(NodeId subject, const std::vector<std::string>& words, NodeKind kind) {
  std::vector<NodeId> parts = {subject};
  for (std::size_t i = 0; i < 1 + draw_.below(4); ++i) parts.push_back(add(kind, {}, draw_.of(words)));
  return add(NodeKind::in, std::move(parts));
}

NodeId RandomQuery::literal(const std::vector<std::string>& words) {
  return add(NodeKind::literal, {}, draw_.of(words));
}
NodeId RandomQuery::text(const std::vector<std::string>& texts) { return add(NodeKind::text, {}, draw_.of(texts)); }
// In backquotes, so that beside a text it is not a text.
NodeId RandomQuery::name(const std::vector<std::string>& names) {
  return tree_.add({.kind = NodeKind::name, .quoted = true, .text = draw_.of(names)});
}

}  // namespace athanor::query
