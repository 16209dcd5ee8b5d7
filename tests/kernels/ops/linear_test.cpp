#include "kernels/ops/gemm/linear.h"

#include "kernels/ops/gemm/matmul.h"
#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace athanor::kernels::test {
namespace {

struct LinearSize {
  std::int64_t m, n, k;
};

std::string describe(LinearSize s) {
  return std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k);
}

// One, odd, more than one block of rows and of weights, rows that fall on few sets of the cache, nothing at all.
constexpr LinearSize kSizes[] = {{1, 1, 1}, {7, 5, 3}, {130, 67, 33}, {300, 128, 64}, {150, 256, 40}, {0, 8, 4}};

// Terms that grow with the mean of one factor leave more behind when they cancel.
Tolerance sum_around(double mean, Tolerance tolerance) {
  if (mean != 0.0) tolerance.atol *= mean;
  return tolerance;
}

OpCase<LinearArgs> linear_case(LinearSize size, Activation activation, bool bias, bool residual, double mean = 0.0) {
  return {"linear " + describe(size) + " " + to_string(activation), [=](OpMemory& memory) {
            LinearArgs args;
            args.x = memory.input("x", {size.m, size.k}, Values{mean, 1.0});
            args.w = memory.input("w", {size.n, size.k});
            if (bias) args.bias = memory.input("bias", {size.n});
            if (residual) args.residual = memory.input("residual", {size.m, size.n});
            args.activation = activation;
            const Tolerance tolerance = sum_around(mean, sum_of(size.k));
            args.y = memory.output("y", {size.m, size.n}, tolerance);
            if (activation != Activation::none)
              args.preactivation = memory.output("preactivation", {size.m, size.n}, tolerance);
            // Devices round the bias, and what the activation sees, to the format of y.
            const double seen = residual ? std::sqrt(static_cast<double>(size.k)) : 0.5;
            memory.allow_narrow("preactivation", bias ? 1.0 : 0.0);
            memory.allow_narrow("y", (bias ? 1.0 : 0.0) + (activation != Activation::none ? seen : 0.0));
            return args;
          }};
}

OpCase<LinearGradArgs> linear_grad_case(LinearSize size, Activation activation, bool accumulate, double mean = 0.0) {
  return {"linear_grad " + describe(size) + " " + to_string(activation), [=](OpMemory& memory) {
            LinearGradArgs args;
            args.x = memory.input("x", {size.m, size.k}, Values{mean, 1.0});
            args.w = memory.input("w", {size.n, size.k});
            args.dy = memory.input("dy", {size.m, size.n});
            args.activation = activation;
            if (activation != Activation::none) args.preactivation = memory.input("preactivation", {size.m, size.n});
            args.accumulate_parameters = accumulate;
            args.dx = memory.output("dx", {size.m, size.k}, gradient_of(size.n));
            if (accumulate) {
              args.dw = memory.updated("dw", {size.n, size.k}, sum_around(mean, gradient_of(size.m)));
              args.dbias = memory.updated("dbias", {size.n}, gradient_of(size.m));
            } else {
              args.dw = memory.output("dw", {size.n, size.k}, sum_around(mean, gradient_of(size.m)));
              args.dbias = memory.output("dbias", {size.n}, gradient_of(size.m));
            }
            if (activation == Activation::none) return args;
            // Devices round dy * act' to the format of dy.
            memory.allow_narrow("dx", 2.0 * std::sqrt(static_cast<double>(size.n)));
            memory.allow_narrow("dw", 2.0 * std::sqrt(static_cast<double>(size.m)) * std::max(mean, 1.0));
            memory.allow_narrow("dbias", 2.0 * std::sqrt(static_cast<double>(size.m)));
            return args;
          }};
}

TEST(Linear, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<LinearArgs>> cases;
  for (const LinearSize size : kSizes) {
    cases.push_back(linear_case(size, Activation::none, false, false));
    cases.push_back(linear_case(size, Activation::none, true, true));
    for (const Activation activation : {Activation::relu, Activation::gelu_erf, Activation::gelu_tanh})
      cases.push_back(linear_case(size, activation, true, activation == Activation::gelu_erf));
  }
  cases.push_back(linear_case({130, 67, 33}, Activation::none, true, true, 1e4));
  for (const Activation activation : {Activation::relu, Activation::gelu_tanh, Activation::silu})
    cases.push_back({"linear without a preactivation", [=](OpMemory& memory) {
                       LinearArgs args = linear_case({33, 24, 16}, activation, true, false).build(memory);
                       args.preactivation = {};
                       memory.blocks().pop_back();
                       return args;
                     }});
  check_cases<LinearArgs>({linear_candidates(), linear_workspace_bytes}, cases);
}

TEST(Linear, AddsAResidualThatLiesInTheOutput) {
  for (const Activation activation : {Activation::none, Activation::gelu_erf})
    check_cases<LinearArgs>({linear_candidates(), linear_workspace_bytes},
                            {{"residual in place", [=](OpMemory& memory) {
                                LinearArgs args = linear_case({70, 20, 12}, activation, true, false).build(memory);
                                args.y = memory.updated("sum", {70, 20}, sum_of(12));
                                args.residual = args.y;
                                memory.allow_narrow("sum", activation == Activation::none ? 1.0 : 4.5);
                                memory.blocks().erase(memory.blocks().begin() + 3);  // the unused output
                                return args;
                              }}});
}

