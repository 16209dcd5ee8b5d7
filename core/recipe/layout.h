// A recipe's layout in the words of core/parallel: how its ranks share the work, what of its model decides how it can
// be cut, and what this version carries out. Pure functions; safe on any thread.
#pragma once

#include "core/parallel/layout.h"
#include "core/recipe/recipe.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::recipe {

[[nodiscard]] parallel::Layout layout_of(const Recipe& recipe);
// Sets the fields that differ.
void set_layout(Recipe& recipe, const parallel::Layout& layout);
// What the recipe alone tells: a prepared text encoder's numbers are not known from its name.
[[nodiscard]] parallel::LayoutFacts layout_facts(const Recipe& recipe);
// The ranges and choices of the schema. Fields of which `may_change` says false are fixed; empty: all may change.
[[nodiscard]] parallel::LayoutLimits layout_limits(const std::function<bool(const std::string& path)>& may_change = {});
// What gives a recipe this layout: "parallel.data=4", "parallel.micro_batches=8".
[[nodiscard]] std::vector<std::string> assignments(const Recipe& recipe, const parallel::Layout& layout);

// Of what has faults nothing is known.
[[nodiscard]] parallel::LayoutFacts without_spoiled(parallel::LayoutFacts facts,
                                                    const std::set<std::string, std::less<>>& spoiled);

// A fault for each rule that the layout breaks. Rules that speak of a field in `spoiled` are not judged.
[[nodiscard]] std::vector<Fault> judge_layout(const Recipe& recipe, const parallel::LayoutFacts& facts,
                                              const std::set<std::string, std::less<>>& spoiled);

}  // namespace athanor::recipe
