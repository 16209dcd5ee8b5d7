// Comparisons: = != < <= > >= ~ !~ in.
#include "core/query/compiler.h"
#include "core/query/names.h"

#include <algorithm>
#include <cmath>

namespace athanor::query {
namespace {

Relation relation_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::not_equal: return Relation::not_equal;
    case NodeKind::less: return Relation::less;
    case NodeKind::less_equal: return Relation::less_equal;
    case NodeKind::greater: return Relation::greater;
    case NodeKind::greater_equal: return Relation::greater_equal;
    default: return Relation::equal;
  }
}

// b related to a, for a related to b.
Relation mirrored(Relation relation) {
  switch (relation) {
    case Relation::less: return Relation::greater;
    case Relation::less_equal: return Relation::greater_equal;
    case Relation::greater: return Relation::less;
    case Relation::greater_equal: return Relation::less_equal;
    default: return relation;
  }
}

bool is_text(Type type) { return type == Type::text || type == Type::texts; }

Types comparable(Type type) {
  if (is_text(type)) return kTextTypes;
  if (type == Type::time || type == Type::duration) return only(Type::time) | only(Type::duration);
  return only(type);
}

// What to write beside a value of this type.
const char* example_of(Type type) {
  switch (type) {
    case Type::number: return "a number";
    case Type::duration: return "a duration, as 90s or 2h";
    case Type::time: return "a time, as 2026-11-01, or -7d for seven days ago";
    case Type::truth: return "true or false";
    default: return "a text, in quotes";
  }
}

}  // namespace

// A quoted name may stand on the left, if that is what it is.
Value Compiler::left_of(NodeId id, Types fitting) {
  const Node& node = tree_[id];
  const auto columns = table_.columns();
  const bool is_name =
      node.kind == NodeKind::text && std::ranges::find(columns, node.text, &Column::name) != columns.end();
  return is_name ? name(id, node.text, fitting) : value(id, fitting);
}

// A bare word to the right of a name of texts is a text.
Value Compiler::right_of(const Value& left, NodeId id) {
  const Node& node = tree_[id];
  const bool constant = left.type == Type::text && program_.steps[left.step].kind == StepKind::text_constant;
  if (left.valid && is_text(left.type) && !constant && node.kind == NodeKind::name && !node.quoted)
    return text_value(node.text);
  return value(id, left.valid ? comparable(left.type) : kAnyType);
}

// The types of what could be compared with it.
Types Compiler::comparable_with(NodeId id) const {
  if (tree_[id].kind == NodeKind::broken) return kNoMatter;
  const auto type = likely_type(id);
  return type ? comparable(*type) : kAnyType;
}

void Compiler::fail_types(NodeId at, NodeId left, const Value& left_value, NodeId right, const Value& right_value) {
  std::string expected = example_of(left_value.type);
  if (is_text(left_value.type) && tree_[right].kind == NodeKind::literal)
    expected = "a text, \"" + tree_[right].text + '"';
  fail(at, FaultKind::wrong_type,
       written(left) + " is " + words_for(left_value.type) + "; " + written(right) + " is " +
           words_for(right_value.type),
       std::move(expected));
}

StepId Compiler::comparison(NodeId id) {
  const Node& node = tree_[id];
  const Value left = left_of(node.parts[0], comparable_with(node.parts[1]));
  const Value right = right_of(left, node.parts[1]);
  if (!left.valid || !right.valid) return add({.kind = StepKind::never});
  return compare(id, left, right);
}

StepId Compiler::compare(NodeId id, const Value& left, const Value& right) {
  const Node& node = tree_[id];
  const Relation relation = relation_of(node.kind);
  if (is_text(left.type) && is_text(right.type)) return compare_texts(id, relation, left, right);
  Value a = left, b = right;
  if (a.type == Type::time && b.type == Type::duration && !before_now(b, node.parts[1], a))
    return add({.kind = StepKind::never});
  if (a.type == Type::duration && b.type == Type::time && !before_now(a, node.parts[0], b))
    return add({.kind = StepKind::never});
  if (a.type != b.type) {
    fail_types(id, node.parts[0], left, node.parts[1], right);
    return add({.kind = StepKind::never});
  }
  if (a.type == Type::truth && relation != Relation::equal && relation != Relation::not_equal) {
    fail(id, FaultKind::wrong_type, written(node.parts[0]) + " is true or false", "= or !=");
    return add({.kind = StepKind::never});
  }
  return compare_numbers(relation, a, b);
}

