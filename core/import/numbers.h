// Texts of other trackers as numbers, times and names. Pure.
#pragma once

#include "core/import/source.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace athanor::imports {

// The whole text is one; "nan", "inf" and "-Infinity" too, in any case. No spaces around it.
[[nodiscard]] std::optional<double> number_in(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> whole_number_in(std::string_view text);

// Of a step that a history can have, which is no more than a double holds exactly; also "12.0".
[[nodiscard]] std::optional<std::int64_t> step_in(std::string_view text);
[[nodiscard]] bool is_step(std::int64_t step) noexcept;

// Nanoseconds since the Unix epoch of a number of seconds, milliseconds, microseconds or nanoseconds, by how large it
// is; 0 for what is no time of this century or the next.
[[nodiscard]] std::int64_t time_of(double number) noexcept;
[[nodiscard]] std::int64_t time_of_seconds(double seconds) noexcept;
[[nodiscard]] std::int64_t time_of_milliseconds(std::int64_t milliseconds) noexcept;

// "0.001", "64" and "True" as what they mean; a text that means nothing else as itself, cut where it is very long.
[[nodiscard]] Setting setting_in(std::string_view text);
[[nodiscard]] std::string cut_text(std::string_view text);
// Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string repaired(std::string_view text);

// "1 run", "3 runs"
[[nodiscard]] std::string counted(std::int64_t count, const char* what);

}  // namespace athanor::imports
