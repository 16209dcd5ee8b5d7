#include "kernels/ops/elementwise/activation.h"
#include "kernels/ops/elementwise/add.h"
#include "kernels/ops/elementwise/axpby.h"
#include "kernels/ops/elementwise/fill.h"
#include "kernels/ops/layout/copy.h"
#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace athanor::kernels::test {
namespace {

constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::gelu_erf, Activation::gelu_tanh,
                                       Activation::silu};
constexpr std::int64_t kCounts[] = {0, 1, 13, 16384, 40003};

TEST(Activation, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<ActivationArgs>> cases;
  std::vector<OpCase<ActivationGradArgs>> grad_cases;
  for (const Activation activation : kActivations)
    for (const std::int64_t count : kCounts) {
      const std::string name = std::string(to_string(activation)) + " of " + std::to_string(count);
      cases.push_back(
          {name, [=](OpMemory& memory) {
             ActivationArgs args{.x = memory.input("x", {count}, Values{0.0, 3.0}), .activation = activation};
             args.y = memory.output("y", {count}, pointwise());
             return args;
           }});
      grad_cases.push_back(
          {name + " (grad)", [=](OpMemory& memory) {
             ActivationGradArgs args{.x = memory.input("x", {count}, Values{0.0, 3.0}), .activation = activation};
             args.dy = memory.input("dy", {count});
             args.dx = memory.output("dx", {count}, pointwise());
             return args;
           }});
    }
  for (const Activation activation : kActivations)
    for (const double mean : {1e4, -1e4}) {
      const std::string name = std::string(to_string(activation)) + " far from 0";
      cases.push_back({name, [=](OpMemory& memory) {
                         ActivationArgs args{.x = memory.input("x", {50}, Values{mean, 3.0}), .activation = activation};
                         args.y = memory.output("y", {50}, pointwise());
                         return args;
                       }});
      grad_cases.push_back(
          {name + " (grad)", [=](OpMemory& memory) {
             ActivationGradArgs args{.x = memory.input("x", {50}, Values{mean, 3.0}), .activation = activation};
             args.dy = memory.input("dy", {50});
             args.dx = memory.output("dx", {50}, pointwise());
             return args;
           }});
    }
  check_cases<ActivationArgs>({activation_candidates()}, cases);
  check_cases<ActivationGradArgs>({activation_grad_candidates()}, grad_cases);
}

TEST(Activation, SaturatesWithoutOverflowAndKeepsNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  for (const auto& candidate : with_cuda(activation_candidates()))
    for (const Activation activation :
         {Activation::relu, Activation::gelu_erf, Activation::gelu_tanh, Activation::silu}) {
      SCOPED_TRACE(std::string(candidate.name) + " " + to_string(activation));
      OpMemory memory;
      ActivationArgs args{.x = memory.input("x", {5}, std::vector<float>{1e4f, -1e4f, 40.0f, -40.0f, nan}),
                          .activation = activation};
      args.y = memory.output("y", {5}, bitwise());
      if (!could_run<ActivationArgs>({activation_candidates()}, candidate, args)) continue;
      const float* y = args.y.as<float>();
      EXPECT_EQ(y[0], 1e4f);
      EXPECT_NEAR(y[1], 0.0f, 1e-30);
      EXPECT_EQ(y[2], 40.0f);
      EXPECT_NEAR(y[3], 0.0f, 1e-15);
      EXPECT_TRUE(std::isnan(y[4]));
      EXPECT_LT(y[0], inf);
    }
}

TEST(ActivationGrad, AgreesWithDifferences) {
  for (const Activation activation : {Activation::gelu_erf, Activation::gelu_tanh, Activation::silu}) {
    OpMemory memory;
    ActivationArgs args{
        .x = memory.input("x", {40}), .activation = activation, .y = memory.output("y", {40}, bitwise())};
    const View dy = memory.input("dy", {40});
    const ActivationGradArgs grad{
        .x = args.x, .dy = dy, .activation = activation, .dx = memory.output("dx", {40}, bitwise())};
    activation_grad_candidates().back().run(Exec{}, grad);
    const auto forward = [&] { activation_candidates().back().run(Exec{}, args); };
    expect_gradient(to_string(activation), grad.dx, numeric_gradient_of(args.x, forward, args.y, dy));
  }
}

