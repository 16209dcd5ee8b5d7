// Shared by the files of this folder: how values look in TOML, and reading them back.
#pragma once

#include "core/recipe/recipe.h"

#include <string>
#include <string_view>

namespace athanor::recipe {

// A TOML basic string with everything escaped that must be.
[[nodiscard]] std::string quoted(std::string_view text);
// Well-formed UTF-8 without surrogates or overlong forms, as TOML demands.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
// "a whole number", "text", …: what a field wants, for faults.
[[nodiscard]] const char* wanted(FieldType type) noexcept;

}  // namespace athanor::recipe
