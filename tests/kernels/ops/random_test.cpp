#include "kernels/ops/random/dropout.h"
#include "kernels/ops/random/fill_random.h"
#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::kernels::test {
namespace {

// The answers published with the generator (Salmon et al. 2011, known-answer tests).
TEST(Philox, GivesThePublishedAnswers) {
  const auto expect = [](const PhiloxBlock& counter, std::uint64_t key, const PhiloxBlock& want) {
    const PhiloxBlock got = philox(counter, key);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(got.word[i], want.word[i]);
  };
  expect({{0, 0, 0, 0}}, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  expect({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, 0xffffffffffffffff,
         {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  expect({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822,
         {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

OpCase<DropoutArgs> dropout_case(std::int64_t count, float probability, std::uint64_t first_index) {
  return {"dropout " + std::to_string(count) + " p" + std::to_string(probability), [=](OpMemory& memory) {
            DropoutArgs args{.x = memory.input("x", {count}), .probability = probability, .seed = 0x123456789abcdef0};
            args.step = 7;
            args.stream = 3;
            args.first_index = first_index;
            args.y = memory.output("y", {count}, bitwise());
            return args;
          }};
}

TEST(Dropout, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<DropoutArgs>> cases;
  for (const std::int64_t count : {0, 1, 31, 20003})
    for (const float probability : {0.0f, 0.1f, 0.5f, 0.999f}) cases.push_back(dropout_case(count, probability, 0));
  // Across the border of the low word of the counter.
  cases.push_back(dropout_case(100, 0.3f, (std::uint64_t{1} << 34) - 40));
  check_cases<DropoutArgs>({dropout_candidates()}, cases);
}

TEST(Dropout, DropsTheStatedShareAndKeepsTheMean) {
  OpMemory memory;
  DropoutArgs args = dropout_case(100000, 0.25f, 0).build(memory);
  args.x = memory.input("ones", {100000}, Values{1.0, 0.0});
  dropout(Exec{}, args);
  double kept = 0.0, sum = 0.0;
  for (const double y : memory.block("y").values()) {
    kept += y != 0.0;
    sum += y;
  }
  EXPECT_NEAR(kept / 1e5, 0.75, 0.005);
  EXPECT_NEAR(sum / 1e5, 1.0, 0.007);
}

TEST(Dropout, AShardDrawsWhatTheWholeWouldDraw) {
  OpMemory whole_memory, part_memory;
  DropoutArgs whole = dropout_case(64, 0.5f, 0).build(whole_memory), part = whole;
  part.x = View(whole.x.as<float>() + 40, DType::f32, {24});
  part.y = part_memory.output("y", {24}, bitwise());
  part.first_index = 40;
  dropout(Exec{}, whole);
  dropout(Exec{}, part);
  for (int i = 0; i < 24; ++i) EXPECT_EQ(part.y.as<float>()[i], whole.y.as<float>()[40 + i]);
}

OpCase<FillRandomArgs> fill_case(Distribution distribution, std::int64_t count) {
  return {"fill_random", [=](OpMemory& memory) {
            FillRandomArgs args{.distribution = distribution, .low = -2.0f, .high = 3.0f, .mean = 1.0f, .std = 2.0f};
            args.seed = 42;
            args.stream = 9;
            args.y = memory.output("y", {count}, bitwise());
            memory.allow_on_cuda("y", pointwise());
            return args;
          }};
}

struct Moments {
  double mean, std, largest;
};

Moments moments_of(Distribution distribution) {
  OpMemory memory;
  fill_random(Exec{}, fill_case(distribution, 100000).build(memory));
  Moments m{0.0, 0.0, 0.0};
  for (const double y : memory.block("y").values()) m.mean += y / 1e5;
  for (const double y : memory.block("y").values()) {
    m.std += (y - m.mean) * (y - m.mean) / 1e5;
    m.largest = std::max(m.largest, std::abs(y - 1.0));
  }
  m.std = std::sqrt(m.std);
  return m;
}

TEST(FillRandom, EveryCandidateMatchesTheReference) {
  for (const Distribution distribution : {Distribution::uniform, Distribution::normal, Distribution::truncated_normal})
    check_cases<FillRandomArgs>({fill_random_candidates()}, {fill_case(distribution, 0), fill_case(distribution, 1),
                                                             fill_case(distribution, 9001)});
}

TEST(FillRandom, HasTheMomentsOfItsDistribution) {
  const Moments uniform = moments_of(Distribution::uniform);
  EXPECT_NEAR(uniform.mean, 0.5, 0.02);
  EXPECT_NEAR(uniform.std, 5.0 / std::sqrt(12.0), 0.02);
  const Moments normal = moments_of(Distribution::normal);
  EXPECT_NEAR(normal.mean, 1.0, 0.02);
  EXPECT_NEAR(normal.std, 2.0, 0.02);
  const Moments truncated = moments_of(Distribution::truncated_normal);
  EXPECT_NEAR(truncated.mean, 1.0, 0.02);
  // A standard normal cut at 2 has the standard deviation 0.8796.
  EXPECT_NEAR(truncated.std, 2.0 * 0.8796, 0.02);
  EXPECT_LE(truncated.largest, 4.0);
  EXPECT_GT(normal.largest, 7.0);
}

}  // namespace
}  // namespace athanor::kernels::test
