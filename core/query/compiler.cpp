#include "core/query/compiler.h"

#include "core/query/names.h"
#include "core/query/parse.h"

#include <algorithm>

namespace athanor::query {
namespace {

StepKind step_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::add: return StepKind::add;
    case NodeKind::subtract: return StepKind::subtract;
    case NodeKind::multiply: return StepKind::multiply;
    default: return StepKind::divide;
  }
}

// What comes of arithmetic; empty where it makes no sense.
std::optional<Type> type_of(NodeKind kind, Type a, Type b) {
  const bool sum = kind == NodeKind::add || kind == NodeKind::subtract;
  const auto is = [&](Type first, Type second) { return a == first && b == second; };
  if (is(Type::number, Type::number)) return Type::number;
  if (is(Type::duration, Type::duration) && sum) return Type::duration;
  if (is(Type::duration, Type::duration) && kind == NodeKind::divide) return Type::number;
  if (is(Type::duration, Type::number) && !sum) return Type::duration;
  if (is(Type::number, Type::duration) && kind == NodeKind::multiply) return Type::duration;
  if (is(Type::time, Type::duration) && sum) return Type::time;
  if (is(Type::duration, Type::time) && kind == NodeKind::add) return Type::time;
  if (is(Type::time, Type::time) && kind == NodeKind::subtract) return Type::duration;
  return std::nullopt;
}

std::optional<Aggregate> aggregate_named(std::string_view name) {
  for (const Aggregate aggregate :
       {Aggregate::last, Aggregate::first, Aggregate::min, Aggregate::max, Aggregate::mean, Aggregate::count})
    if (name == to_string(aggregate)) return aggregate;
  return std::nullopt;
}

bool is_condition(NodeKind kind) { return kind >= NodeKind::equal && kind <= NodeKind::either; }

}  // namespace

Compiler::Compiler(const Tree& tree, Table& table, const Settings& settings)
    : tree_(tree), table_(table), settings_(settings) {
  program_.table = &table;
  program_.now_s = settings.now_s;
}

Fault& Compiler::fail(NodeId at, FaultKind kind, std::string sentence, std::string expected) {
  const Node& node = tree_[at];
  return faults_.emplace_back(
      Fault{kind, node.position, node.length, std::move(sentence), std::move(expected), {}, {}});
}

std::string Compiler::written(NodeId id) const {
  constexpr std::size_t kLongest = 60;
  std::string text = to_text(tree_, id);
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
  return text.substr(0, end) + "…";
}

Value Compiler::value(NodeId id, Types fitting) {
  const Node& node = tree_[id];
  switch (node.kind) {
    case NodeKind::name: return name(id, node.text, fitting);
    case NodeKind::literal: return literal(id);
    case NodeKind::text: return text_value(node.text);
    case NodeKind::truth: return {.valid = true, .type = Type::truth, .step = constant(node.text == "true" ? 1 : 0)};
    case NodeKind::call: return call(id);
    case NodeKind::negate: return negate(id);
    case NodeKind::broken: return {};
    default: break;
  }
  if (!is_condition(node.kind)) return arithmetic(id);
  const std::size_t before = faults_.size();
  const StepId step = add({.kind = StepKind::truth_value, .a = condition(id)});
  return {.valid = faults_.size() == before, .type = Type::truth, .step = step};
}

std::optional<std::size_t> Compiler::find(NodeId id, std::string_view name, Types fitting, bool metrics_only) {
  const auto columns = table_.columns();
  auto found = find_columns(columns, name, metrics_only);
  if (found.empty()) {
    fail_unknown(id, name, metrics_only);
    return std::nullopt;
  }
  if (found.size() > 1) {
    auto fit = found;
    std::erase_if(fit, [&](std::size_t column) { return (only(columns[column].type) & fitting) == 0; });
    if (!fit.empty()) found = std::move(fit);
  }
  if (found.size() == 1 || fitting == kNoMatter) return found.front();
  Fault& fault = fail(id, FaultKind::ambiguous_name, '"' + std::string(name) + "\" may be any of these");
  for (const std::size_t column : found) fault.candidates.push_back(columns[column].name);
  return std::nullopt;
}

