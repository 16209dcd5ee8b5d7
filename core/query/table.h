// What a query is asked of: rows with named columns. Whoever holds the rows implements Table; the query owns none of
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::query {

enum class Type : std::uint8_t {
  number,
  text,
  texts,     // a list, as tags are: what holds for any of them holds
  truth,     // true or false
  time,      // seconds since 1970 in UTC
  duration,  // seconds
};
[[nodiscard]] const char* words_for(Type type) noexcept;  // "a number", "a list of texts"

// Where a name comes from.
enum class Origin : std::uint8_t { field, parameter, metric };
[[nodiscard]] const char* to_string(Origin origin) noexcept;

// What of a metric's curve is meant; of everything else there is only the last value.
enum class Aggregate : std::uint8_t { last, first, min, max, mean, count };
[[nodiscard]] const char* to_string(Aggregate aggregate) noexcept;

struct Column {
  std::string name;  // whole: "status", "train.learning_rate", "eval/t2i_r1"
  Type type = Type::number;
  Origin origin = Origin::field;
  std::string help;  // a short description
  // A word that stands alone is looked for here: in texts, in the digits of a number, and in the name of a truth, for
  // rows where it is true.
  bool searched = false;
};

// Rows are numbered as the caller likes. Answers are read from the thread that evaluates the query.
class Table {
 public:
  virtual ~Table() = default;

  // The same for as long as queries compiled against it live.
  [[nodiscard]] virtual std::span<const Column> columns() const = 0;
  // Values that a text column is known to have, for completion; every status there can be for "status".
  [[nodiscard]] virtual std::vector<std::string> values(std::size_t column) const = 0;

  using Handle = std::uint32_t;
  // Called while a query is compiled: what it will read. Only metrics are asked for with another aggregate than last.
  [[nodiscard]] virtual Handle bind(std::size_t column, Aggregate aggregate) = 0;

  // Of a number, a time, a duration, or a truth as 0 or 1. Empty: the row has none.
  [[nodiscard]] virtual std::optional<double> number(Handle handle, std::size_t row) const = 0;
  // Valid until the table changes. Empty: the row has none.
  [[nodiscard]] virtual std::optional<std::string_view> text(Handle handle, std::size_t row) const = 0;
  [[nodiscard]] virtual std::span<const std::string> texts(Handle handle, std::size_t row) const = 0;

 protected:
  Table() = default;
  Table(const Table&) = default;
  Table& operator=(const Table&) = default;
};

}  // namespace athanor::query