TEST(LinearGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<LinearGradArgs>> cases;
  for (const LinearSize size : kSizes)
    for (const Activation activation :
         {Activation::none, Activation::gelu_erf, Activation::gelu_tanh, Activation::relu})
      for (const bool accumulate : {false, true}) cases.push_back(linear_grad_case(size, activation, accumulate));
  // The weights' own rows fall on few sets of the cache.
  cases.push_back(linear_grad_case({140, 9, 256}, Activation::gelu_erf, false));
  cases.push_back(linear_grad_case({130, 67, 33}, Activation::none, false, 1e4));
  check_cases<LinearGradArgs>({linear_grad_candidates(), linear_grad_workspace_bytes}, cases);
}

TEST(LinearGrad, AgreesWithDifferences) {
  OpMemory memory;
  LinearArgs args = linear_case({3, 4, 5}, Activation::gelu_erf, true, false).build(memory);
  const View dy = memory.input("dy", {3, 4});
  const auto forward = [&] { linear_candidates().back().run(Exec{}, args); };
  forward();
  LinearGradArgs grad{
      .x = args.x, .w = args.w, .dy = dy, .activation = args.activation, .preactivation = args.preactivation};
  grad.dx = memory.output("dx", {3, 5}, bitwise());
  grad.dw = memory.output("dw", {4, 5}, bitwise());
  grad.dbias = memory.output("dbias", {4}, bitwise());
  linear_grad_candidates().back().run(Exec{}, grad);
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.y, dy));
  expect_gradient("dw", grad.dw, numeric_gradient_of(args.w, forward, args.y, dy));
  expect_gradient("dbias", grad.dbias, numeric_gradient_of(args.bias, forward, args.y, dy));
}

OpCase<MatmulArgs> matmul_case(LinearSize s, bool transpose_a, bool transpose_b, float alpha, float beta,
                               double mean = 0.0) {
  return {"matmul " + describe(s) + (transpose_a ? " aT" : " a") + (transpose_b ? " bT" : " b"), [=](OpMemory& memory) {
            MatmulArgs args{.transpose_a = transpose_a, .transpose_b = transpose_b, .alpha = alpha, .beta = beta};
            args.a = memory.input("a", transpose_a ? Shape{s.k, s.m} : Shape{s.m, s.k}, Values{mean, 1.0});
            args.b = memory.input("b", transpose_b ? Shape{s.n, s.k} : Shape{s.k, s.n});
            args.c = beta == 0.0f ? memory.output("c", {s.m, s.n}, sum_around(mean, sum_of(s.k)))
                                  : memory.updated("c", {s.m, s.n}, sum_around(mean, sum_of(s.k)));
            return args;
          }};
}

TEST(Matmul, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<MatmulArgs>> cases;
  for (const LinearSize size : {LinearSize{1, 1, 1}, {7, 5, 3}, {130, 67, 33}, {4, 3, 0}})
    for (const bool transpose_a : {false, true})
      for (const bool transpose_b : {false, true}) {
        cases.push_back(matmul_case(size, transpose_a, transpose_b, 1.0f, 0.0f));
        cases.push_back(matmul_case(size, transpose_a, transpose_b, 0.5f, 2.0f));
      }
  cases.push_back(matmul_case({33, 21, 17}, false, false, 1.0f, 0.0f, 1e4));
  cases.push_back({"matmul of matrices within larger ones", [](OpMemory& memory) {
                     const auto within = [](View whole, std::int64_t columns) {
                       whole.shape[1] = columns;
                       return whole;
                     };
                     return MatmulArgs{.a = within(memory.input("a", {9, 12}), 7),
                                       .b = within(memory.input("b", {7, 11}), 5),
                                       .c = within(memory.updated("c", {9, 8}, sum_of(7)), 5),
                                       .beta = 1.0f};
                   }});
  check_cases<MatmulArgs>({matmul_candidates()}, cases);
}

TEST(Matmul, CutsItsFactorsToTf32OnlyWhereThatIsAllowed) {
  for (const auto& candidate : with_cuda(matmul_candidates())) {
    if (!is_cuda(candidate.name) || candidate.why_not(Exec{}, MatmulArgs{})) continue;
    OpMemory exact_memory, cut_memory;
    const OpCase<MatmulArgs> one = matmul_case({32, 48, 64}, false, true, 1.0f, 0.0f);
    const MatmulArgs exact = one.build(exact_memory), cut = one.build(cut_memory);
    Exec exec;
    candidate.run(exec, exact);
    exec.tf32 = true;
    candidate.run(exec, cut);
    double furthest = 0.0;
    for (std::int64_t i = 0; i < exact.c.numel(); ++i)
      furthest = std::max(furthest, static_cast<double>(std::abs(exact.c.as<float>()[i] - cut.c.as<float>()[i])));
    EXPECT_GT(furthest, 1e-4) << "nothing was cut";
    EXPECT_LT(furthest, 0.1) << "64 terms of about 1, each off by at most 2^-10";
  }
}

}  // namespace
}  // namespace athanor::kernels::test