void Compiler::fail_unknown(NodeId id, std::string_view name, bool metrics_only) {
  const std::string quoted_name = '"' + std::string(name) + '"';
  if (looks_like_date(name)) {
    fail(id, FaultKind::bad_date, quoted_name + " is in no calendar");
    return;
  }
  Fault& fault = fail(id, FaultKind::unknown_name,
                      quoted_name + (metrics_only ? " is no metric" : " is no field, parameter or metric"));
  fault.nearest = subtraction_meant(name);
  if (fault.nearest.empty()) fault.nearest = nearest_column(table_.columns(), name, metrics_only);
}

// "loss - 0.1" for loss-0.1, which without spaces is one name.
std::string Compiler::subtraction_meant(std::string_view name) const {
  const auto is_known = [this](std::string_view part) {
    return read_literal(part) || !find_columns(table_.columns(), part).empty();
  };
  for (std::size_t at = 1; at + 1 < name.size(); ++at) {
    if (name[at] != '-' && name[at] != '/') continue;
    const std::string_view before = name.substr(0, at), after = name.substr(at + 1);
    if (is_known(before) && is_known(after)) return std::string(before) + ' ' + name[at] + ' ' + std::string(after);
  }
  return {};
}

Value Compiler::name(NodeId id, std::string_view text, Types fitting) {
  const auto column = find(id, text, fitting, false);
  return column ? column_value(*column, Aggregate::last) : Value{};
}

Value Compiler::column_value(std::size_t column, Aggregate aggregate) {
  Value value{.valid = true, .type = table_.columns()[column].type, .handle = bind(column, aggregate)};
  if (value.type == Type::texts) return value;
  value.step = add({.kind = value.type == Type::text ? StepKind::text_column : StepKind::column, .a = value.handle});
  return value;
}

Value Compiler::text_value(std::string_view text) {
  program_.texts.emplace_back(text);
  const auto number = static_cast<std::uint32_t>(program_.texts.size() - 1);
  return {.valid = true, .type = Type::text, .step = add({.kind = StepKind::text_constant, .a = number})};
}

Value Compiler::literal(NodeId id) {
  const auto literal = read_literal(tree_[id].text);
  if (!literal) {  // only in trees that were not read from a text
    fail(id, FaultKind::syntax, '"' + tree_[id].text + "\" is no number, duration or date");
    return {};
  }
  if (literal->kind == Literal::Kind::number)
    return {.valid = true, .type = Type::number, .step = constant(literal->value)};
  if (literal->kind == Literal::Kind::duration)
    return {.valid = true, .type = Type::duration, .step = constant(literal->value)};
  const Stretch stretch = stretch_of(literal->date, settings_.zone);
  return {.valid = true, .type = Type::time, .step = constant(stretch.begin), .stretch = stretch, .is_stretch = true};
}

Value Compiler::call(NodeId id) {
  const Node& node = tree_[id];
  if (const auto aggregated = aggregate_named(node.text)) return aggregate(id, *aggregated);
  if (node.text == "has" || node.text == "is_nan") {
    const std::size_t before = faults_.size();
    const StepId step = add({.kind = StepKind::truth_value, .a = condition(id)});
    return {.valid = faults_.size() == before, .type = Type::truth, .step = step};
  }
  Fault& fault = fail(id, FaultKind::unknown_name, '"' + node.text + "\" is no function",
                      "one of min, max, first, last, mean, count, has, is_nan, or quotes to search for it");
  fault.length = node.text.size();
  return {};
}

Value Compiler::aggregate(NodeId id, Aggregate aggregate) {
  const NodeId inner = tree_[id].parts.front();
  const Node& node = tree_[inner];
  const std::string function = to_string(aggregate);
  if (node.kind == NodeKind::broken) return {};
  if (node.kind != NodeKind::name && node.kind != NodeKind::text) {
    fail(inner, FaultKind::wrong_type, function + " looks at the curve of a metric, and " + written(inner) + " is none",
         "the name of a metric");
    return {};
  }
  const auto metrics = find_columns(table_.columns(), node.text, true);
  const auto others = metrics.empty() ? find_columns(table_.columns(), node.text) : metrics;
  if (metrics.empty() && !others.empty()) {
    const Column& column = table_.columns()[others.front()];
    fail(inner, FaultKind::wrong_type,
         function + " looks at the curve of a metric, and " + column.name + " is a " + to_string(column.origin),
         "the name of a metric");
    return {};
  }
  const auto column = find(inner, node.text, kAnyType, true);
  if (!column) return {};
  Value value = column_value(*column, aggregate);
  if (aggregate == Aggregate::count) value.type = Type::number;
  return value;
}

