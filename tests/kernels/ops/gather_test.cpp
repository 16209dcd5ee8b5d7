#include "kernels/ops/index/gather.h"

#include "kernels/ops/index/scatter.h"
#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

namespace athanor::kernels::test {
namespace {

struct Size {
  std::int64_t outer, length, count, inner;
};

// One, odd, more than one block of rows and of columns, nothing picked, nothing to pick in.
constexpr Size kSizes[] = {{1, 1, 1, 1},     {3, 7, 5, 9}, {2, 11, 4, 1}, {2, 50, 600, 70},
                           {1, 300, 40, 33}, {4, 5, 0, 3}, {0, 5, 2, 3},  {2, 4, 3, 0}};

std::vector<std::int32_t> cycling(std::int64_t count, std::int64_t below) {
  std::vector<std::int32_t> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<std::int32_t>((i * i + 3 * i) % static_cast<std::size_t>(below));
  return values;
}

// An index per element, per (j, i), per (o, j), or per j alone.
Shape index_shape(const Size& s, bool per_outer, bool per_inner) {
  return {per_outer ? s.outer : 1, s.count, per_inner ? s.inner : 1};
}

std::string describe(const char* op, const Size& s, bool per_outer, bool per_inner) {
  return std::string(op) + " " + std::to_string(s.outer) + "x" + std::to_string(s.length) + "x" +
         std::to_string(s.inner) + " by " + to_string(index_shape(s, per_outer, per_inner));
}

// Calls add(size, index shape, name) for all sizes and all ways to repeat an index.
template <class Add>
void for_all(const char* op, Add add) {
  for (const Size& s : kSizes)
    for (const bool per_outer : {false, true})
      for (const bool per_inner : {false, true})
        add(s, index_shape(s, per_outer, per_inner), describe(op, s, per_outer, per_inner));
}

TEST(Gather, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<GatherArgs>> cases;
  for_all("gather", [&](const Size& s, const Shape& index, const std::string& name) {
    for (const bool last_only : {false, true})
      cases.push_back({name + (last_only ? " last only" : ""), [=](OpMemory& memory) {
                         return GatherArgs{.x = memory.input("x", {s.outer, s.length, s.inner}, Values{1e4, 1.0}),
                                           .index = memory.indices("index", index, cycling(index.numel(), s.length)),
                                           .last_only = last_only,
                                           .y = memory.output("y", {s.outer, s.count, s.inner}, bitwise())};
                       }});
  });
  check_cases<GatherArgs>({gather_candidates()}, cases);
}

TEST(Scatter, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<ScatterArgs>> cases;
  for_all("scatter", [&](const Size& s, const Shape& index, const std::string& name) {
    for (const double mean : {0.0, 1e4})
      for (const bool add : {false, true})
        cases.push_back({name + (add ? " add" : ""), [=](OpMemory& memory) {
                           // In the worst case one element takes all.
                           const Tolerance tolerance = add ? sum_of(s.count) : bitwise();
                           return ScatterArgs{.u = memory.input("u", {s.outer, s.count, s.inner}, Values{mean, 1.0}),
                                              .index = memory.indices("index", index, cycling(index.numel(), s.length)),
                                              .add = add,
                                              .y = memory.updated("y", {s.outer, s.length, s.inner}, tolerance)};
                         }});
  });
  check_cases<ScatterArgs>({scatter_candidates()}, cases);
}

TEST(Scatter, KeepsTheLastAndAddsInOrder) {
  for (const auto& candidate : with_cuda(scatter_candidates())) {
    SCOPED_TRACE(candidate.name);
    for (const bool add : {false, true}) {
      OpMemory memory;
      const ScatterArgs args{.u = memory.input("u", {1, 4, 1}, std::vector<float>{1, 2, 4, 8}),
                             .index = memory.indices("index", {1, 4, 1}, {2, 0, 2, 2}),
                             .add = add,
                             .y = memory.updated("y", {1, 3, 1}, bitwise(), Values{10.0, 0.0})};
      if (!could_run<ScatterArgs>({scatter_candidates()}, candidate, args)) continue;
      const float* y = args.y.as<float>();
      EXPECT_EQ(y[0], add ? 12.0f : 2.0f);
      EXPECT_EQ(y[1], 10.0f);
      EXPECT_EQ(y[2], add ? 23.0f : 8.0f);
    }
  }
}

}  // namespace
}  // namespace athanor::kernels::test
