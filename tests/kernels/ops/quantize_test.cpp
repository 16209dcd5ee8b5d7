#include "kernels/ops/quant/quantize.h"

#include "kernels/ops/quant/cast.h"
#include "kernels/ops/quant/code_access.h"
#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace athanor::kernels::test {
namespace {

constexpr DType kCodeTypes[] = {DType::f8_e4m3, DType::f8_e5m2, DType::i8, DType::i4, DType::f16, DType::bf16};
constexpr Grouping kGroupings[] = {Grouping::tensor, Grouping::row, Grouping::stretch, Grouping::square};
constexpr Tolerance kSums{1e-9, 0.0};

struct Plan {
  Shape x;
  Grouping grouping;
  DType format;
  bool power_of_two = true;
  Values values = {};
  std::int64_t block = kQuantBlock;
};

std::string text_of(const Plan& p) {
  return "quantize " + to_string(p.x) + " to " + to_string(p.format) + " by " + to_string(p.grouping) +
         (p.power_of_two ? "" : " exact");
}

QuantizeArgs build(OpMemory& memory, const Plan& plan) {
  QuantizeArgs args{.x = memory.input("x", plan.x, plan.values), .grouping = plan.grouping, .block = plan.block};
  args.format = plan.format;
  args.power_of_two = plan.power_of_two;
  const ScaleGrid grid = scale_grid(plan.grouping, args.x, plan.block);
  const ScaleGrid columns = scale_grid(plan.grouping, grid.columns, grid.rows, plan.block);
  const auto one = [](std::int64_t count) { return std::max<std::int64_t>(count, 1); };
  args.codes = memory.output("codes", plan.x, bitwise(), plan.format);
  args.scales = memory.output("scales", {one(grid.down()), grid.across()}, bitwise());
  args.column_codes = memory.output("column_codes", {grid.columns, grid.rows}, bitwise(), plan.format);
  args.column_scales = memory.output("column_scales", {columns.down(), columns.across()}, bitwise());
  args.stats = memory.output("stats", {QuantizeStats::kCount}, kSums, DType::f64);
  return args;
}

TEST(Quantize, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<QuantizeArgs>> cases;
  for (const DType format : kCodeTypes)
    for (const Grouping grouping : kGroupings)
      for (const Plan& plan : {Plan{{2, 2}, grouping, format}, Plan{{6, 10}, grouping, format, false},
                               Plan{{3, 22, 140}, grouping, format, false, {0.0, 1e-3}},
                               Plan{{70, 66}, grouping, format, true, {1e4, 1.0}, 32}})
        cases.push_back({text_of(plan), [plan](OpMemory& memory) { return build(memory, plan); }});
  check_cases<QuantizeArgs>({quantize_candidates(), quantize_workspace_bytes}, cases);
}

TEST(Quantize, OddSizesAndNothing) {
  std::vector<OpCase<QuantizeArgs>> cases;
  for (const DType format : {DType::f8_e4m3, DType::i8})
    for (const Grouping grouping : kGroupings)
      for (const Shape& shape : {Shape{1, 1}, Shape{7, 131}, Shape{257, 3}, Shape{129, 129}})
        cases.push_back({text_of({shape, grouping, format}), [=](OpMemory& memory) {
                           return build(memory, {shape, grouping, format, false});
                         }});
  check_cases<QuantizeArgs>({quantize_candidates(), quantize_workspace_bytes}, cases);
  for (const auto& candidate : with_cuda(quantize_candidates())) {
    OpMemory memory;
    QuantizeArgs args{.x = memory.input("x", {0, 8})};
    args.scales = memory.output("scales", {1}, bitwise());
    args.stats = memory.output("stats", {QuantizeStats::kCount}, bitwise(), DType::f64);
    if (!could_run<QuantizeArgs>({quantize_candidates(), quantize_workspace_bytes}, candidate, args)) continue;
    for (int i = 0; i < QuantizeStats::kCount; ++i) EXPECT_EQ(args.stats.as<double>()[i], 0.0) << candidate.name;
    EXPECT_TRUE(memory.block("scales").unchanged()) << candidate.name << " wrote a scale of nothing";
  }
}

// A slow encoder that knows only the numbers themselves: the nearest of all codes, the even one of two, the largest
// finite one beyond.
std::uint32_t nearest_code(DType format, float value) {
  std::uint32_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  with_narrow_format(format, [&]<class Format>() {
    for (std::uint32_t code = 0; code <= Format::kLargest; ++code) {
      const double away = std::abs(static_cast<double>(Format::decode(code)) - std::abs(static_cast<double>(value)));
      if (away < least || (away == least && code % 2 == 0)) best = code, least = away;
    }
    if (std::abs(value) > Format::decode(Format::kLargest)) best = Format::kLargest;  // nothing to be near to
    if (std::signbit(value)) best |= Format::kSign;
  });
  return best;
}

TEST(Quantize, RandomNumbersGoToTheNearestOfAllCodes) {
  std::mt19937 generator(5);
  std::vector<float> values(4096);
  for (float& value : values) {
    do value = std::bit_cast<float>(static_cast<std::uint32_t>(generator()));
    while (std::isnan(value));
    if (generator() % 4)
      value = std::ldexp(value > 0 ? 1.0f : -1.0f, static_cast<int>(generator() % 40) - 28) *
              (1.0f + static_cast<float>(generator() % 4096) / 4096.0f);
  }
  for (const DType format : {DType::f8_e4m3, DType::f8_e5m2}) {
    for (const auto& candidate : with_cuda(quantize_candidates())) {
      OpMemory memory;
      QuantizeArgs args{.x = memory.input("x", {1, 4096}, values), .format = format, .given_scale = true};
      args.scales = memory.input("scales", {1}, std::vector<float>{1.0f});
      args.codes = memory.output("codes", {1, 4096}, bitwise(), format);
      if (!could_run<QuantizeArgs>({quantize_candidates(), quantize_workspace_bytes}, candidate, args)) continue;
      for (std::int64_t i = 0; i < 4096; ++i)
        ASSERT_EQ(args.codes.as<std::uint8_t>()[i], nearest_code(format, values[static_cast<std::size_t>(i)]))
            << candidate.name << " " << to_string(format) << " of " << values[static_cast<std::size_t>(i)];
    }
  }
}

TEST(Quantize, AllCodesComeBackAsThemselves) {
  for (const DType format : {DType::f8_e4m3, DType::f8_e5m2, DType::i8})
    for (const float scale : {1.0f, 0.25f, 3.0f}) {
      std::vector<std::uint8_t> codes(256);
      for (std::size_t i = 0; i < 256; ++i) codes[i] = static_cast<std::uint8_t>(i);
      if (format == DType::i8) codes[128] = 127;  // -128 is not used
      std::vector<float> numbers(256);
      std::vector<float> scales{scale};
      const View code_view(codes.data(), format, {1, 256}), scale_view(scales.data(), DType::f32, {1});
      dequantize(Exec{}, {.codes = code_view, .scales = scale_view, .y = View(numbers.data(), DType::f32, {1, 256})});
      std::vector<std::uint8_t> again(256);
      quantize(Exec{}, {.x = View(numbers.data(), DType::f32, {1, 256}),
                        .format = format,
                        .given_scale = true,
                        .codes = View(again.data(), format, {1, 256}),
                        .scales = scale_view});
      for (std::size_t i = 0; i < 256; ++i) {
        if (std::isnan(numbers[i]) || std::isinf(numbers[i])) continue;
        EXPECT_EQ(again[i], codes[i]) << to_string(format) << " " << i << " with scale " << scale;
      }
    }
}

TEST(Quantize, WhatIsNotFinite) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& candidate : with_cuda(quantize_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    QuantizeArgs args{
        .x = memory.input("x", {1, 8}, std::vector<float>{nan, inf, -inf, 448.0f, 1e-20f, 0.0f, -0.0f, 2.0f})};
    args.codes = memory.output("codes", {1, 8}, bitwise(), DType::f8_e4m3);
    args.scales = memory.output("scales", {1}, bitwise());
    args.stats = memory.output("stats", {QuantizeStats::kCount}, bitwise(), DType::f64);
    if (!could_run<QuantizeArgs>({quantize_candidates(), quantize_workspace_bytes}, candidate, args)) continue;
    EXPECT_EQ(args.scales.as<float>()[0], 1.0f) << "the largest finite magnitude decides";
    const std::uint8_t want[] = {0x7F, 0x7E, 0xFE, 0x7E, 0x00, 0x00, 0x80, 0x40};
    for (int i = 0; i < 8; ++i) EXPECT_EQ(args.codes.as<std::uint8_t>()[i], want[i]) << i;
    using S = QuantizeStats;
    const auto* stats = args.stats.as<double>();
    EXPECT_EQ(stats[S::amax], 448.0);
    EXPECT_EQ(stats[S::nonfinite], 3);
    EXPECT_EQ(stats[S::nonzero], 3);
    EXPECT_EQ(stats[S::underflowed], 1);
    EXPECT_EQ(stats[S::saturated], 0);
    EXPECT_EQ(stats[S::elements], 8);
  }
}

