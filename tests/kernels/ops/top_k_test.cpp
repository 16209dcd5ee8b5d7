#include "kernels/ops/index/top_k.h"

#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::kernels::test {
namespace {

struct ListSize {
  std::int64_t rows, columns, kept;
  double mean, std;
};

constexpr ListSize kLists[] = {{1, 1, 1, 0.0, 1.0},      {5, 7, 7, 0.0, 1.0},  {40, 1003, 10, 1e4, 1.0},
                               {3, 5000, 64, -1e4, 1.0}, {9, 33, 4, 2.0, 0.0}, {0, 8, 2, 0.0, 1.0}};

TEST(TopK, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<TopKArgs>> cases;
  std::vector<OpCase<TopKGradArgs>> grad_cases;
  for (const ListSize& s : kLists) {
    const std::string name = std::to_string(s.kept) + " of " + std::to_string(s.columns);
    cases.push_back({"top_k " + name, [=](OpMemory& memory) {
                       return TopKArgs{.x = memory.input("x", {s.rows, s.columns}, Values{s.mean, s.std}),
                                       .values = memory.output("values", {s.rows, s.kept}, bitwise()),
                                       .indices = memory.output("indices", {s.rows, s.kept}, bitwise(), DType::i32)};
                     }});
    grad_cases.push_back({"top_k_grad " + name, [=](OpMemory& memory) {
                            std::vector<std::int32_t> indices;
                            for (std::int64_t i = 0; i < s.rows * s.kept; ++i)
                              indices.push_back(static_cast<std::int32_t>((i % s.kept + i / s.kept) % s.columns));
                            return TopKGradArgs{.dvalues = memory.input("dvalues", {s.rows, s.kept}),
                                                .indices = memory.indices("indices", {s.rows, s.kept}, indices),
                                                .dx = memory.output("dx", {s.rows, s.columns}, bitwise())};
                          }});
  }
  check_cases<TopKArgs>({top_k_candidates()}, cases);
  check_cases<TopKGradArgs>({top_k_grad_candidates()}, grad_cases);
}

TEST(TopKGrad, AgreesWithDifferences) {
  OpMemory memory;
  // Far enough apart for a step to leave the order as it is.
  const TopKArgs args{.x = memory.input("x", {2, 5}, std::vector<float>{3, 1, 5, 2, 4, 1, 2, 3, 5, 4}),
                      .values = memory.output("values", {2, 3}, bitwise()),
                      .indices = memory.output("indices", {2, 3}, bitwise(), DType::i32)};
  const auto forward = [&] { top_k_candidates().back().run(Exec{}, args); };
  forward();
  const TopKGradArgs grad{.dvalues = memory.input("dvalues", {2, 3}),
                          .indices = args.indices,
                          .dx = memory.output("dx", {2, 5}, bitwise())};
  top_k_grad_candidates().back().run(Exec{}, grad);
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.values, grad.dvalues));
}

TEST(TopK, OrdersEqualsFromTheLeftAndShowsWhatIsNotANumber) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& candidate : with_cuda(top_k_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    const TopKArgs args{
        .x = memory.input("x", {1, 11}, std::vector<float>{-inf, 3, -0.0f, 3, 0, nan, -1, 7, -inf, inf, nan}),
        .values = memory.output("values", {1, 9}, bitwise()),
        .indices = memory.output("indices", {1, 9}, bitwise(), DType::i32)};
    if (!could_run<TopKArgs>({top_k_candidates()}, candidate, args)) continue;
    const std::vector<std::int32_t> want{5, 10, 9, 7, 1, 3, 2, 4, 6};
    const auto* got = args.indices.as<std::int32_t>();
    EXPECT_EQ(std::vector<std::int32_t>(got, got + 9), want);
    EXPECT_TRUE(std::isnan(args.values.as<float>()[0]));
    EXPECT_EQ(args.values.as<float>()[3], 7.0f);
  }
}

}  // namespace
}  // namespace athanor::kernels::test
