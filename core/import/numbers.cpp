#include "core/import/numbers.h"

#include "core/journal/codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

namespace athanor::imports {
namespace {

constexpr std::int64_t kFarthestStep = std::int64_t{1} << 53;
constexpr double kLatest_s = 7.0e9;  // in the year 2191
constexpr std::size_t kLongestText = 64U << 10;

bool is_same(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, {}, [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
}

}  // namespace

std::optional<double> number_in(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const bool is_negative = text.starts_with('-');
  const std::string_view size = text.substr(is_negative ? 1 : 0);
  if (is_same(size, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (is_same(size, "inf") || is_same(size, "infinity"))
    return is_negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  if (size.empty() || (std::isdigit(static_cast<unsigned char>(size[0])) == 0 && size[0] != '.')) return std::nullopt;
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || code == std::errc::invalid_argument) return std::nullopt;
  if (code == std::errc::result_out_of_range) {  // too large or too small for a double: as a program would have read it
    const bool is_small = size.find("e-") != std::string_view::npos || size.find("E-") != std::string_view::npos;
    value = is_small ? 0.0 : std::numeric_limits<double>::infinity();
    return is_negative ? -value : value;
  }
  return value;
}

std::optional<std::int64_t> whole_number_in(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_step(std::int64_t step) noexcept { return step >= -kFarthestStep && step <= kFarthestStep; }

std::optional<std::int64_t> step_in(std::string_view text) {
  if (const auto whole = whole_number_in(text)) return is_step(*whole) ? whole : std::nullopt;
  const auto number = number_in(text);
  if (!number || !(std::abs(*number) <= static_cast<double>(kFarthestStep)) || std::trunc(*number) != *number)
    return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::int64_t time_of_seconds(double seconds) noexcept {
  if (!(seconds > 0 && seconds < kLatest_s)) return 0;
  const double whole = std::floor(seconds);
  return static_cast<std::int64_t>(whole) * 1'000'000'000 +
         static_cast<std::int64_t>(std::llround((seconds - whole) * 1e9));
}

std::int64_t time_of_milliseconds(std::int64_t milliseconds) noexcept {
  const bool is_one = milliseconds > 0 && milliseconds < static_cast<std::int64_t>(kLatest_s) * 1000;
  return is_one ? milliseconds * 1'000'000 : 0;
}

std::int64_t time_of(double number) noexcept {
  for (const double per_second : {1.0, 1e3, 1e6, 1e9})
    if (const double seconds = number / per_second; seconds < kLatest_s) return time_of_seconds(seconds);
  return 0;
}

std::string repaired(std::string_view text) {
  std::string framed;
  journal::put_text(framed, text);
  return framed.substr(sizeof(std::uint32_t));
}

std::string cut_text(std::string_view text) {
  if (text.size() <= kLongestText) return repaired(text);
  std::size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return repaired(text.substr(0, end)) + "…";
}

Setting setting_in(std::string_view text) {
  if (text == "True" || text == "true") return true;
  if (text == "False" || text == "false") return false;
  const bool has_leading_zero = text.size() > 1 && text[0] == '0' && std::isdigit(static_cast<unsigned char>(text[1]));
  if (has_leading_zero) return cut_text(text);  // "007" is a name
  if (const auto whole = whole_number_in(text); whole && is_step(*whole)) return *whole;
  const auto number = number_in(text);
  if (number && std::isfinite(*number)) return *number;
  return cut_text(text);
}

std::string counted(std::int64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace athanor::imports
