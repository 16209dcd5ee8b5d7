#include "kernels/ops/reduce/reduce_dim.h"

#include "tests/kernels/support/numeric_gradient.h"
#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::kernels::test {
namespace {

struct Size {
  std::int64_t outer, length, inner;
  double mean = 0.0;
};

// One, odd, rows (inner 1) and columns, more than one block of either, a large mean, nothing.
constexpr Size kSizes[] = {{1, 1, 1},   {3, 7, 5},   {9, 33, 1},       {2, 5, 700},       {40, 1000, 1}, {1, 20011, 1},
                           {3, 300, 9}, {600, 3, 1}, {5, 700, 3, 1e4}, {7, 2000, 1, 1e4}, {0, 4, 3},     {4, 3, 0}};
constexpr Reduction kReductions[] = {Reduction::sum, Reduction::mean, Reduction::maximum};
constexpr const char* kNames[] = {"sum", "mean", "maximum"};

std::string describe(const Size& s, Reduction reduction) {
  return std::string(kNames[static_cast<int>(reduction)]) + " " + std::to_string(s.outer) + "x" +
         std::to_string(s.length) + "x" + std::to_string(s.inner);
}

TEST(ReduceDim, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<ReduceDimArgs>> cases;
  for (const Size& s : kSizes)
    for (const Reduction reduction : kReductions)
      for (const bool with_index : {false, true}) {
        if (with_index && reduction != Reduction::maximum) continue;
        cases.push_back({describe(s, reduction), [=](OpMemory& memory) {
                           ReduceDimArgs args{.x = memory.input("x", {s.outer, s.length, s.inner}, Values{s.mean, 1.0}),
                                              .reduction = reduction};
                           args.y = memory.output("y", {s.outer, s.inner},
                                                  reduction == Reduction::maximum ? bitwise() : sum_of(s.length));
                           if (with_index)
                             args.index = memory.output("index", {s.outer, s.inner}, bitwise(), DType::i32);
                           return args;
                         }});
      }
  cases.push_back(
      {"a sum of nothing", [](OpMemory& memory) {
         return ReduceDimArgs{.x = memory.input("x", {3, 0, 4}), .y = memory.output("y", {3, 4}, bitwise())};
       }});
  check_cases<ReduceDimArgs>({reduce_dim_candidates()}, cases);
}

TEST(ReduceDim, TakesTheFirstOfEqualMaximaAndTheFirstNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& candidate : with_cuda(reduce_dim_candidates()))
    for (const bool columns : {false, true}) {
      SCOPED_TRACE(std::string(candidate.name) + (columns ? " columns" : " row"));
      const std::int64_t inner = columns ? 2 : 1;
      OpMemory memory;
      std::vector<float> ties, nans;
      for (const float value : {1.0f, 3.0f, 2.0f, 3.0f})
        for (std::int64_t i = 0; i < inner; ++i) ties.push_back(value);
      for (const float value : {1.0f, nan, 5.0f, nan})
        for (std::int64_t i = 0; i < inner; ++i) nans.push_back(value);
      ties.insert(ties.end(), nans.begin(), nans.end());
      ReduceDimArgs args{.x = memory.input("x", {2, 4, inner}, ties), .reduction = Reduction::maximum};
      args.y = memory.output("y", {2, inner}, bitwise());
      args.index = memory.output("index", {2, inner}, bitwise(), DType::i32);
      if (!could_run<ReduceDimArgs>({reduce_dim_candidates()}, candidate, args)) continue;
      EXPECT_EQ(args.y.as<float>()[0], 3.0f);
      EXPECT_EQ(args.index.as<std::int32_t>()[0], 1);
      EXPECT_TRUE(std::isnan(args.y.as<float>()[inner]));
      EXPECT_EQ(args.index.as<std::int32_t>()[inner], 1);
    }
}

std::vector<std::int32_t> cycling(std::int64_t count, std::int64_t below) {
  std::vector<std::int32_t> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<std::int32_t>((i * i + 2 * i) % static_cast<std::size_t>(below));
  return values;
}

TEST(ReduceDimGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<ReduceDimGradArgs>> cases;
  for (const Size& s : kSizes)
    for (const Reduction reduction : kReductions)
      cases.push_back(
          {describe(s, reduction) + " (grad)", [=](OpMemory& memory) {
             ReduceDimGradArgs args{.dy = memory.input("dy", {s.outer, s.inner}, Values{s.mean, 1.0}),
                                    .reduction = reduction};
             if (reduction == Reduction::maximum)
               args.index = memory.indices("index", {s.outer, s.inner}, cycling(s.outer * s.inner, s.length));
             args.dx = memory.output("dx", {s.outer, s.length, s.inner},
                                     // Thousands of numbers leave each a small share.
                                     reduction == Reduction::mean ? Tolerance{1.3e-6, 0.0} : bitwise());
             return args;
           }});
  check_cases<ReduceDimGradArgs>({reduce_dim_grad_candidates()}, cases);
}

TEST(ReduceDimGrad, AgreesWithDifferences) {
  for (const Reduction reduction : kReductions) {
    OpMemory memory;
    ReduceDimArgs args{.x = memory.input("x", {2, 4, 3}), .reduction = reduction};
    args.y = memory.output("y", {2, 3}, bitwise());
    if (reduction == Reduction::maximum) args.index = memory.output("index", {2, 3}, bitwise(), DType::i32);
    const auto forward = [&] { reduce_dim_candidates().back().run(Exec{}, args); };
    forward();
    const View dy = memory.input("dy", {2, 3});
    const ReduceDimGradArgs grad{
        .dy = dy, .index = args.index, .reduction = reduction, .dx = memory.output("dx", {2, 4, 3}, bitwise())};
    reduce_dim_grad_candidates().back().run(Exec{}, grad);
    // The step must not carry another element over the maximum.
    expect_gradient(kNames[static_cast<int>(reduction)], grad.dx,
                    numeric_gradient_of(args.x, forward, args.y, dy, 1.0 / 512));
  }
}

}  // namespace
}  // namespace athanor::kernels::test
