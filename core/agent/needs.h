// What a recipe asks of a machine.
#pragma once

#include "core/recipe/recipe.h"
#include "core/store/queue.h"

#include <string>

namespace athanor::agent {

[[nodiscard]] store::Needs needs_of(const recipe::Recipe& recipe);
[[nodiscard]] store::Needs needs_of(const std::string& recipe_toml);

}  // namespace athanor::agent
