#include "core/eval/retrieval.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace athanor::eval {
namespace {

std::int64_t rank_of(std::span<const float> row, std::int32_t id, std::span<const std::int32_t> gallery_ids) {
  float best_right = -std::numeric_limits<float>::infinity();
  bool answerable = false;
  for (std::size_t g = 0; g < row.size(); ++g) {
    if (gallery_ids[g] != id) continue;
    answerable = true;
    if (std::isfinite(row[g])) best_right = std::max(best_right, row[g]);
  }
  if (!answerable) return static_cast<std::int64_t>(row.size()) + 1;
  std::int64_t rank = 1;
  for (std::size_t g = 0; g < row.size(); ++g) {
    if (gallery_ids[g] == id) continue;
    const bool clearly_worse = std::isfinite(row[g]) && row[g] < best_right;
    if (!clearly_worse) ++rank;
  }
  return rank;
}

}  // namespace

std::vector<std::int64_t> ranks(std::span<const float> scores, std::span<const std::int32_t> query_ids,
                                std::span<const std::int32_t> gallery_ids) {
  std::vector<std::int64_t> out;
  for (std::size_t query = 0; query < query_ids.size(); ++query) {
    out.push_back(
        rank_of(scores.subspan(query * gallery_ids.size(), gallery_ids.size()), query_ids[query], gallery_ids));
  }
  return out;
}

RetrievalFigures summarise(std::span<const std::int64_t> ranks) {
  RetrievalFigures out;
  if (ranks.empty()) return out;
  const auto count = static_cast<double>(ranks.size());
  const auto recall = [&](std::int64_t k) {
    return static_cast<double>(std::ranges::count_if(ranks, [k](std::int64_t rank) { return rank <= k; })) / count;
  };
  out.recall_at_1 = recall(1);
  out.recall_at_5 = recall(5);
  out.recall_at_10 = recall(10);
  for (const std::int64_t rank : ranks) out.mean_reciprocal_rank += 1.0 / static_cast<double>(rank) / count;
  std::vector<std::int64_t> sorted(ranks.begin(), ranks.end());
  std::ranges::sort(sorted);
  out.median_rank = static_cast<double>(sorted[sorted.size() / 2]);
  return out;
}

std::vector<std::pair<std::string, double>> named(const RetrievalFigures& figures, const std::string& prefix) {
  return {{prefix + "_r1", figures.recall_at_1},
          {prefix + "_r5", figures.recall_at_5},
          {prefix + "_r10", figures.recall_at_10},
          {prefix + "_median_rank", figures.median_rank},
          {prefix + "_mrr", figures.mean_reciprocal_rank}};
}

std::vector<std::int64_t> best(std::span<const float> row, std::int64_t count) {
  std::vector<std::int64_t> order(row.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [row](std::int64_t i) {
    const float score = row[static_cast<std::size_t>(i)];
    return std::isfinite(score) ? score : -std::numeric_limits<float>::infinity();
  };
  std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) { return key(a) > key(b); });
  order.resize(std::min(order.size(), static_cast<std::size_t>(std::max<std::int64_t>(count, 0))));
  return order;
}

}  // namespace athanor::eval
