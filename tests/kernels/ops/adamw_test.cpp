#include "kernels/ops/optim/adamw.h"

#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

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
  check_cases<AdamWArgs>({adamw_candidates()}, cases);
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

}  // namespace
}  // namespace athanor::kernels::test
