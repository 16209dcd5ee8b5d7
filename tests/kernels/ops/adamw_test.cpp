#include "kernels/ops/optim/adamw.h"

#include "kernels/base/number_format.h"
#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace athanor::kernels::test {
namespace {

struct AdamWCase {
  std::vector<AdamWSegment> segments;

  AdamWArgs build(OpMemory& memory, const std::vector<std::int64_t>& sizes, std::int64_t step, float max_norm) {
    segments.clear();
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const std::string suffix = std::to_string(i);
      AdamWSegment s{.numel = sizes[i], .lr = 0.01f * static_cast<float>(i + 1), .weight_decay = i % 2 ? 0.1f : 0.0f};
      s.param = memory.updated("param" + suffix, {sizes[i]}, pointwise()).as<float>();
      s.grad = memory.input("grad" + suffix, {sizes[i]}).as<float>();
      s.m = memory.updated("m" + suffix, {sizes[i]}, pointwise(), {0.0, 0.1}).as<float>();
      const View v = memory.updated("v" + suffix, {sizes[i]}, pointwise(), {1.0, 0.1});
      s.v = v.as<float>();
      segments.push_back(s);
    }
    AdamWArgs args{.segments = segments, .step = step, .gradient_scale = 0.5f, .max_norm = max_norm};
    args.sum_squares = memory.output("sum_squares", {1}, bitwise(), DType::f64);
    args.sum_squares.as<double>()[0] = 400.0;
    return args;
  }
};

TEST(AdamW, EveryCandidateMatchesTheReference) {
  AdamWCase adamw_case;
  std::vector<OpCase<AdamWArgs>> cases;
  for (const std::int64_t step : {1, 1000})
    for (const float max_norm : {0.0f, 1.0f})
      cases.push_back({"adamw step " + std::to_string(step), [&adamw_case, step, max_norm](OpMemory& memory) {
                         return adamw_case.build(memory, {1, 13, 0, 20003}, step, max_norm);
                       }});
  check_cases<AdamWArgs>({adamw_candidates(), adamw_workspace_bytes}, cases);
}

TEST(AdamW, TheFirstStepMovesEachParameterByTheLearningRate) {
  for (const auto& candidate : with_cuda(adamw_candidates())) {
    SCOPED_TRACE(candidate.name);
    using Values = std::vector<float, SharedAllocator<float>>;
    Values param{1.0f, 1.0f}, grad{5.0f, -0.001f}, m(2), v(2);
    const AdamWSegment segment{.param = param.data(),
                               .grad = grad.data(),
                               .m = m.data(),
                               .v = v.data(),
                               .numel = 2,
                               .lr = 0.1f,
                               .weight_decay = 0.5f};
    if (!could_run<AdamWArgs>({adamw_candidates()}, candidate, AdamWArgs{.segments = {&segment, 1}})) continue;
    EXPECT_NEAR(param[0], 1.0 - 0.1 * 0.5 - 0.1, 1e-5);
    EXPECT_NEAR(param[1], 1.0 - 0.1 * 0.5 + 0.1, 1e-5);
  }
}

// ---- Narrow masters and moments ----

std::vector<MasterRounding> roundings() {
  return {MasterRounding::nearest, MasterRounding::stochastic, MasterRounding::compensated};
}

// One tensor whose parameters, and moments where wanted, are bf16.
struct NarrowTensor {
  template <class T>
  using Array = std::vector<T, SharedAllocator<T>>;

  DType moments;
  Array<std::uint16_t> param, compensation, m16, v16;
  Array<float> grad, m32, v32;
  Array<std::int64_t> lost;
  AdamWSegment segment;

  NarrowTensor(std::size_t numel, DType moment_format, const std::function<float(std::size_t)>& value,
               const std::function<float(std::size_t)>& gradient)
      : moments(moment_format),
        param(numel),
        compensation(numel),
        m16(numel),
        v16(numel),
        grad(numel),
        m32(numel),
        v32(numel),
        lost(2) {
    for (std::size_t i = 0; i < numel; ++i) {
      param[i] = static_cast<std::uint16_t>(BFloat16::encode(value(i)));
      grad[i] = gradient(i);
    }
  }
  AdamWArgs args(MasterRounding rounding, std::int64_t step, float lr) {
    const bool narrow = moments == DType::bf16;
    segment = {.param = param.data(),
               .grad = grad.data(),
               .m = narrow ? static_cast<void*>(m16.data()) : m32.data(),
               .v = narrow ? static_cast<void*>(v16.data()) : v32.data(),
               .numel = static_cast<std::int64_t>(param.size()),
               .lr = lr,
               .compensation = compensation.data(),
               .stream = 7};
    return {.segments = {&segment, 1},
            .step = step,
            .master = DType::bf16,
            .moments = moments,
            .rounding = rounding,
            .seed = 0x123456789ABCull,
            .lost = View(lost.data(), DType::i64, {2})};
  }
  [[nodiscard]] double value(std::size_t i) const {
    return static_cast<double>(BFloat16::decode(param[i])) + static_cast<double>(BFloat16::decode(compensation[i]));
  }
};

float spread(std::size_t i) { return 0.02f + 0.001f * static_cast<float>(i % 89); }
float wave(std::size_t i) { return (i % 2 ? -1.0f : 1.0f) * (0.1f + 0.01f * static_cast<float>(i % 37)); }

const OpUnderTest<AdamWArgs> kAdamW{adamw_candidates(), adamw_workspace_bytes};

