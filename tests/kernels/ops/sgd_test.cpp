#include "kernels/ops/optim/sgd.h"

#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

namespace athanor::kernels::test {
namespace {

struct SgdCase {
  std::vector<SgdSegment> segments;

  // The third tensor keeps no momentum.
  SgdArgs build(OpMemory& memory, bool nesterov, float max_norm) {
    segments.clear();
    for (const std::int64_t numel : {1, 13, 700, 0, 20003}) {
      const std::string suffix = std::to_string(numel);
      SgdSegment s{.numel = numel, .lr = 0.03f, .weight_decay = segments.size() % 2 ? 0.1f : 0.0f};
      s.param = memory.updated("param" + suffix, {numel}, pointwise()).as<float>();
      s.grad = memory.input("grad" + suffix, {numel}).as<float>();
      if (numel != 700) s.momentum = memory.updated("momentum" + suffix, {numel}, pointwise()).as<float>();
      segments.push_back(s);
    }
    SgdArgs args{.segments = segments, .mu = 0.8f, .nesterov = nesterov, .gradient_scale = 0.5f, .max_norm = max_norm};
    args.sum_squares = memory.output("sum_squares", {1}, bitwise(), DType::f64);
    args.sum_squares.as<double>()[0] = 400.0;
    return args;
  }
};

TEST(Sgd, EveryCandidateMatchesTheReference) {
  SgdCase sgd_case;
  std::vector<OpCase<SgdArgs>> cases;
  for (const bool nesterov : {false, true})
    for (const float max_norm : {0.0f, 1.0f})
      cases.push_back({nesterov ? "sgd nesterov" : "sgd", [&sgd_case, nesterov, max_norm](OpMemory& memory) {
                         return sgd_case.build(memory, nesterov, max_norm);
                       }});
  check_cases<SgdArgs>({sgd_candidates()}, cases);
}

TEST(Sgd, GathersSpeedAlongASlope) {
  using Values = std::vector<float, SharedAllocator<float>>;
  for (const auto& candidate : with_cuda(sgd_candidates()))
    for (const bool nesterov : {false, true}) {
      SCOPED_TRACE(candidate.name);
      Values param{0.0f}, grad{1.0f}, momentum{0.0f};
      const SgdSegment segment{
          .param = param.data(), .grad = grad.data(), .momentum = momentum.data(), .numel = 1, .lr = 1.0f};
      const SgdArgs args{.segments = {&segment, 1}, .mu = 0.5f, .nesterov = nesterov};
      if (!could_run<SgdArgs>({sgd_candidates()}, candidate, args)) continue;
      run_candidate<SgdArgs>({sgd_candidates()}, candidate, args, 1);
      // Velocities 1 and 1.5; Nesterov looks half a velocity further: 1.5 and 1.75.
      EXPECT_NEAR(param[0], nesterov ? -3.25f : -2.5f, 1e-6f);
    }
}

}  // namespace
}  // namespace athanor::kernels::test
