// A compiled query: steps over bound columns. Internal to query.h; made by compiler.h.
#pragma once

#include "core/query/pattern.h"
#include "core/query/table.h"

namespace athanor::query {

enum class StepKind : std::uint8_t {
  // numbers; times and durations in seconds
  constant,   // x
  column,     // number(a)
  after_now,  // now + number a
  negate,     // -a
  add,        // a, b: steps
  subtract,
  multiply,
  divide,
  truth_value,  // 1 where the condition a holds, else 0
  // texts
  text_constant,  // texts[a]
  text_column,    // text(a)
  // conditions
  always,
  never,
  truth_column,    // number(a) is not 0
  compare,         // number a, number b
  compare_with,    // number a, x
  within,          // x <= number a < y
  outside,         // number a < x or y <= it
  among,           // number a is in number_sets[b]
  text_compare,    // text a, text b
  text_among,      // text a is in text_sets[b]
  text_matches,    // text a, patterns[b]; with not_equal: there is a text, in which it is not found
  text_begins,     // text a begins with texts[b], in any case
  texts_equal,     // texts(a) has the text b; with not_equal: none is it
  texts_among,     // texts(a) has one of text_sets[b]
  texts_matches,   // the pattern is found in one of texts(a); with not_equal: in none
  number_matches,  // the digits of number(a), patterns[b]
  texts_known,     // there are any
  text_known,      // there is one that is not empty
  known,           // number a is there
  is_nan,
  negation,
  both,    // b steps from parts[a] on
  either,  // the same
};

enum class Relation : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

struct Step {
  StepKind kind = StepKind::never;
  Relation relation = Relation::equal;
  std::uint32_t a = 0, b = 0;
  double x = 0, y = 0;
};
using StepId = std::uint32_t;

struct Program {
  const Table* table = nullptr;
  std::vector<Step> steps;
  std::vector<StepId> parts;
  std::vector<std::string> texts;
  std::vector<std::vector<double>> number_sets;     // sorted
  std::vector<std::vector<std::string>> text_sets;  // sorted
  std::vector<Pattern> patterns;
  StepId root = 0;
  double now_s = 0;

  [[nodiscard]] std::optional<double> number(StepId step, std::size_t row) const;
  [[nodiscard]] std::optional<std::string_view> text(StepId step, std::size_t row) const;
  [[nodiscard]] bool holds(StepId step, std::size_t row) const;

 private:
  [[nodiscard]] bool text_holds(const Step& step, std::size_t row) const;
  [[nodiscard]] bool texts_hold(const Step& step, std::size_t row) const;
};

[[nodiscard]] bool related(Relation relation, double a, double b) noexcept;  // false where either is NaN

}  // namespace athanor::query