// -7d beside a time: that long before now.
bool Compiler::before_now(Value& duration, NodeId at, const Value& time) {
  const double* seconds = constant_of(duration.step);
  if (seconds == nullptr || *seconds > 0) {
    Fault& fault = fail(at, FaultKind::wrong_type, written(at) + " is a duration, and is compared with a time",
                        example_of(time.type));
    if (seconds != nullptr) fault.nearest = '-' + written(at);
    return false;
  }
  duration.type = Type::time;
  duration.step = add({.kind = StepKind::after_now, .a = duration.step});
  return true;
}

StepId Compiler::compare_numbers(Relation relation, const Value& left, const Value& right) {
  if (right.is_stretch && !left.is_stretch) return compare_stretch(relation, left.step, right.stretch);
  if (left.is_stretch && !right.is_stretch) return compare_stretch(mirrored(relation), right.step, left.stretch);
  const double* a = constant_of(left.step);
  const double* b = constant_of(right.step);
  if (a != nullptr && b != nullptr)
    return add({.kind = related(relation, *a, *b) ? StepKind::always : StepKind::never});
  if (b != nullptr) return add({.kind = StepKind::compare_with, .relation = relation, .a = left.step, .x = *b});
  if (a != nullptr)
    return add({.kind = StepKind::compare_with, .relation = mirrored(relation), .a = right.step, .x = *a});
  return add({.kind = StepKind::compare, .relation = relation, .a = left.step, .b = right.step});
}

// A day is all of its moments: after it is after its end.
StepId Compiler::compare_stretch(Relation relation, StepId time, const Stretch& stretch) {
  const auto with = [&](Relation one, double x) {
    return add({.kind = StepKind::compare_with, .relation = one, .a = time, .x = x});
  };
  switch (relation) {
    case Relation::less: return with(Relation::less, stretch.begin);
    case Relation::less_equal: return with(Relation::less, stretch.end);
    case Relation::greater: return with(Relation::greater_equal, stretch.end);
    case Relation::greater_equal: return with(Relation::greater_equal, stretch.begin);
    default: break;
  }
  const StepKind kind = relation == Relation::equal ? StepKind::within : StepKind::outside;
  return add({.kind = kind, .a = time, .x = stretch.begin, .y = stretch.end});
}

StepId Compiler::compare_texts(NodeId id, Relation relation, const Value& left, const Value& right) {
  if (left.type == Type::text && right.type == Type::text)
    return add({.kind = StepKind::text_compare, .relation = relation, .a = left.step, .b = right.step});
  const Value& list = left.type == Type::texts ? left : right;
  const Value& one = left.type == Type::texts ? right : left;
  const bool equality = relation == Relation::equal || relation == Relation::not_equal;
  if (one.type != Type::text || !equality) {
    fail(id, FaultKind::wrong_type, written(tree_[id].parts[left.type == Type::texts ? 0 : 1]) + " is a list of texts",
         one.type != Type::text ? "a text on the other side" : "=, !=, ~, !~ or in");
    return add({.kind = StepKind::never});
  }
  return add({.kind = StepKind::texts_equal, .relation = relation, .a = list.handle, .b = one.step});
}

