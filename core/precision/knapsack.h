// The multiple-choice knapsack: one option of every item, least total cost, total weight within a budget. Solved
// exactly by dynamic programming over weights in whole cells.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace athanor::precision {

struct Option {
  double cost = 0;
  std::int64_t weight = 0;  // cells, not negative
};

// The chosen option of each item; of equally cheap answers the one with the least weight, then with earlier options.
// Nothing when even the lightest options exceed the budget. Time and memory grow with items x budget.
[[nodiscard]] std::optional<std::vector<std::size_t>> choose_options(std::span<const std::vector<Option>> items,
                                                                     std::int64_t budget);

// An error as cells of a budget, rounded up so that a sum in cells never hides an excess. Errors beyond are budget + 1.
[[nodiscard]] std::int64_t cells_of(double error, double budget, std::int64_t cells) noexcept;

}  // namespace athanor::precision
