// Which rows of a batch share a micro-batch, where texts are of unequal length: those of like length, so that little of
// a micro-batch is padding, and so ordered that consecutive runs of micro-batches, as replicas take them, take about
// equally long as far as so few groups allow it, and over several batches in any case. It follows from the lengths
// alone: any number of replicas has the same micro-batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace athanor::data {

// The old places of the rows in their new order: `groups` equal runs of like length. `row_cost[t - 1]` is what a row is
// predicted to take in a group whose longest text has t tokens, in any unit. The runs are divided into as many equal
// parts as their number's smallest factor, each of about the same cost, and these again in the same way. Which part
// comes first, and so takes what cannot be divided, is another one in the next `turn`, such as the step. Lengths are
// from 1 to row_cost.size(), as many as a multiple of `groups`, which is at least 1.
[[nodiscard]] std::vector<std::size_t> group_by_length(std::span<const std::int32_t> lengths, int groups,
                                                       std::span<const double> row_cost, std::size_t turn);

}  // namespace athanor::data
