// Retrieval judged by ranks. Pure functions on host numbers.
//
// The rank of a query is 1 plus the number of wrong answers that are not clearly worse than its best right answer:
// ties and scores that are not finite count against it, so a model that gives constant or broken scores earns nothing.
// Recall at k is the share of queries with a rank of at most k; the median of an even number of ranks is the upper one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace athanor::eval {

// scores [Q, G] row-major; query_ids [Q] and gallery_ids [G] say what belongs together: equal ids are right answers.
// A query without any right answer gets the rank G + 1.
[[nodiscard]] std::vector<std::int64_t> ranks(std::span<const float> scores, std::span<const std::int32_t> query_ids,
                                              std::span<const std::int32_t> gallery_ids);

struct RetrievalFigures {
  double recall_at_1 = 0;
  double recall_at_5 = 0;
  double recall_at_10 = 0;
  double median_rank = 0;
  double mean_reciprocal_rank = 0;
};
// All zero for no ranks.
[[nodiscard]] RetrievalFigures summarise(std::span<const std::int64_t> ranks);

// "t2i_r1", "t2i_r5", "t2i_r10", "t2i_median_rank", "t2i_mrr" for the prefix "t2i".
[[nodiscard]] std::vector<std::pair<std::string, double>> named(const RetrievalFigures& figures,
                                                                const std::string& prefix);

// Indices of the `count` best of one row, best first; what is not finite comes last, ties in order of position.
[[nodiscard]] std::vector<std::int64_t> best(std::span<const float> row, std::int64_t count);

}  // namespace athanor::eval