TEST(AdamW, DrawsTheSameRandomBitsEverywhere) {
  constexpr std::size_t kCount = 20011;
  for (const DType moments : {DType::f32, DType::bf16}) {
    NarrowTensor want(kCount, moments, spread, wave);
    for (const std::int64_t step : {1, 2})
      run_candidate(kAdamW, adamw_candidates().back(), want.args(MasterRounding::stochastic, step, 1e-3f), 1);
    for (const auto& candidate : with_cuda(adamw_candidates())) {
      SCOPED_TRACE(candidate.name);
      NarrowTensor got(kCount, moments, spread, wave);
      if (!could_run(kAdamW, candidate, got.args(MasterRounding::stochastic, 1, 1e-3f))) continue;
      run_candidate(kAdamW, candidate, got.args(MasterRounding::stochastic, 2, 1e-3f), 2);
      // Where f32 and f64 fall on two sides of a threshold, one unit differs: about one number in 2^16.
      std::size_t differing = 0, moved = 0;
      for (std::size_t i = 0; i < kCount; ++i) {
        differing += got.param[i] != want.param[i] || got.m16[i] != want.m16[i] || got.v16[i] != want.v16[i];
        moved += got.param[i] != static_cast<std::uint16_t>(BFloat16::encode(spread(i)));
        EXPECT_LE(std::abs(static_cast<int>(got.param[i]) - static_cast<int>(want.param[i])), 1) << i;
      }
      EXPECT_LT(differing, kCount / 500);
      EXPECT_GT(moved, kCount / 4);
    }
  }
}

TEST(AdamW, MatchesTheReferenceInNarrowFormats) {
  constexpr std::size_t kCount = 9001;
  for (const MasterRounding rounding : roundings())
    for (const DType moments : {DType::f32, DType::bf16}) {
      NarrowTensor want(kCount, moments, spread, wave);
      run_candidate(kAdamW, adamw_candidates().back(), want.args(rounding, 1, 1e-4f), 1);
      for (const auto& candidate : with_cuda(adamw_candidates())) {
        SCOPED_TRACE(candidate.name);
        NarrowTensor got(kCount, moments, spread, wave);
        if (!could_run(kAdamW, candidate, got.args(rounding, 1, 1e-4f))) continue;
        const double unit = rounding == MasterRounding::compensated ? 1.0 / 65536 : 1.0 / 128;
        for (std::size_t i = 0; i < kCount; ++i) {
          EXPECT_NEAR(got.value(i), want.value(i), unit * std::abs(want.value(i)) + 1e-9) << i;
          EXPECT_NEAR(got.m32[i], want.m32[i], 1e-6) << i;
        }
        EXPECT_EQ(got.lost[1], want.lost[1]);
        EXPECT_NEAR(static_cast<double>(got.lost[0]), static_cast<double>(want.lost[0]), kCount / 500.0);
      }
    }
}

// Steps of a hundredth of a unit in the last place: lost by rounding to nearest, kept in the mean by chance, kept by
// compensation.
TEST(AdamW, LosesSmallStepsOnlyWhereItRoundsToNearest) {
  constexpr std::size_t kCount = 40000;
  for (const auto& candidate : with_cuda(adamw_candidates())) {
    SCOPED_TRACE(candidate.name);
    for (const MasterRounding rounding : roundings()) {
      NarrowTensor tensor(
          kCount, DType::f32, [](std::size_t) { return 1.0f; }, [](std::size_t) { return 0.5f; });
      if (!could_run(kAdamW, candidate, tensor.args(rounding, 1, 4e-5f))) continue;
      double sum = 0.0;
      for (std::size_t i = 0; i < kCount; ++i) sum += tensor.value(i);
      const double moved = 1.0 - sum / kCount;
      EXPECT_EQ(tensor.lost[1], static_cast<std::int64_t>(kCount));
      if (rounding == MasterRounding::nearest) {
        EXPECT_EQ(moved, 0.0);
        EXPECT_EQ(tensor.lost[0], static_cast<std::int64_t>(kCount));
      } else if (rounding == MasterRounding::stochastic) {
        EXPECT_NEAR(moved, 4e-5, 8e-6);  // a unit is 1/256 below 1: five standard deviations are 1e-5
        EXPECT_GT(tensor.lost[0], static_cast<std::int64_t>(0.97 * kCount));
        EXPECT_LT(tensor.lost[0], static_cast<std::int64_t>(kCount));
      } else {
        EXPECT_NEAR(moved, 4e-5, 1e-6);
        EXPECT_EQ(tensor.lost[0], 0);
      }
    }
  }
}

TEST(AdamW, CountsWhatWideMastersLose) {
  using Values = std::vector<float, SharedAllocator<float>>;
  for (const auto& candidate : with_cuda(adamw_candidates())) {
    SCOPED_TRACE(candidate.name);
    Values param{1.0f, 1.0f, 1e9f, 0.0f}, grad{5.0f, 0.0f, 1.0f, 1.0f}, m(4), v(4);
    std::vector<std::int64_t, SharedAllocator<std::int64_t>> lost(2, -1);
    const AdamWSegment segment{
        .param = param.data(), .grad = grad.data(), .m = m.data(), .v = v.data(), .numel = 4, .lr = 0.1f};
    if (!could_run(kAdamW, candidate, AdamWArgs{.segments = {&segment, 1}, .lost = View(lost.data(), DType::i64, {2})}))
      continue;
    EXPECT_EQ(lost[0], 1);  // 0.1 beside 1e9
    EXPECT_EQ(lost[1], 3);  // one had no gradient
  }
}

}  // namespace
}  // namespace athanor::kernels::test