TEST(Add, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<AddArgs>> cases;
  const std::vector<std::pair<Shape, Shape>> shapes = {
      {{1}, {1}}, {{40003}, {40003}}, {{700, 33}, {33}}, {{9, 50, 64}, {50, 64}}, {{3, 5, 1}, {1}}, {{0, 8}, {8}}};
  for (const auto& [a, b] : shapes)
    cases.push_back({"add " + to_string(a) + " + " + to_string(b), [a = a, b = b](OpMemory& memory) {
                       return AddArgs{
                           .a = memory.input("a", a), .b = memory.input("b", b), .y = memory.output("y", a, bitwise())};
                     }});
  cases.push_back({"add far from 0", [](OpMemory& memory) {
                     return AddArgs{.a = memory.input("a", {9, 33}, Values{1e4, 1.0}),
                                    .b = memory.input("b", {33}, Values{-1e4, 1.0}),
                                    .y = memory.output("y", {9, 33}, bitwise())};
                   }});
  cases.push_back({"add in place", [](OpMemory& memory) {
                     const View y = memory.updated("y", {50, 33}, bitwise());
                     return AddArgs{.a = y, .b = memory.input("b", {33}), .y = y};
                   }});
  check_cases<AddArgs>({add_candidates()}, cases);
}

TEST(Axpby, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<AxpbyArgs>> cases;
  for (const std::int64_t count : kCounts)
    for (const float beta : {0.0f, 0.75f})
      cases.push_back({"axpby of " + std::to_string(count), [=](OpMemory& memory) {
                         AxpbyArgs args{.alpha = 0.3f, .x = memory.input("x", {count}), .beta = beta};
                         args.y = beta == 0.0f ? memory.output("y", {count}, pointwise())
                                               : memory.updated("y", {count}, pointwise());
                         return args;
                       }});
  cases.push_back({"axpby far from 0", [](OpMemory& memory) {
                     return AxpbyArgs{.alpha = 0.3f,
                                      .x = memory.input("x", {53}, Values{1e4, 1.0}),
                                      .beta = 0.75f,
                                      .y = memory.updated("y", {53}, pointwise(), Values{1e4, 1.0})};
                   }});
  check_cases<AxpbyArgs>({axpby_candidates()}, cases);
}

TEST(Fill, WritesEveryElementAndNoOther) {
  std::vector<OpCase<FillArgs>> cases;
  for (const std::int64_t count : {0, 1, 100003})
    cases.push_back({"fill " + std::to_string(count), [=](OpMemory& memory) {
                       return FillArgs{.value = 2.5f, .y = memory.output("y", {count}, bitwise())};
                     }});
  check_cases<FillArgs>({fill_candidates()}, cases);
}

// Values of x that name their own position, so that a wrong order is seen.
std::vector<float> counting(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 1.0f);
  return values;
}

TEST(Copy, FollowsStridesOfEveryKind) {
  std::vector<OpCase<CopyArgs>> cases;
  cases.push_back({"transpose", [](OpMemory& memory) {
                     const View x = memory.input("x", {70, 33}, counting(70 * 33));
                     return CopyArgs{.x = View(x.data, DType::f32, {33, 70}, {1, 33}),
                                     .y = memory.output("y", {33, 70}, bitwise())};
                   }});
  cases.push_back({"heads before tokens", [](OpMemory& memory) {
                     const View x = memory.input("x", {3, 7, 2, 5}, counting(210));
                     return CopyArgs{.x = View(x.data, DType::f32, {3, 2, 7, 5}, {70, 5, 10, 1}),
                                     .y = memory.output("y", {3, 2, 7, 5}, bitwise())};
                   }});
  cases.push_back({"a slice of a row", [](OpMemory& memory) {
                     const View x = memory.input("x", {4, 6}, counting(24));
                     const View y = memory.updated("y", {4, 10}, bitwise());
                     return CopyArgs{.x = x, .y = View(y.as<float>() + 2, DType::f32, {4, 6}, {10, 1})};
                   }});
  cases.push_back(
      {"a repetition", [](OpMemory& memory) {
         const View x = memory.input("x", {6}, counting(6));
         return CopyArgs{.x = View(x.data, DType::f32, {5, 6}, {0, 1}), .y = memory.output("y", {5, 6}, bitwise())};
       }});
  cases.push_back({"nothing", [](OpMemory& memory) {
                     return CopyArgs{.x = memory.input("x", {0, 3}), .y = memory.output("y", {0, 3}, bitwise())};
                   }});
  cases.push_back({"one", [](OpMemory& memory) {
                     return CopyArgs{.x = memory.input("x", Shape{}), .y = memory.output("y", Shape{}, bitwise())};
                   }});
  for (const DType dtype : {DType::u8, DType::bf16, DType::i32, DType::i64})
    for (const bool turned : {false, true})
      cases.push_back({std::string("the bits of ") + to_string(dtype), [=](OpMemory& memory) {
                         const View bits = memory.input("bits", {70, 33});
                         const std::int64_t wide = 70 * 32 / size_bits(dtype);
                         const Shape steps = turned ? Shape{1, wide} : Shape{66, 2};
                         const Shape shape = turned ? Shape{wide, 33} : Shape{wide / 2, 33};
                         return CopyArgs{.x = View(bits.data, dtype, shape, steps),
                                         .y = memory.output("y", shape, bitwise(), dtype)};
                       }});
  check_cases<CopyArgs>({copy_candidates()}, cases);
}

}  // namespace
}  // namespace athanor::kernels::test
