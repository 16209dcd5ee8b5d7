#include "kernels/ops/norm/softmax.h"

#include "tests/kernels/support/numeric_gradient.h"
#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::kernels::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct RowsOf {
  Shape shape;
  std::vector<std::int32_t> lengths;
  double mean = 0.0;
};

// One, odd, lengths shared by neighbouring rows (one of them 0), long rows, many rows, a large mean, nothing.
const std::vector<RowsOf> kCases = {{{1, 1}, {}},          {{7, 13}, {}},   {{2, 3, 5, 9}, {4, 9}},
                                    {{6, 11}, {11, 0, 5}}, {{3, 5000}, {}}, {{700, 33}, {}},
                                    {{5, 40}, {}, 1e4},    {{0, 8}, {}},    {{3, 2100}, {2100, 1, 1999}}};

std::string describe(const RowsOf& rows, bool log) {
  return (log ? "log_softmax " : "softmax ") + to_string(rows.shape) + (rows.lengths.empty() ? "" : " with lengths") +
         (rows.mean != 0.0 ? " far from 0" : "");
}

OpCase<SoftmaxArgs> softmax_case(const RowsOf& rows, bool log) {
  return {describe(rows, log), [=](OpMemory& memory) {
            SoftmaxArgs args{.x = memory.input("x", rows.shape, Values{rows.mean, 2.0}), .log = log};
            if (!rows.lengths.empty())
              args.lengths = memory.indices("lengths", {static_cast<std::int64_t>(rows.lengths.size())}, rows.lengths);
            Tolerance tolerance = sum_of(rows.shape.dim(-1));
            // Small probabilities of long rows, too, must be told from 0.
            if (!log) tolerance = {1e-5, 1e-9};
            args.y = memory.output("y", rows.shape, tolerance);
            return args;
          }};
}

// y as the forward pass leaves it, with -infinity or 0 where the lengths say so.
View softmax_of(OpMemory& memory, const RowsOf& rows, bool log) {
  OpMemory inner;
  const SoftmaxArgs args = softmax_case(rows, log).build(inner);
  return memory.input_from("y", rows.shape, [&](const View& y) {
    SoftmaxArgs to = args;
    to.y = y;
    softmax_candidates().back().run(Exec{}, to);
  });
}

OpCase<SoftmaxGradArgs> softmax_grad_case(const RowsOf& rows, bool log) {
  return {describe(rows, log) + " (grad)", [=](OpMemory& memory) {
            SoftmaxGradArgs args{.y = softmax_of(memory, rows, log), .log = log};
            args.dy = memory.input("dy", rows.shape, Values{rows.mean, 1.0});
            Tolerance tolerance = log ? gradient_of(rows.shape.dim(-1)) : Tolerance{1e-5, 1e-7};
            // Differences of terms that are larger by the mean.
            if (rows.mean != 0.0) tolerance = {1e-4, log ? 2e-2 : 2e-3};
            args.dx = memory.output("dx", rows.shape, tolerance);
            return args;
          }};
}

TEST(Softmax, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<SoftmaxArgs>> cases;
  for (const RowsOf& rows : kCases)
    for (const bool log : {false, true}) cases.push_back(softmax_case(rows, log));
  cases.push_back({"in place", [](OpMemory& memory) {
                     const View y = memory.updated("y", {9, 21}, {1e-5, 1e-9});
                     return SoftmaxArgs{.x = y, .y = y};
                   }});
  check_cases<SoftmaxArgs>({softmax_candidates()}, cases);
}

TEST(SoftmaxGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<SoftmaxGradArgs>> cases;
  for (const RowsOf& rows : kCases)
    for (const bool log : {false, true}) cases.push_back(softmax_grad_case(rows, log));
  check_cases<SoftmaxGradArgs>({softmax_grad_candidates()}, cases);
}

TEST(Softmax, LeavesOutWhatIsMinusInfinityAndShowsWhatIsNotANumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& candidate : with_cuda(softmax_candidates()))
    for (const bool log : {false, true}) {
      SCOPED_TRACE(std::string(candidate.name) + (log ? " log" : ""));
      OpMemory memory;
      SoftmaxArgs args{.x = memory.input("x", {4, 3},
                                         std::vector<float>{1.0f, -kInfinity, 1.0f, -kInfinity, -kInfinity, -kInfinity,
                                                            0.0f, nan, 1.0f, kInfinity, 0.0f, 1.0f}),
                       .log = log};
      args.y = memory.output("y", {4, 3}, bitwise());
      if (!could_run<SoftmaxArgs>({softmax_candidates()}, candidate, args)) continue;
      const float *y = args.y.as<float>(), nothing = log ? -kInfinity : 0.0f;
      EXPECT_NEAR(y[0], log ? std::log(0.5f) : 0.5f, 1e-6);
      EXPECT_EQ(y[1], nothing);
      EXPECT_NEAR(y[2], log ? std::log(0.5f) : 0.5f, 1e-6);
      for (int i = 3; i < 6; ++i) EXPECT_EQ(y[i], nothing) << "a row that allows nothing";
      for (int i = 6; i < 12; ++i) EXPECT_TRUE(std::isnan(y[i])) << i;
    }
}

TEST(SoftmaxGrad, AgreesWithDifferences) {
  for (const bool log : {false, true}) {
    OpMemory memory;
    SoftmaxArgs args{.x = memory.input("x", {3, 6}), .lengths = memory.indices("lengths", {3}, {6, 1, 4}), .log = log};
    args.y = memory.output("y", {3, 6}, bitwise());
    // What is masked is -infinity with `log`: only what is allowed can be weighed.
    std::vector<float> weights = {0.5f, -1, 2, 0.25f, 1, -0.75f, 1.5f, 0, 0, 0, 0, 0, -0.5f, 1, 0.75f, -2, 0, 0};
    const View dy = memory.input("dy", {3, 6}, weights);
    const auto forward = [&] {
      softmax_candidates().back().run(Exec{}, args);
      for (std::int64_t i = 0; i < 18; ++i)
        if (std::isinf(args.y.as<float>()[i])) args.y.as<float>()[i] = 0.0f;
    };
    softmax_candidates().back().run(Exec{}, args);
    const View y = memory.input_from("saved", {3, 6},
                                     [&](const View& to) { std::copy_n(args.y.as<float>(), 18, to.as<float>()); });
    const SoftmaxGradArgs grad{.y = y, .dy = dy, .log = log, .dx = memory.output("dx", {3, 6}, bitwise())};
    softmax_grad_candidates().back().run(Exec{}, grad);
    expect_gradient(log ? "log_softmax dx" : "softmax dx", grad.dx, numeric_gradient_of(args.x, forward, args.y, dy));
  }
}

}  // namespace
}  // namespace athanor::kernels::test
