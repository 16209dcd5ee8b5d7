// From a tree to a program: binds names, checks types, folds constants. Internal to query.h.
#pragma once

#include "core/query/program.h"
#include "core/query/query.h"
#include "core/query/tree.h"

#include <map>

namespace athanor::query {

// Types that would make sense somewhere, a bit for each: of columns that share a short name, the one that does is
// meant.
using Types = std::uint8_t;
[[nodiscard]] constexpr Types only(Type type) noexcept { return static_cast<Types>(1U << static_cast<unsigned>(type)); }
inline constexpr Types kAnyType = 0x3f;
inline constexpr Types kNoMatter = 0;  // what it is compared with is broken: any of them will do
inline constexpr Types kTextTypes = only(Type::text) | only(Type::texts);
inline constexpr Types kMeasures = only(Type::number) | only(Type::duration) | only(Type::time);

// What an expression gives, once it is known which steps compute it.
struct Value {
  bool valid = false;  // false: its fault is told already
  Type type = Type::number;
  StepId step = 0;           // of texts: none
  Table::Handle handle = 0;  // of texts
  Stretch stretch = {};      // of a date: what it covers
  bool is_stretch = false;
};

class Compiler {
 public:
  Compiler(const Tree& tree, Table& table, const Settings& settings);

  [[nodiscard]] StepId condition(NodeId id);
  [[nodiscard]] Value value(NodeId id, Types fitting = kAnyType);

  [[nodiscard]] Faults take_faults() { return std::move(faults_); }
  [[nodiscard]] Program take_program() { return std::move(program_); }
  Fault& fail(NodeId at, FaultKind kind, std::string sentence, std::string expected = {});

 private:
  // Values
  Value name(NodeId id, std::string_view name, Types fitting);
  Value column_value(std::size_t column, Aggregate aggregate);
  Value literal(NodeId id);
  Value text_value(std::string_view text);
  Value call(NodeId id);
  Value aggregate(NodeId id, Aggregate aggregate);
  Value negate(NodeId id);
  Value arithmetic(NodeId id);
  Value operand(NodeId id, Types fitting);  // a text stands for the name it is
  [[nodiscard]] std::optional<std::size_t> find(NodeId id, std::string_view name, Types fitting, bool metrics_only);
  void fail_unknown(NodeId id, std::string_view name, bool metrics_only);
  [[nodiscard]] std::string subtraction_meant(std::string_view name) const;

  // Conditions
  StepId all_or_any(NodeId id);
  StepId comparison(NodeId id);
  StepId compare(NodeId id, const Value& left, const Value& right);
  StepId compare_numbers(Relation relation, const Value& left, const Value& right);
  StepId compare_stretch(Relation relation, StepId time, const Stretch& stretch);
  StepId compare_texts(NodeId id, Relation relation, const Value& left, const Value& right);
  StepId match(NodeId id);
  StepId membership(NodeId id);
  StepId among(const Value& subject, const std::vector<Value>& values);
  StepId has(NodeId id);
  StepId is_nan(NodeId id);
  StepId truth_name(NodeId id);
  StepId search(std::string_view word);
  StepId mark(NodeId id, std::string_view prefix);
  Value right_of(const Value& left, NodeId id);
  Value left_of(NodeId id, Types fitting);
  [[nodiscard]] Types comparable_with(NodeId id) const;
  [[nodiscard]] std::optional<Type> likely_type(NodeId id) const;
  bool before_now(Value& duration, NodeId at, const Value& time);
  void fail_types(NodeId at, NodeId left, const Value& left_value, NodeId right, const Value& right_value);

  // Steps
  StepId add(Step step);
  StepId folded(Step step);  // a constant where its parts are
  StepId constant(double x);
  StepId group(StepKind kind, const std::vector<StepId>& parts);
  [[nodiscard]] const double* constant_of(StepId step) const;
  Table::Handle bind(std::size_t column, Aggregate aggregate);

  [[nodiscard]] std::string written(NodeId id) const;  // as faults name it

  const Tree& tree_;
  Table& table_;
  Settings settings_;
  Program program_;
  Faults faults_;
  std::map<std::pair<std::size_t, Aggregate>, Table::Handle> bound_;
};

}  // namespace athanor::query
