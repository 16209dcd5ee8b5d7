#include "kernels/ops/gemm/batched_matmul.h"

#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::kernels::test {
namespace {

struct BatchSize {
  std::int64_t a[2], b[2], c[2];
  std::int64_t m, n, k;
};

// One, odd, repeated on either side, summed over one and both batch dims, more than one block of rows, nothing.
constexpr BatchSize kSizes[] = {{{1, 1}, {1, 1}, {1, 1}, 1, 1, 1},     {{2, 3}, {2, 3}, {2, 3}, 7, 5, 3},
                                {{2, 3}, {1, 1}, {2, 3}, 9, 4, 6},     {{1, 3}, {2, 1}, {2, 3}, 5, 11, 8},
                                {{2, 3}, {2, 3}, {1, 3}, 6, 5, 7},     {{2, 3}, {2, 3}, {1, 1}, 3, 9, 4},
                                {{2, 2}, {2, 2}, {2, 2}, 130, 67, 33}, {{0, 3}, {0, 3}, {0, 3}, 4, 4, 4},
                                {{0, 3}, {0, 3}, {1, 3}, 4, 4, 4},     {{2, 1}, {2, 1}, {2, 1}, 3, 4, 0}};

std::string describe(const BatchSize& s) {
  return std::to_string(s.c[0]) + "x" + std::to_string(s.c[1]) + " of " + std::to_string(s.m) + "x" +
         std::to_string(s.n) + "x" + std::to_string(s.k);
}

struct Extras {
  bool transpose_a = false, transpose_b = false;
  bool bias = false, residual = false;
  Activation activation = Activation::none;
  double mean = 0.0;
};

OpCase<BatchedMatmulArgs> batched_case(const BatchSize& s, const Extras& e) {
  return {"batched_matmul " + describe(s) + (e.transpose_a ? " aT" : " a") + (e.transpose_b ? " bT " : " b ") +
              to_string(e.activation),
          [=](OpMemory& memory) {
            BatchedMatmulArgs args{.transpose_a = e.transpose_a, .transpose_b = e.transpose_b, .alpha = 0.5f};
            args.a = memory.input("a", {s.a[0], s.a[1], e.transpose_a ? s.k : s.m, e.transpose_a ? s.m : s.k},
                                  Values{e.mean, 1.0});
            args.b = memory.input("b", {s.b[0], s.b[1], e.transpose_b ? s.n : s.k, e.transpose_b ? s.k : s.n});
            const Shape shape{s.c[0], s.c[1], s.m, s.n};
            if (e.bias) args.bias = memory.input("bias", {s.n});
            if (e.residual) args.residual = memory.input("residual", shape);
            args.activation = e.activation;
            Tolerance tolerance = sum_of(s.k);
            // The terms grow with the mean, and so does what rounding leaves of them.
            if (e.mean != 0.0) tolerance.atol *= e.mean;
            args.c = memory.output("c", shape, tolerance);
            if (e.activation != Activation::none) args.preactivation = memory.output("preactivation", shape, tolerance);
            // Devices round the bias, and what the activation sees, to the format of c.
            const double seen = e.residual ? std::sqrt(static_cast<double>(s.k)) : 0.5;
            memory.allow_narrow("preactivation", e.bias ? 1.0 : 0.0);
            memory.allow_narrow("c", (e.bias ? 1.0 : 0.0) + (e.activation != Activation::none ? seen : 0.0));
            return args;
          }};
}

const OpUnderTest<BatchedMatmulArgs> kOp{batched_matmul_candidates(), batched_matmul_workspace_bytes};

TEST(BatchedMatmul, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<BatchedMatmulArgs>> cases;
  for (const BatchSize& size : kSizes)
    for (const bool transpose_a : {false, true})
      for (const bool transpose_b : {false, true}) {
        cases.push_back(batched_case(size, {.transpose_a = transpose_a, .transpose_b = transpose_b}));
        cases.push_back(batched_case(size, {.transpose_a = transpose_a,
                                            .transpose_b = transpose_b,
                                            .bias = true,
                                            .residual = true,
                                            .activation = Activation::gelu_tanh}));
      }
  for (const Activation activation : {Activation::none, Activation::relu, Activation::gelu_erf, Activation::silu})
    cases.push_back(batched_case(kSizes[1], {.bias = true, .residual = true, .activation = activation}));
  cases.push_back(batched_case(kSizes[1], {.mean = 1e4}));
  check_cases(kOp, cases);
}

// Heads side by side in rows of tokens, as a projection leaves them: [B, T, H, D] seen as [B, H, T, D].
TEST(BatchedMatmul, TakesOperandsWithStrides) {
  check_cases(kOp, {{"heads", [](OpMemory& memory) {
                       const View q = memory.input("q", {2, 5, 3, 4}), k = memory.input("k", {2, 7, 3, 4});
                       return BatchedMatmulArgs{.a = View(q.data, DType::f32, {2, 3, 5, 4}, {60, 4, 12, 1}),
                                                .b = View(k.data, DType::f32, {2, 3, 7, 4}, {84, 4, 12, 1}),
                                                .transpose_b = true,
                                                .c = memory.output("scores", {2, 3, 5, 7}, sum_of(4))};
                     }}});
}

TEST(BatchedMatmul, AddsAResidualThatLiesInTheOutput) {
  for (const Activation activation : {Activation::none, Activation::gelu_erf})
    check_cases(kOp, {{"residual in place", [=](OpMemory& memory) {
                         BatchedMatmulArgs args{.a = memory.input("a", {2, 1, 70, 6}),
                                                .b = memory.input("b", {2, 1, 6, 5}),
                                                .bias = memory.input("bias", {5}),
                                                .activation = activation,
                                                .c = memory.updated("sum", {2, 1, 70, 5}, sum_of(6))};
                         if (activation == Activation::none) args.residual = args.c;
                         if (activation != Activation::none)
                           args.preactivation = memory.output("preactivation", {2, 1, 70, 5}, sum_of(6));
                         memory.allow_narrow("preactivation", 1.0);
                         memory.allow_narrow("sum", 1.5);
                         return args;
                       }}});
}

}  // namespace
}  // namespace athanor::kernels::test
