#include "core/forecast/estimate.h"

#include "core/forecast/facts.h"

#include <algorithm>
#include <cstdlib>

namespace athanor::runner {
namespace {

// Sizes that differ by less than a factor of four have much the same rate.
constexpr int kNearClasses = 1;

// The value kept for the size nearest to `size`; null for an empty table.
const std::pair<const int, double>* nearest(const std::map<int, double>& by_class, int size) {
  const auto closer = [size](const auto& a, const auto& b) {
    return std::abs(a.first - size) < std::abs(b.first - size);
  };
  const auto found = std::ranges::min_element(by_class, closer);
  return found == by_class.end() ? nullptr : &*found;
}

}  // namespace

Estimate estimate(const OpCounts& counts, const OpRates& rates) {
  Estimate out;
  for (const auto& [op, by_class] : counts) {
    const auto rate = rates.seconds_per_flop.find(op);
    const auto each = rates.seconds_per_launch.find(op);
    for (const auto& [size, count] : by_class) {
      out.flops += count.flops;
      if (rate != rates.seconds_per_flop.end() && count.flops > 0) {
        const auto* known = nearest(rate->second, size);
        out.seconds += count.flops * known->second;
        out.known_flops += count.flops;
        if (std::abs(known->first - size) <= kNearClasses) out.near_flops += count.flops;
      } else if (each != rates.seconds_per_launch.end()) {
        out.seconds += static_cast<double>(count.launches) * each->second;
      }
    }
  }
  // An operation that was never met is taken to be as quick as the average of those that were.
  if (out.known_flops > 0) out.seconds *= out.flops / out.known_flops;
  return out;
}

double overhead(const OpRates& rates, double flops) {
  const auto* known = nearest(rates.overhead, size_class(flops));
  return known != nullptr ? known->second : 1;
}

}  // namespace athanor::runner