Value Compiler::operand(NodeId id, Types fitting) {
  const Node& node = tree_[id];
  return node.kind == NodeKind::text ? name(id, node.text, fitting) : value(id, fitting);
}

// As far as it can be told without a fault; a word that is no name may be a text.
std::optional<Type> Compiler::likely_type(NodeId id) const {
  const Node& node = tree_[id];
  switch (node.kind) {
    case NodeKind::name: {
      const auto found = find_columns(table_.columns(), node.text);
      if (found.empty()) return Type::text;
      return found.size() == 1 ? std::optional(table_.columns()[found.front()].type) : std::nullopt;
    }
    case NodeKind::literal: {
      const auto literal = read_literal(node.text);
      if (!literal) return std::nullopt;
      if (literal->kind == Literal::Kind::number) return Type::number;
      return literal->kind == Literal::Kind::duration ? Type::duration : Type::time;
    }
    case NodeKind::text: return Type::text;
    case NodeKind::negate: return likely_type(node.parts.front());
    case NodeKind::call: return aggregate_named(node.text) ? Type::number : Type::truth;
    case NodeKind::broken: return std::nullopt;
    default: break;
  }
  if (is_condition(node.kind) || node.kind == NodeKind::truth) return Type::truth;
  const auto a = likely_type(node.parts[0]), b = likely_type(node.parts[1]);
  return a && b ? type_of(node.kind, *a, *b) : std::nullopt;
}

Value Compiler::negate(NodeId id) {
  const NodeId inner = tree_[id].parts.front();
  Value value = operand(inner, kMeasures);
  if (!value.valid) return {};
  if (value.type != Type::number && value.type != Type::duration) {
    fail(inner, FaultKind::wrong_type, written(inner) + " is " + words_for(value.type), "a number or a duration");
    return {};
  }
  value.step = folded({.kind = StepKind::negate, .a = value.step});
  return value;
}

Value Compiler::arithmetic(NodeId id) {
  const Node& node = tree_[id];
  const Value a = operand(node.parts[0], kMeasures);
  const Value b = operand(node.parts[1], kMeasures);
  if (!a.valid || !b.valid) return {};
  const auto type = type_of(node.kind, a.type, b.type);
  if (!type) {
    fail(id, FaultKind::wrong_type,
         written(node.parts[0]) + " is " + words_for(a.type) + "; " + written(node.parts[1]) + " is " +
             words_for(b.type),
         std::string("what ") + sign_of(node.kind) + " can be used on");
    return {};
  }
  return {.valid = true, .type = *type, .step = folded({.kind = step_of(node.kind), .a = a.step, .b = b.step})};
}

StepId Compiler::add(Step step) {
  program_.steps.push_back(step);
  return static_cast<StepId>(program_.steps.size() - 1);
}

StepId Compiler::constant(double x) { return add({.kind = StepKind::constant, .x = x}); }

const double* Compiler::constant_of(StepId step) const {
  const Step& found = program_.steps[step];
  return found.kind == StepKind::constant ? &found.x : nullptr;
}

StepId Compiler::folded(Step step) {
  const bool one = step.kind == StepKind::negate;
  const bool constants = constant_of(step.a) != nullptr && (one || constant_of(step.b) != nullptr);
  const StepId id = add(step);
  if (!constants) return id;
  const auto result = program_.number(id, 0);
  return result ? constant(*result) : id;
}

Table::Handle Compiler::bind(std::size_t column, Aggregate aggregate) {
  const auto key = std::make_pair(column, aggregate);
  const auto known = bound_.find(key);
  if (known != bound_.end()) return known->second;
  return bound_[key] = table_.bind(column, aggregate);
}

}  // namespace athanor::query
