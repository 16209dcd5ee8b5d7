#include "kernels/ops/reduce/tree_reduce.h"

#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace athanor::kernels::test {
namespace {

constexpr TreeReduction kReductions[] = {TreeReduction::sum, TreeReduction::maximum, TreeReduction::minimum};

TEST(TreeReduce, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<TreeReduceArgs>> cases;
  for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 13, 32})
    for (const std::int64_t columns : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1337}})
      for (const TreeReduction reduction : kReductions)
        cases.push_back({"tree_reduce " + to_string(Shape{rows, columns}), [=](OpMemory& memory) {
                           return TreeReduceArgs{.x = memory.input("x", {rows, columns}, Values{0.0, 100.0}),
                                                 .reduction = reduction,
                                                 .y = memory.output("y", {columns}, bitwise())};
                         }});
  cases.push_back({"tree_reduce far from 0", [](OpMemory& memory) {
                     return TreeReduceArgs{.x = memory.input("x", {7, 300}, Values{1e4, 1e3}),
                                           .y = memory.output("y", {300}, bitwise())};
                   }});
  check_cases<TreeReduceArgs>({tree_reduce_candidates()}, cases);
}

using Candidate = kernels::Candidate<TreeReduceArgs>;

// Of those that run here.
std::vector<Candidate> candidates() {
  std::vector<Candidate> out = with_cuda(tree_reduce_candidates());
  std::erase_if(out, [](const Candidate& candidate) { return candidate.why_not && candidate.why_not({}, {}); });
  return out;
}

float reduced(const Candidate& candidate, TreeReduction reduction, const std::vector<float>& leaves) {
  OpMemory memory;
  const TreeReduceArgs args{.x = memory.input("x", {static_cast<std::int64_t>(leaves.size()), 1}, leaves),
                            .reduction = reduction,
                            .y = memory.output("y", {1}, bitwise())};
  candidate.run({}, args);
  return args.y.as<float>()[0];
}

// Each other order rounds otherwise.
TEST(TreeReduce, AddsNeighboursFirst) {
  const float big = 1 << 24;
  for (const Candidate& candidate : candidates()) {
    SCOPED_TRACE(candidate.name);
    EXPECT_EQ(reduced(candidate, TreeReduction::sum, {big, 1, 1, 1}), big + 2);
    EXPECT_EQ(reduced(candidate, TreeReduction::sum, {big, 0, 1, 1, 1}), big + 4);
    EXPECT_EQ(reduced(candidate, TreeReduction::sum, {big, 0, 0, 0, 1, 0, 1}), big + 2);
  }
}

TEST(TreeReduce, LetsNanWin) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Candidate& candidate : candidates())
    for (const TreeReduction reduction : kReductions) {
      SCOPED_TRACE(candidate.name);
      EXPECT_TRUE(std::isnan(reduced(candidate, reduction, {1, nan, 3})));
      EXPECT_TRUE(std::isnan(reduced(candidate, reduction, {1, 2, nan})));
    }
}

}  // namespace
}  // namespace athanor::kernels::test
