// Conditions that are no comparisons: and, or, not, words to search for, is:…, has(x), is_nan(x).
#include "core/base/nearest.h"
#include "core/query/compiler.h"
#include "core/query/names.h"

#include <algorithm>

namespace athanor::query {
namespace {

constexpr std::string_view kMark = "is:";

std::string small(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

StepId Compiler::condition(NodeId id) {
  const Node& node = tree_[id];
  switch (node.kind) {
    case NodeKind::both:
    case NodeKind::either: return all_or_any(id);
    case NodeKind::negation: {
      const StepId inner = condition(node.parts.front());
      const StepKind kind = program_.steps[inner].kind;
      if (kind == StepKind::always) return add({.kind = StepKind::never});
      if (kind == StepKind::never) return add({.kind = StepKind::always});
      return add({.kind = StepKind::negation, .a = inner});
    }
    case NodeKind::name:
      if (node.quoted) return truth_name(id);
      if (node.text.starts_with(kMark)) return mark(id, std::string_view(node.text).substr(kMark.size()));
      return search(node.text);
    case NodeKind::literal:
    case NodeKind::text: return search(node.text);
    case NodeKind::truth: return add({.kind = node.text == "true" ? StepKind::always : StepKind::never});
    case NodeKind::broken: return add({.kind = StepKind::never});
    case NodeKind::matches:
    case NodeKind::matches_not: return match(id);
    case NodeKind::in: return membership(id);
    default: break;
  }
  if (node.kind == NodeKind::call && node.text == "has") return has(id);
  if (node.kind == NodeKind::call && node.text == "is_nan") return is_nan(id);
  if (node.kind >= NodeKind::equal && node.kind <= NodeKind::greater_equal) return comparison(id);
  const Value found = value(id);
  if (found.valid)
    fail(id, FaultKind::wrong_type, written(id) + " is " + words_for(found.type),
         "a condition, as " + written(id) + " > 0");
  return add({.kind = StepKind::never});
}

// Leaves out what decides nothing.
StepId Compiler::all_or_any(NodeId id) {
  const bool all = tree_[id].kind == NodeKind::both;
  const StepKind idle = all ? StepKind::always : StepKind::never;
  const StepKind decisive = all ? StepKind::never : StepKind::always;
  std::vector<StepId> parts;
  bool decided = false;
  for (const NodeId part : tree_[id].parts) {
    const StepId step = condition(part);
    decided |= program_.steps[step].kind == decisive;
    if (program_.steps[step].kind != idle) parts.push_back(step);
  }
  if (decided) return add({.kind = decisive});
  return group(all ? StepKind::both : StepKind::either, parts);
}

StepId Compiler::group(StepKind kind, const std::vector<StepId>& parts) {
  if (parts.size() == 1) return parts.front();
  if (parts.empty()) return add({.kind = kind == StepKind::both ? StepKind::always : StepKind::never});
  const auto first = static_cast<std::uint32_t>(program_.parts.size());
  program_.parts.insert(program_.parts.end(), parts.begin(), parts.end());
  return add({.kind = kind, .a = first, .b = static_cast<std::uint32_t>(parts.size())});
}

StepId Compiler::truth_name(NodeId id) {
  const Value found = name(id, tree_[id].text, only(Type::truth));
  if (found.valid && found.type == Type::truth) return add({.kind = StepKind::truth_column, .a = found.handle});
  if (found.valid) fail(id, FaultKind::wrong_type, written(id) + " is " + words_for(found.type), "a condition");
  return add({.kind = StepKind::never});
}

StepId Compiler::search(std::string_view word) {
  const auto columns = table_.columns();
  const bool digits = !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
  const auto pattern = static_cast<std::uint32_t>(program_.patterns.size());
  program_.patterns.push_back(Pattern::word(word));
  std::vector<StepId> places;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    if (!column.searched) continue;
    if (column.type == Type::texts) {
      places.push_back(add({.kind = StepKind::texts_matches, .a = bind(i, Aggregate::last), .b = pattern}));
    } else if (column.type == Type::text) {
      const StepId text = add({.kind = StepKind::text_column, .a = bind(i, Aggregate::last)});
      places.push_back(add({.kind = StepKind::text_matches, .a = text, .b = pattern}));
    } else if (column.type == Type::truth && program_.patterns.back().found_in(column.name)) {
      places.push_back(add({.kind = StepKind::truth_column, .a = bind(i, Aggregate::last)}));
    } else if (column.type == Type::number && digits) {
      places.push_back(add({.kind = StepKind::number_matches, .a = bind(i, Aggregate::last), .b = pattern}));
    }
  }
  return group(StepKind::either, places);
}

// is:pinned, is:running, is:run while it is being typed: truth fields and values of the field status.
StepId Compiler::mark(NodeId id, std::string_view prefix) {
  const std::string wanted = small(prefix);
  std::vector<StepId> places;
  std::vector<std::string> known;
  const auto columns = table_.columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    if (column.origin != Origin::field) continue;
    if (column.type == Type::truth) {
      known.push_back(column.name);
      if (small(column.name).starts_with(wanted))
        places.push_back(add({.kind = StepKind::truth_column, .a = bind(i, Aggregate::last)}));
    } else if (column.name == "status" && column.type == Type::text) {
      const auto values = table_.values(i);
      known.insert(known.end(), values.begin(), values.end());
      if (std::ranges::none_of(values, [&](const std::string& value) { return small(value).starts_with(wanted); }))
        continue;
      const StepId status = add({.kind = StepKind::text_column, .a = bind(i, Aggregate::last)});
      program_.texts.push_back(wanted);
      const auto text = static_cast<std::uint32_t>(program_.texts.size() - 1);
      places.push_back(add({.kind = StepKind::text_begins, .a = status, .b = text}));
    }
  }
  if (places.empty()) {
    Fault& fault = fail(id, FaultKind::unknown_name, '"' + std::string(prefix) + "\" is no state of a run");
    const std::string_view nearest = nearest_of(known, wanted);
    if (!nearest.empty()) fault.nearest = std::string(kMark) + std::string(nearest);
  }
  return group(StepKind::either, places);
}

StepId Compiler::has(NodeId id) {
  const Value found = operand(tree_[id].parts.front(), kAnyType);
  if (!found.valid) return add({.kind = StepKind::never});
  if (found.type == Type::texts) return add({.kind = StepKind::texts_known, .a = found.handle});
  if (found.type == Type::text) return add({.kind = StepKind::text_known, .a = found.step});
  if (constant_of(found.step) != nullptr) return add({.kind = StepKind::always});
  return add({.kind = StepKind::known, .a = found.step});
}

StepId Compiler::is_nan(NodeId id) {
  const NodeId inner = tree_[id].parts.front();
  const Value found = operand(inner, kMeasures);
  if (found.valid && (found.type == Type::text || found.type == Type::texts)) {
    fail(inner, FaultKind::wrong_type, written(inner) + " is " + words_for(found.type), "a number");
    return add({.kind = StepKind::never});
  }
  return found.valid ? add({.kind = StepKind::is_nan, .a = found.step}) : add({.kind = StepKind::never});
}

}  // namespace athanor::query
