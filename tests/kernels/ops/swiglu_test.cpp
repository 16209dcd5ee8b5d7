#include "kernels/ops/elementwise/swiglu.h"

#include "tests/kernels/support/numeric_gradient.h"
#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

namespace athanor::kernels::test {
namespace {

struct RowsOf {
  std::int64_t rows, columns;
  double mean = 0.0;
};

constexpr RowsOf kCases[] = {{1, 1}, {7, 5}, {130, 160}, {3, 9001}, {9, 11, 1e4}, {9, 11, -1e4}, {0, 8}, {4, 0}};

// Products grow with the mean, and so does what rounding leaves of them.
Tolerance tolerance_of(const RowsOf& s) {
  Tolerance tolerance = pointwise();
  if (s.mean != 0.0) tolerance.rtol *= 3.0;
  return tolerance;
}

std::string describe(const RowsOf& s) {
  return "swiglu " + std::to_string(s.rows) + "x" + std::to_string(s.columns) + " mean " + std::to_string(s.mean);
}

TEST(Swiglu, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<SwigluArgs>> cases;
  for (const RowsOf& s : kCases)
    cases.push_back({describe(s), [=](OpMemory& memory) {
                       return SwigluArgs{.x = memory.input("x", {s.rows, 2 * s.columns}, Values{s.mean, 2.0}),
                                         .y = memory.output("y", {s.rows, s.columns}, tolerance_of(s))};
                     }});
  check_cases<SwigluArgs>({swiglu_candidates()}, cases);
}

TEST(SwigluGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<SwigluGradArgs>> cases;
  for (const RowsOf& s : kCases)
    cases.push_back({describe(s) + " (grad)", [=](OpMemory& memory) {
                       return SwigluGradArgs{.x = memory.input("x", {s.rows, 2 * s.columns}, Values{s.mean, 2.0}),
                                             .dy = memory.input("dy", {s.rows, s.columns}),
                                             .dx = memory.output("dx", {s.rows, 2 * s.columns}, tolerance_of(s))};
                     }});
  cases.push_back({"in place", [](OpMemory& memory) {
                     const View x = memory.updated("x", {5, 18}, pointwise());
                     return SwigluGradArgs{.x = x, .dy = memory.input("dy", {5, 9}), .dx = x};
                   }});
  check_cases<SwigluGradArgs>({swiglu_grad_candidates()}, cases);
}

TEST(SwigluGrad, AgreesWithDifferences) {
  OpMemory memory;
  const SwigluArgs args{.x = memory.input("x", {3, 10}), .y = memory.output("y", {3, 5}, bitwise())};
  const View dy = memory.input("dy", {3, 5});
  const SwigluGradArgs grad{.x = args.x, .dy = dy, .dx = memory.output("dx", {3, 10}, bitwise())};
  swiglu_grad_candidates().back().run(Exec{}, grad);
  const auto forward = [&] { swiglu_candidates().back().run(Exec{}, args); };
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.y, dy));
}

}  // namespace
}  // namespace athanor::kernels::test
