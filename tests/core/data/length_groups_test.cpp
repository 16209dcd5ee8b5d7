// Which rows share a micro-batch: those of like length, in runs of about equal cost.
#include "core/data/length_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace athanor::data {
namespace {

constexpr int kLongest = 40;

// A picture, and a text whose attention grows with the square of its length.
std::vector<double> quadratic() {
  std::vector<double> out;
  for (int tokens = 1; tokens <= kLongest; ++tokens) out.push_back(100 + 5 * tokens + 0.2 * tokens * tokens);
  return out;
}

// Mostly short, some long, as captions are.
std::vector<std::int32_t> drawn(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::geometric_distribution<int> length(0.12);
  std::vector<std::int32_t> out(count);
  for (std::int32_t& each : out) each = std::min(1 + length(random), kLongest);
  return out;
}

int longest_of(const std::vector<std::int32_t>& lengths, std::span<const std::size_t> rows) {
  int out = 0;
  for (const std::size_t row : rows) out = std::max(out, lengths[row]);
  return out;
}

// What each of so many replicas is predicted to take.
std::vector<double> loads(const std::vector<std::int32_t>& lengths, const std::vector<std::size_t>& order, int groups,
                          int replicas) {
  const std::vector<double> cost = quadratic();
  const std::size_t each = order.size() / static_cast<std::size_t>(groups);
  std::vector<double> out(static_cast<std::size_t>(replicas), 0.0);
  for (std::size_t group = 0; group < static_cast<std::size_t>(groups); ++group) {
    const int longest = longest_of(lengths, std::span(order).subspan(group * each, each));
    out[group * out.size() / static_cast<std::size_t>(groups)] +=
        static_cast<double>(each) * cost[static_cast<std::size_t>(longest) - 1];
  }
  return out;
}

// Over what is possible: an equal part of all, or the costliest group with the cheapest ones.
double excess(const std::vector<double>& loads, int groups, std::vector<double> costs) {
  std::ranges::sort(costs);
  const auto others = groups / std::ssize(loads) - 1;
  const double alone = costs.back() + std::accumulate(costs.begin(), costs.begin() + others, 0.0);
  const double equal = std::accumulate(costs.begin(), costs.end(), 0.0) / static_cast<double>(loads.size());
  return std::ranges::max(loads) / std::max(alone, equal) - 1;
}

double excess(const std::vector<std::int32_t>& lengths, const std::vector<std::size_t>& order, int groups,
              int replicas) {
  return excess(loads(lengths, order, groups, replicas), groups, loads(lengths, order, groups, groups));
}

TEST(LengthGroups, HoldEachRowOnceAndNoRowThatAnotherGroupsShortestRowOutgrows) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const auto lengths = drawn(96, seed);
    for (const int groups : {1, 2, 3, 4, 6, 8, 12, 16, 96}) {
      const auto order = group_by_length(lengths, groups, quadratic(), seed);
      auto sorted = order;
      std::ranges::sort(sorted);
      for (std::size_t row = 0; row < sorted.size(); ++row) ASSERT_EQ(sorted[row], row);
      // Side by side in length the groups do not overlap.
      std::vector<std::pair<int, int>> spans;
      const std::size_t each = order.size() / static_cast<std::size_t>(groups);
      for (std::size_t first = 0; first < order.size(); first += each) {
        const auto rows = std::span(order).subspan(first, each);
        int least = kLongest;
        for (const std::size_t row : rows) least = std::min(least, lengths[row]);
        spans.emplace_back(least, longest_of(lengths, rows));
      }
      std::ranges::sort(spans);
      for (std::size_t i = 1; i < spans.size(); ++i) ASSERT_LE(spans[i - 1].second, spans[i].first) << seed;
    }
  }
}

TEST(LengthGroups, GiveAnyPowerOfTwoOfReplicasAboutEquallyMuchToDo) {
  for (const int replicas : {2, 4, 8}) {
    double worst = 0, sorted_worst = 0;
    for (unsigned seed = 0; seed < 200; ++seed) {
      const auto lengths = drawn(256, seed);
      worst = std::max(worst, excess(lengths, group_by_length(lengths, 32, quadratic(), seed), 32, replicas));
      std::vector<std::size_t> sorted(lengths.size());
      std::iota(sorted.begin(), sorted.end(), std::size_t{0});
      std::ranges::stable_sort(sorted, {}, [&](std::size_t row) { return lengths[row]; });
      sorted_worst = std::max(sorted_worst, excess(lengths, sorted, 32, replicas));
    }
    EXPECT_LT(worst, 0.05) << replicas;
    EXPECT_GT(sorted_worst, 0.2) << "the costs are so alike that any order would do";
  }
}

TEST(LengthGroups, GiveThreeReplicasAboutEquallyMuchToDo) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const auto lengths = drawn(270, seed);
    EXPECT_LT(excess(lengths, group_by_length(lengths, 27, quadratic(), seed), 27, 3), 0.05) << seed;
  }
}

// Where groups are so few that one replica has to take more than another, it is not always the same one: who compares
// replicas over some steps finds none slow.
TEST(LengthGroups, GiveNoReplicaMoreToDoInTheLongRun) {
  for (const auto& [groups, replicas] : {std::pair(2, 2), {4, 4}, {6, 2}, {6, 3}, {8, 2}, {8, 4}, {16, 4}}) {
    std::vector<double> sums(static_cast<std::size_t>(replicas), 0.0);
    for (unsigned step = 0; step < 4800; ++step) {
      const auto lengths = drawn(static_cast<std::size_t>(8 * groups), step);
      const auto load = loads(lengths, group_by_length(lengths, groups, quadratic(), step), groups, replicas);
      for (std::size_t replica = 0; replica < sums.size(); ++replica) sums[replica] += load[replica];
    }
    EXPECT_LT(std::ranges::max(sums), 1.05 * std::ranges::min(sums)) << groups << " groups, " << replicas;
  }
}

TEST(LengthGroups, LeaveRowsOfOneLengthAsTheyAre) {
  const std::vector<std::int32_t> lengths(12, 5);
  std::vector<std::size_t> as_they_are(12);
  std::iota(as_they_are.begin(), as_they_are.end(), std::size_t{0});
  EXPECT_EQ(group_by_length(lengths, 1, quadratic(), 3), as_they_are);
}

}  // namespace
}  // namespace athanor::data