StepId Compiler::match(NodeId id) {
  const Node& node = tree_[id];
  const Value left = left_of(node.parts[0], kTextTypes);
  const Node& right = tree_[node.parts[1]];
  const auto never = [this] { return add({.kind = StepKind::never}); };
  if (right.kind == NodeKind::broken || !left.valid) return never();
  if (!is_text(left.type)) {
    fail(id, FaultKind::wrong_type, written(node.parts[0]) + " is " + words_for(left.type) + "; ~ looks into texts",
         "=, !=, <, <=, > or >=");
    return never();
  }
  if (right.kind != NodeKind::text) {
    fail(node.parts[1], FaultKind::wrong_type, written(node.parts[1]) + " is no pattern", "a text, in quotes");
    return never();
  }
  auto pattern = Pattern::regular(right.text);
  if (!pattern) {
    const PatternFault& wrong = pattern.error();
    Fault& fault = fail(node.parts[1], FaultKind::bad_pattern, "the pattern cannot be read: " + wrong.reason);
    // Inside the quotes; one that is doubled there moves the place by what was left out.
    const std::size_t quote = right.length == right.text.size() ? 0 : 1;
    fault.position = std::min(right.position + quote + wrong.position, right.position + right.length);
    fault.length = std::min(wrong.length, right.position + right.length - fault.position);
    return never();
  }
  program_.patterns.push_back(std::move(*pattern));
  const auto number = static_cast<std::uint32_t>(program_.patterns.size() - 1);
  const Relation relation = node.kind == NodeKind::matches ? Relation::equal : Relation::not_equal;
  if (left.type == Type::texts)
    return add({.kind = StepKind::texts_matches, .relation = relation, .a = left.handle, .b = number});
  return add({.kind = StepKind::text_matches, .relation = relation, .a = left.step, .b = number});
}

StepId Compiler::membership(NodeId id) {
  const Node& node = tree_[id];
  const Value subject = left_of(node.parts[0], comparable_with(node.parts[1]));
  std::vector<Value> values;
  bool valid = subject.valid;
  for (std::size_t i = 1; i < node.parts.size(); ++i) {
    Value one = right_of(subject, node.parts[i]);
    if (subject.valid && one.valid && subject.type == Type::time && one.type == Type::duration)
      one.valid = before_now(one, node.parts[i], subject);
    valid &= one.valid;
    if (!subject.valid || !one.valid) continue;
    const Type wanted = subject.type == Type::texts ? Type::text : subject.type;
    if (one.type != wanted) {
      fail_types(node.parts[i], node.parts[0], subject, node.parts[i], one);
      valid = false;
    }
    values.push_back(one);
  }
  return valid ? among(subject, values) : add({.kind = StepKind::never});
}

// Constants are looked up; whatever else stands in the list is compared one after the other.
StepId Compiler::among(const Value& subject, const std::vector<Value>& values) {
  std::vector<double> numbers;
  std::vector<std::string> texts;
  std::vector<StepId> parts;
  for (const Value& value : values) {
    const Step& step = program_.steps[value.step];
    if (is_text(subject.type) && step.kind == StepKind::text_constant) {
      texts.push_back(program_.texts[step.a]);
    } else if (subject.type == Type::texts) {
      parts.push_back(add({.kind = StepKind::texts_equal, .a = subject.handle, .b = value.step}));
    } else if (subject.type == Type::text) {
      parts.push_back(add({.kind = StepKind::text_compare, .a = subject.step, .b = value.step}));
    } else if (const double* number = constant_of(value.step); number != nullptr && !value.is_stretch) {
      if (!std::isnan(*number)) numbers.push_back(*number);
    } else {
      parts.push_back(compare_numbers(Relation::equal, subject, value));
    }
  }
  if (!texts.empty()) {
    std::ranges::sort(texts);
    program_.text_sets.push_back(std::move(texts));
    const auto set = static_cast<std::uint32_t>(program_.text_sets.size() - 1);
    const bool list = subject.type == Type::texts;
    parts.push_back(add({.kind = list ? StepKind::texts_among : StepKind::text_among,
                         .a = list ? subject.handle : subject.step,
                         .b = set}));
  }
  if (!numbers.empty()) {
    std::ranges::sort(numbers);
    program_.number_sets.push_back(std::move(numbers));
    const auto set = static_cast<std::uint32_t>(program_.number_sets.size() - 1);
    parts.push_back(add({.kind = StepKind::among, .a = subject.step, .b = set}));
  }
  return group(StepKind::either, parts);
}

}  // namespace athanor::query
