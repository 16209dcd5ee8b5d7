// How values look in TOML, and small readings of text that several places need.
#pragma once

#include "core/recipe/recipe.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::recipe {

// A TOML basic string with everything escaped that must be.
[[nodiscard]] std::string quoted(std::string_view text);
// Well-formed UTF-8 without surrogates or overlong forms, as TOML demands.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
// "a whole number", "text", …: what a field wants, for faults.
[[nodiscard]] const char* wanted(FieldType type) noexcept;

// "32, 64,128" as numbers; nothing when it is anything else.
[[nodiscard]] std::optional<std::vector<std::int64_t>> whole_numbers(std::string_view text);

}  // namespace athanor::recipe
