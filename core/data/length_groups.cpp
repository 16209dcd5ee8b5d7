#include "core/data/length_groups.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace athanor::data {
namespace {

// Of the difference between two parts, for an exchange to be worth it; and so that they come to an end.
constexpr double kNearer = 0.99;

struct Group {
  std::span<const std::size_t> rows;
  double cost = 0;
};

std::size_t smallest_factor(std::size_t number) {
  for (std::size_t factor = 2; factor * factor <= number; ++factor)
    if (number % factor == 0) return factor;
  return number;
}

struct Part {
  std::vector<Group> groups;
  double cost = 0;
};

// Groups of falling cost, each to the lightest part that has room: Graham's rule (1969, "Bounds on multiprocessing
// timing anomalies") where parts are to have equally many.
std::vector<Part> share_out(const std::vector<Group>& groups, std::size_t parts) {
  const std::size_t room = groups.size() / parts;
  std::vector<Part> out(parts);
  for (const Group& group : groups) {
    Part* lightest = nullptr;
    for (Part& part : out)
      if (part.groups.size() < room && (lightest == nullptr || part.cost < lightest->cost)) lightest = &part;
    lightest->groups.push_back(group);
    lightest->cost += group.cost;
  }
  return out;
}

// The exchange of two groups that brings the heaviest and the lightest part nearest to each other. False where none
// brings them nearer: room for equally many leaves more to do than Graham's rule does.
bool exchange(std::vector<Part>& parts) {
  const auto [light, heavy] = std::ranges::minmax_element(parts, {}, &Part::cost);
  const double gap = heavy->cost - light->cost;
  Group *from = nullptr, *to = nullptr;
  double least = gap * kNearer;
  for (Group& more : heavy->groups)
    for (Group& less : light->groups) {
      const double left = std::abs(gap - 2 * (more.cost - less.cost));
      if (left >= least) continue;
      least = left;
      from = &more;
      to = &less;
    }
  if (from == nullptr) return false;
  heavy->cost += to->cost - from->cost;
  light->cost += from->cost - to->cost;
  std::swap(*from, *to);
  return true;
}

void place(std::vector<Group> groups, std::size_t turn, std::vector<Group>& out) {
  if (groups.size() == 1) return out.push_back(groups.front());
  std::ranges::stable_sort(groups, std::ranges::greater(), &Group::cost);
  std::vector<Part> parts = share_out(groups, smallest_factor(groups.size()));
  while (exchange(parts)) {
  }
  std::ranges::rotate(parts, parts.begin() + static_cast<std::ptrdiff_t>(turn % parts.size()));
  for (Part& part : parts) place(std::move(part.groups), turn / parts.size(), out);
}

}  // namespace

std::vector<std::size_t> group_by_length(std::span<const std::int32_t> lengths, int groups,
                                         std::span<const double> row_cost, std::size_t turn) {
  std::vector<std::size_t> rows(lengths.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::ranges::stable_sort(rows, std::ranges::greater(), [&](std::size_t row) { return lengths[row]; });
  const std::size_t each = rows.size() / static_cast<std::size_t>(groups);
  std::vector<Group> groups_by_length, placed;
  for (std::size_t first = 0; first < rows.size(); first += each) {
    const auto longest = static_cast<std::size_t>(lengths[rows[first]]);
    groups_by_length.push_back({std::span(rows).subspan(first, each), row_cost[longest - 1]});
  }
  place(std::move(groups_by_length), turn, placed);
  std::vector<std::size_t> out;
  for (const Group& group : placed) out.insert(out.end(), group.rows.begin(), group.rows.end());
  return out;
}

}  // namespace athanor::data