TEST(Quantize, CountsWhatAGivenScaleCutsOff) {
  for (const auto& candidate : with_cuda(quantize_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    QuantizeArgs args{.x = memory.input("x", {1, 4}, std::vector<float>{1000.0f, 448.0f, -449.0f, 1.0f}),
                      .given_scale = true};
    args.scales = memory.input("scales", {1}, std::vector<float>{1.0f});
    args.stats = memory.output("stats", {QuantizeStats::kCount}, bitwise(), DType::f64);
    if (!could_run<QuantizeArgs>({quantize_candidates(), quantize_workspace_bytes}, candidate, args)) continue;
    const auto* stats = args.stats.as<double>();
    EXPECT_EQ(stats[QuantizeStats::saturated], 2);
    EXPECT_EQ(stats[QuantizeStats::error_squares], 552.0 * 552.0 + 1.0);
  }
}

TEST(ScaleFor, NeverLetsTheLargestSaturate) {
  std::mt19937 generator(11);
  for (int i = 0; i < 20000; ++i) {
    const float amax = std::abs(std::bit_cast<float>(static_cast<std::uint32_t>(generator())));
    if (!std::isfinite(amax) || amax == 0.0f) continue;
    const float scale = scale_for(amax, 448.0f, true);
    EXPECT_LE(amax / scale, 448.0f) << amax;
    EXPECT_EQ(std::bit_cast<std::uint32_t>(scale) & 0x7FFFFFu, 0u) << "not a power of two: " << scale;
    if (scale > 2e-38f) {
      EXPECT_GT(amax / scale, 224.0f * 0.999f) << "twice as coarse as it needs to be: " << amax;
    }
  }
  EXPECT_EQ(scale_for(0.0f, 448.0f, true), 1.0f);
  EXPECT_EQ(scale_for(896.0f, 448.0f, false), 2.0f);
}

TEST(Dequantize, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<DequantizeArgs>> cases;
  for (const DType format : kCodeTypes)
    for (const Grouping grouping : kGroupings)
      for (const DType y : {DType::f32, DType::bf16})
        for (const Shape& shape : {Shape{2, 2}, Shape{33, 130}})
          cases.push_back({"dequantize " + to_string(shape) + " of " + to_string(format) + " by " + to_string(grouping),
                           [=](OpMemory& memory) {
                             const View x = memory.input("x", shape);
                             const ScaleGrid grid = scale_grid(grouping, x, kQuantBlock);
                             DequantizeArgs args{.grouping = grouping};
                             args.scales = memory.output("scales", {grid.down(), grid.across()}, bitwise());
                             args.codes = memory.output("codes", shape, bitwise(), format);
                             args.y = memory.output("y", shape, bitwise(), y);
                             quantize_candidates().back().run(Exec{}, {.x = x,
                                                                       .grouping = grouping,
                                                                       .format = format,
                                                                       .power_of_two = false,
                                                                       .codes = args.codes,
                                                                       .scales = args.scales});
                             return args;
                           }});
  check_cases<DequantizeArgs>({dequantize_candidates()}, cases);
}

TEST(Quantize, ReadsNarrowActivationsAsTheNumbersTheyAre) {
  for (const DType narrow : {DType::f16, DType::bf16})
    for (const auto& candidate : with_cuda(quantize_candidates())) {
      OpMemory memory;
      const View wide = memory.input("wide", {33, 70});
      const View x = memory.output("x", {33, 70}, bitwise(), narrow), back = memory.output("back", {33, 70}, bitwise());
      cast(Exec{}, {.x = wide, .y = x});
      cast(Exec{}, {.x = x, .y = back});
      const auto run = [&](const Candidate<QuantizeArgs>& with, const View& source, const std::string& name) {
        QuantizeArgs args{.x = source, .grouping = Grouping::stretch, .block = 16};
        args.codes = memory.output(name, {33, 70}, bitwise(), DType::f8_e4m3);
        args.scales = memory.output(name + " scales", {33, 5}, bitwise());
        return std::pair(could_run<QuantizeArgs>({quantize_candidates(), quantize_workspace_bytes}, with, args),
                         args.codes);
      };
      const auto [could, codes] = run(candidate, x, "codes");
      if (!could) continue;
      const auto [always, want] = run(quantize_candidates().back(), back, "want");
      EXPECT_TRUE(always);
      for (std::int64_t i = 0; i < codes.numel(); ++i)
        ASSERT_EQ(codes.as<std::uint8_t>()[i], want.as<std::uint8_t>()[i]) << candidate.name;
    }
}

}  // namespace
}  // namespace athanor::kernels::test
