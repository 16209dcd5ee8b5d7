// The query language of the workbench: filters of runs, sort keys, columns, conditions of alerts. What can be written
// stands in README.md, the grammar in parse.h.
//
//   loss < 0.3 and (model = "two-tower" or tag ~ abl.*) and min(val/r1) > 40
//
// What a row does not have makes every comparison false, and `not` of that true; has(x) asks. NaN compares as if it
// were not there; is_nan(x) asks.
#pragma once

#include "core/query/fault.h"
#include "core/query/literal.h"
#include "core/query/table.h"

#include <tl/expected.hpp>

#include <memory>

namespace athanor::query {

struct Program;

struct Settings {
  double now_s = 0;         // seconds since 1970 in UTC: what -7d is counted from
  Zone zone = Zone::local;  // of the dates in the text
};

// A condition bound to the columns of a table, which must outlive it. One thread at a time: evaluating keeps notes of
// the patterns it has seen. Evaluating allocates nothing for a row, but for such notes.
class Filter {
 public:
  // Of an empty text: every row matches.
  [[nodiscard]] static tl::expected<Filter, Faults> compile(std::string_view text, Table& table,
                                                            const Settings& settings);
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

  [[nodiscard]] bool matches(std::size_t row) const;
  void set_now(double now_s) noexcept;
  [[nodiscard]] bool depends_on_now() const noexcept;  // a row may come and go as time passes

 private:
  explicit Filter(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

// A value for each row, under the same conditions.
class Expression {
 public:
  [[nodiscard]] static tl::expected<Expression, Faults> compile(std::string_view text, Table& table,
                                                                const Settings& settings);
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  [[nodiscard]] Type type() const noexcept;  // never texts
  // Of every type but text; a truth is 0 or 1. Empty: the row has none.
  [[nodiscard]] std::optional<double> number(std::size_t row) const;
  // Of text alone; valid until the table changes.
  [[nodiscard]] std::optional<std::string_view> text(std::size_t row) const;
  void set_now(double now_s) noexcept;

 private:
  Expression(std::unique_ptr<Program> program, Type type);
  std::unique_ptr<Program> program_;
  Type type_ = Type::number;
};

// The text of a query in tidy form, which means the same: a saved view. Empty for one that cannot be read.
[[nodiscard]] std::optional<std::string> tidy(std::string_view text);

}  // namespace athanor::query
