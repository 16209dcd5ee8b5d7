// Which fields of a recipe would make the memory last, given who holds it.
#pragma once

#include "core/recipe/recipe.h"
#include "core/train/memory_owners.h"

#include <string>
#include <vector>

namespace athanor::runner {

// "Lower data.batch_size (now 128), or model.image_width (now 96) …". Owners come largest first, at least one.
[[nodiscard]] std::string memory_advice(const recipe::Recipe& recipe, const std::vector<train::TagOwners>& owners);

}  // namespace athanor::runner
