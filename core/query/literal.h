// Numbers, durations and dates as they are written in a query. Pure but for the time zone; any thread.
//
//   0.3  1e-3  40%  1.5k  2M  3G  1T          numbers; k = 1000
//   250ms  90s  30min  2h  7d  1w  1h30min    durations
//   2026-11-01  2026-11-01T12:00  …T12:00:30  a day, a minute, a second
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace athanor::query {

enum class Zone : std::uint8_t { local, utc };

// A stretch of time in seconds since 1970 in UTC: begin <= t < end.
struct Stretch {
  double begin = 0;
  double end = 0;
};

struct Date {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  enum class Precision : std::uint8_t { day, minute, second } precision = Precision::day;
};

struct Literal {
  enum class Kind : std::uint8_t { number, duration, date } kind = Kind::number;
  double value = 0;  // of a duration in seconds
  Date date = {};
};

// Empty when the word is none of these, also for a day that is in no calendar.
[[nodiscard]] std::optional<Literal> read_literal(std::string_view word);
// Written like a date, though it may be none.
[[nodiscard]] bool looks_like_date(std::string_view word) noexcept;
[[nodiscard]] Stretch stretch_of(const Date& date, Zone zone);
// The shortest text that read_literal takes for this number; of a negative or infinite one there is none.
[[nodiscard]] std::string number_text(double value);

}  // namespace athanor::query
