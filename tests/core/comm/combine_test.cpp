#include "core/comm/combine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace athanor::comm {
namespace {

std::vector<std::vector<float>> random_rows(std::size_t rows, std::size_t width, unsigned seed) {
  std::mt19937 random(seed);
  std::cauchy_distribution<float> heavy(0, 1);
  std::vector<std::vector<float>> out(rows, std::vector<float>(width));
  for (auto& row : out)
    for (float& each : row) each = heavy(random);
  return out;
}

std::vector<float> combined(const std::vector<std::vector<float>>& rows, Reduce reduce = Reduce::sum) {
  std::vector<const std::byte*> parts;
  for (const auto& row : rows) parts.push_back(reinterpret_cast<const std::byte*>(row.data()));
  std::vector<float> out(rows.front().size());
  combine(parts, reinterpret_cast<std::byte*>(out.data()), static_cast<std::int64_t>(out.size()), DType::f32, reduce);
  return out;
}

// The definition: a node is the sum of its two halves, the left one the largest power of two below.
float tree(const std::vector<std::vector<float>>& rows, std::size_t begin, std::size_t end, std::size_t column) {
  if (end - begin == 1) return rows[begin][column];
  std::size_t left = 1;
  while (2 * left < end - begin) left *= 2;
  return tree(rows, begin, begin + left, column) + tree(rows, begin + left, end, column);
}

TEST(Combine, AddsNeighboursFirst) {
  for (std::size_t count = 1; count <= 17; ++count) {
    const auto rows = random_rows(count, 2500, static_cast<unsigned>(count));
    const auto sums = combined(rows);
    for (std::size_t i = 0; i < sums.size(); ++i)
      ASSERT_EQ(sums[i], tree(rows, 0, count, i)) << count << " rows, number " << i;
  }
}

TEST(Combine, OfAlignedRunsIsANodeOfTheWholeSum) {
  for (const std::size_t run : {1U, 2U, 4U}) {
    const auto rows = random_rows(12, 100, 7);
    std::vector<std::vector<float>> nodes;
    for (std::size_t begin = 0; begin < rows.size(); begin += run)
      nodes.push_back(combined({rows.begin() + static_cast<std::ptrdiff_t>(begin),
                                rows.begin() + static_cast<std::ptrdiff_t>(begin + run)}));
    EXPECT_EQ(combined(nodes), combined(rows)) << run;
  }
}

TEST(Combine, DiffersFromAddingInARow) {
  const auto rows = random_rows(8, 1000, 3);
  const auto sums = combined(rows);
  int different = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    float in_a_row = 0;
    for (const auto& row : rows) in_a_row += row[i];
    different += in_a_row != sums[i] ? 1 : 0;
  }
  EXPECT_GT(different, 100);
}

TEST(Combine, WritesOverOneOfItsParts) {
  for (std::size_t over = 0; over < 5; ++over) {
    auto rows = random_rows(5, 3000, 11);
    const auto want = combined(rows);
    std::vector<const std::byte*> parts;
    for (const auto& row : rows) parts.push_back(reinterpret_cast<const std::byte*>(row.data()));
    combine(parts, reinterpret_cast<std::byte*>(rows[over].data()), 3000, DType::f32, Reduce::sum);
    EXPECT_EQ(rows[over], want) << over;
  }
}

TEST(Combine, LetsNanWinInMaximumAndMinimum) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const Reduce reduce : {Reduce::max, Reduce::min}) {
    for (std::size_t place = 0; place < 3; ++place) {
      std::vector<std::vector<float>> rows = {{1}, {2}, {3}};
      rows[place][0] = kNan;
      EXPECT_TRUE(std::isnan(combined(rows, reduce)[0])) << to_string(reduce) << place;
    }
  }
  EXPECT_EQ(combined({{1}, {3}, {2}}, Reduce::max)[0], 3);
  EXPECT_EQ(combined({{1}, {3}, {2}}, Reduce::min)[0], 1);
}

TEST(Pieces, CoverEverythingOnceOnWholeGrains) {
  for (const std::int64_t count : {0, 1, 15, 16, 17, 1000, 4099}) {
    for (int pieces = 1; pieces <= 9; ++pieces) {
      std::int64_t at = 0;
      for (int which = 0; which < pieces; ++which) {
        const Piece piece = piece_of(count, pieces, which);
        EXPECT_EQ(piece.begin, at);
        EXPECT_TRUE(piece.count == 0 || piece.begin % 16 == 0);
        at += piece.count;
      }
      EXPECT_EQ(at, count);
    }
  }
}

}  // namespace
}  // namespace athanor::comm
