// Where a run comes from: program, machine, seeds and data, as JSON for provenance.json.
#pragma once

#include "core/runner/recipe_input.h"

#include <string>
#include <string_view>

namespace athanor::runner {

// What this program was built from.
[[nodiscard]] std::string_view version();
[[nodiscard]] std::string_view build_commit();      // "" when it was built outside a repository
[[nodiscard]] std::string_view build_difference();  // the uncommitted changes it was built with

[[nodiscard]] std::string provenance_json(const SoundRecipe& sound, const std::string& parent, const std::string& from);

}  // namespace athanor::runner
