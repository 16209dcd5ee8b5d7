#include "core/query/literal.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>

namespace athanor::query {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};
constexpr std::array<Unit, 5> kScales = {{{"%", 0.01}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}}};
constexpr std::array<Unit, 6> kTimes = {
    {{"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <std::size_t N>
const Unit* find(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return &unit;
  return nullptr;
}

// Takes a number without a sign off the text.
std::optional<double> take_number(std::string_view& text) {
  if (text.empty() || !(is_digit(text[0]) || (text[0] == '.' && text.size() > 1 && is_digit(text[1])))) return {};
  double value = 0;
  const auto [stop, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc()) return {};
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return value;
}

std::string_view take_unit(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && !is_digit(text[end]) && text[end] != '.') ++end;
  const std::string_view unit = text.substr(0, end);
  text.remove_prefix(end);
  return unit;
}

// 1h30min
std::optional<double> duration_in(std::string_view text) {
  double seconds = 0;
  while (!text.empty()) {
    const auto value = take_number(text);
    const Unit* unit = value ? find(kTimes, take_unit(text)) : nullptr;
    if (unit == nullptr) return {};
    seconds += *value * unit->factor;
  }
  return seconds;
}

// As many digits as the pattern "dddd-dd-dd" has; other characters must be the same.
bool has_form(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (form[i] == 'd' ? !is_digit(text[i]) : text[i] != form[i]) return false;
  return true;
}

int digits_at(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(at, count)) value = value * 10 + (c - '0');
  return value;
}

std::optional<Date> date_in(std::string_view text) {
  if (!looks_like_date(text)) return {};
  Date date{.year = digits_at(text, 0, 4), .month = digits_at(text, 5, 2), .day = digits_at(text, 8, 2)};
  constexpr std::size_t kDay = 10, kMinute = 16;
  if (text.size() > kDay) {
    date.hour = digits_at(text, 11, 2);
    date.minute = digits_at(text, 14, 2);
    date.precision = Date::Precision::minute;
  }
  if (text.size() > kMinute) {
    date.second = digits_at(text, 17, 2);
    date.precision = Date::Precision::second;
  }
  const std::chrono::year_month_day day{std::chrono::year(date.year),
                                        std::chrono::month(static_cast<unsigned>(date.month)),
                                        std::chrono::day(static_cast<unsigned>(date.day))};
  if (!day.ok() || date.hour > 23 || date.minute > 59 || date.second > 59) return {};
  return date;
}

// Days, minutes and seconds may be beyond the end of their month, hour and minute.
double seconds_at(const Date& date, Zone zone) {
  std::tm parts{};
  parts.tm_year = date.year - 1900;
  parts.tm_mon = date.month - 1;
  parts.tm_mday = date.day;
  parts.tm_hour = date.hour;
  parts.tm_min = date.minute;
  parts.tm_sec = date.second;
  parts.tm_isdst = -1;
  return static_cast<double>(zone == Zone::utc ? ::timegm(&parts) : std::mktime(&parts));
}

}  // namespace

bool looks_like_date(std::string_view word) noexcept {
  return has_form(word, "dddd-dd-dd") || has_form(word, "dddd-dd-ddTdd:dd") || has_form(word, "dddd-dd-ddTdd:dd:dd");
}

std::optional<Literal> read_literal(std::string_view word) {
  if (const auto date = date_in(word)) return Literal{.kind = Literal::Kind::date, .date = *date};
  std::string_view rest = word;
  const auto value = take_number(rest);
  if (!value) return {};
  if (rest.empty()) return Literal{.value = *value};
  if (rest == "K") rest = "k";
  // Divided, not multiplied: 40% is the number that 0.4 is.
  if (rest == "%") return Literal{.value = *value / 100};
  if (const Unit* scale = find(kScales, rest)) return Literal{.value = *value * scale->factor};
  if (const auto seconds = duration_in(word)) return Literal{.kind = Literal::Kind::duration, .value = *seconds};
  return {};
}

Stretch stretch_of(const Date& date, Zone zone) {
  if (date.precision != Date::Precision::day) {
    const double begin = seconds_at(date, zone);
    return {begin, begin + (date.precision == Date::Precision::minute ? 60 : 1)};
  }
  Date next = date;
  ++next.day;  // not 24 hours later where clocks are set in between
  return {seconds_at(date, zone), seconds_at(next, zone)};
}

std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const auto [end, status] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value));
  return status == std::errc() ? std::string(buffer.data(), end) : "0";
}

}  // namespace athanor::query
