#include "core/precision/knapsack.h"

#include <cmath>
#include <limits>

namespace athanor::precision {
namespace {

constexpr double kImpossible = std::numeric_limits<double>::infinity();

}  // namespace

std::optional<std::vector<std::size_t>> choose_options(std::span<const std::vector<Option>> items,
                                                       std::int64_t budget) {
  if (budget < 0) return std::nullopt;
  const auto cells = static_cast<std::size_t>(budget) + 1;
  // least[w]: the least cost of the items so far at a total weight of exactly w.
  std::vector<double> least(cells, kImpossible);
  least[0] = 0;
  std::vector<std::vector<std::uint16_t>> taken(items.size(), std::vector<std::uint16_t>(cells, 0));
  for (std::size_t item = 0; item < items.size(); ++item) {
    std::vector<double> next(cells, kImpossible);
    for (std::size_t option = 0; option < items[item].size(); ++option) {
      const Option& candidate = items[item][option];
      if (candidate.weight > budget) continue;
      const auto weight = static_cast<std::size_t>(candidate.weight);
      for (std::size_t w = weight; w < cells; ++w) {
        const double cost = least[w - weight] + candidate.cost;
        if (!(cost < next[w])) continue;
        next[w] = cost;
        taken[item][w] = static_cast<std::uint16_t>(option);
      }
    }
    least = std::move(next);
  }
  std::size_t best = 0;
  for (std::size_t w = 1; w < cells; ++w)
    if (least[w] < least[best]) best = w;
  if (least[best] == kImpossible) return std::nullopt;
  std::vector<std::size_t> chosen(items.size());
  for (std::size_t item = items.size(); item-- > 0;) {
    chosen[item] = taken[item][best];
    best -= static_cast<std::size_t>(items[item][chosen[item]].weight);
  }
  return chosen;
}

std::int64_t cells_of(double error, double budget, std::int64_t cells) noexcept {
  if (!(error > 0)) return std::isnan(error) ? cells + 1 : 0;
  if (!(budget > 0) || error > budget) return cells + 1;
  return std::min(static_cast<std::int64_t>(std::ceil(error / budget * static_cast<double>(cells))), cells);
}

}  // namespace athanor::precision
