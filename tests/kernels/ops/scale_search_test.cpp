#include "kernels/ops/quant/scale_search.h"

#include "kernels/base/number_format.h"
#include "kernels/cpu/isa.h"
#include "kernels/ops/quant/quantize.h"
#include "kernels/ops/quant/scale_search_avx2.h"
#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace athanor::kernels::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Numbers = std::vector<float>;

// That of the largest magnitude, up to the next of bf16.
float least_scale(const Numbers& x) {
  float amax = 0;
  for (const float each : x)
    if (std::isfinite(each)) amax = std::max(amax, std::fabs(each));
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(scale_for(amax, 448.0f, false)) + 0xFFFFu) & 0xFFFF0000u);
}

Numbers candidates_of(float scale) {
  Numbers all;
  for (const std::uint32_t more : ScaleSearchArgs::kMore)
    all.push_back(std::bit_cast<float>(std::bit_cast<std::uint32_t>(scale) + (more << 16)));
  return all;
}

float searched(const Numbers& numbers) {
  Numbers x = numbers, scale{least_scale(x)};
  scale_search({}, {.x = View(x.data(), DType::f32, {1, static_cast<std::int64_t>(x.size())}),
                    .scales = View(scale.data(), DType::f32, {1})});
  return scale.front();
}

// Of the codes themselves.
double squared_error(const Numbers& numbers, float scale) {
  Numbers x = numbers, scales{scale};
  std::vector<double> stats(QuantizeStats::kCount);
  QuantizeArgs args{.x = View(x.data(), DType::f32, {1, static_cast<std::int64_t>(x.size())}),
                    .grouping = Grouping::row,
                    .given_scale = true};
  args.scales = View(scales.data(), DType::f32, {1});
  args.stats = View(stats.data(), DType::f64, {QuantizeStats::kCount});
  Exec exec;
  std::vector<std::byte> workspace(quantize_workspace_bytes(exec, args));
  exec.workspace = workspace.data();
  exec.workspace_bytes = workspace.size();
  quantize(exec, args);
  EXPECT_EQ(stats[QuantizeStats::saturated], 0);
  return stats[QuantizeStats::error_squares];
}

enum class Kind { normal, wide, spike, around_subnormals, least };

Numbers numbers_of(Kind kind, std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  Numbers x(count);
  for (float& each : x) {
    each = normal(generator);
    if (kind == Kind::wide) each = std::ldexp(each, static_cast<int>(generator() % 30) - 20);
    if (kind == Kind::around_subnormals) each *= 3e-5f;
    if (kind == Kind::least) each *= 1e-37f;
  }
  if (kind == Kind::around_subnormals) x[count / 2] = 1.0f;
  if (kind == Kind::spike) x[count / 2] = 1e30f;
  return x;
}

constexpr Kind kKinds[] = {Kind::normal, Kind::wide, Kind::spike, Kind::around_subnormals, Kind::least};

TEST(ScaleSearch, EveryCandidateHasTheBitsOfTheReference) {
  std::vector<OpCase<ScaleSearchArgs>> cases;
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 7}, Shape{70, 256}, Shape{2, 1000}})
    for (const Values& values : {Values{}, Values{0.0, 1e-30}, Values{1e4, 1.0}, Values{1.0, 0.0}, Values{0.0, 0.0}})
      cases.push_back({"scale_search " + to_string(shape), [=](OpMemory& memory) {
                         ScaleSearchArgs args{.x = memory.input("x", shape, values)};
                         args.scales = memory.updated("scales", {shape[0]}, bitwise());
                         for (std::int64_t row = 0; row < shape[0]; ++row) {
                           const float* begin = args.x.as<float>() + row * shape[1];
                           args.scales.as<float>()[row] = least_scale(Numbers(begin, begin + shape[1]));
                         }
                         return args;
                       }});
  check_cases<ScaleSearchArgs>({scale_search_candidates()}, cases);
}

// In double, by the codes themselves.
double squares_of(const Numbers& x, float inverse) {
  double sum = 0;
  for (const float each : x) {
    const float scaled = std::fabs(each) * inverse;
    const double error = static_cast<double>(Float8E4M3::decode(Float8E4M3::encode(scaled))) - scaled;
    sum += error * error;
  }
  return sum;
}

TEST(ScaleSearch, AddsTheSquaresUpThatTheCodesLeaveWithAndWithoutSubnormals) {
  if (cpu::avx2_refusal() != nullptr) GTEST_SKIP() << cpu::avx2_refusal();
  const float inverse[kSearchedScales] = {1.0f, 0.75f, 0.61f, 0.55f, 0.5f};
  for (const float size : {1e-3f, 1e-2f, 0.5f, 60.0f}) {  // the least normal code is 2^-6
    Numbers x = numbers_of(Kind::normal, 250, 3);
    for (float& each : x) each = size * (std::fabs(each) + (size > 0.1f ? 0.1f : 0.0f));
    Numbers squares(kSearchedScales), normal(kSearchedScales);
    code_errors_avx2(x.data(), std::ssize(x), inverse, squares.data());
    EXPECT_EQ(normal_code_errors_avx2(x.data(), std::ssize(x), inverse, normal.data()), *std::ranges::min_element(x));
    for (std::size_t k = 0; k < squares.size(); ++k) {
      const double expected = squares_of(x, inverse[k]);
      EXPECT_NEAR(squares[k], expected, 1e-4 * expected) << size << ", scale " << k;
      EXPECT_NEAR(size > 0.1f ? normal[k] : squares[k], expected, 1e-4 * expected) << size << ", scale " << k;
    }
  }
}

TEST(ScaleSearch, TakesTheScaleWhoseCodesAreNearest) {
  for (const Kind kind : kKinds) {
    for (unsigned seed = 0; seed < 50; ++seed) {
      const Numbers x = numbers_of(kind, 256, seed);
      double least = std::numeric_limits<double>::infinity();
      for (const float scale : candidates_of(least_scale(x))) least = std::min(least, squared_error(x, scale));
      EXPECT_LE(squared_error(x, searched(x)), least * (1 + 1e-5)) << static_cast<int>(kind) << ", seed " << seed;
    }
  }
}

TEST(ScaleSearch, RoundsBlocksOfNormalNumbersBySixPercentBetter) {
  double before = 0, after = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    const Numbers x = numbers_of(Kind::normal, 256, seed);
    before += squared_error(x, least_scale(x));
    after += squared_error(x, searched(x));
  }
  EXPECT_LE(std::sqrt(after / before), 0.94);
}

TEST(ScaleSearch, LeavesTheScaleWhereNoneIsNearer) {
  for (const Numbers& x : {Numbers(256), Numbers{1.0f, kInfinity, 3.3f, 2.1f}, Numbers{1.7f, std::nanf(""), 3.3f},
                           Numbers{448.0f, -256.0f, 1.0f}, Numbers{-kInfinity}})
    EXPECT_EQ(searched(x), least_scale(x));
}

}  // namespace
}  // namespace athanor::kernels::test
