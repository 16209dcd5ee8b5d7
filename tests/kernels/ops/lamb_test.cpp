#include "kernels/ops/optim/lamb.h"

#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::kernels::test {
namespace {

const OpUnderTest<LambArgs> kLamb{lamb_candidates(), lamb_workspace_bytes};

struct LambCase {
  std::vector<LambSegment> segments;

  LambArgs build(OpMemory& memory, std::int64_t step, float max_norm) {
    segments.clear();
    for (const std::int64_t numel : {1, 13, 0, 700, 20003}) {
      const std::string suffix = std::to_string(numel);
      LambSegment s{.numel = numel, .lr = 0.02f, .weight_decay = numel == 700 ? 0.0f : 0.1f};
      s.param = memory.updated("param" + suffix, {numel}, pointwise()).as<float>();
      s.grad = memory.input("grad" + suffix, {numel}).as<float>();
      s.m = memory.updated("m" + suffix, {numel}, pointwise(), {0.0, 0.1}).as<float>();
      s.v = memory.updated("v" + suffix, {numel}, pointwise(), {1.0, 0.1}).as<float>();
      segments.push_back(s);
    }
    LambArgs args{.segments = segments, .step = step, .gradient_scale = 0.5f, .max_norm = max_norm};
    args.sum_squares = memory.output("sum_squares", {1}, bitwise(), DType::f64);
    args.sum_squares.as<double>()[0] = 400.0;
    return args;
  }
};

TEST(Lamb, EveryCandidateMatchesTheReference) {
  LambCase lamb_case;
  std::vector<OpCase<LambArgs>> cases;
  for (const std::int64_t step : {1, 1000})
    for (const float max_norm : {0.0f, 1.0f})
      cases.push_back({"lamb step " + std::to_string(step), [&lamb_case, step, max_norm](OpMemory& memory) {
                         return lamb_case.build(memory, step, max_norm);
                       }});
  check_cases<LambArgs>(kLamb, cases);
}

TEST(Lamb, MovesATensorByItsOwnNorm) {
  using Values = std::vector<float, SharedAllocator<float>>;
  for (const auto& candidate : with_cuda(lamb_candidates()))
    for (const float decay : {0.0f, 1e-6f}) {
      SCOPED_TRACE(candidate.name);
      Values param(300, 10.0f), grad(300, 3.0f), m(300), v(300);
      const LambSegment segment{.param = param.data(),
                                .grad = grad.data(),
                                .m = m.data(),
                                .v = v.data(),
                                .numel = 300,
                                .lr = 0.01f,
                                .weight_decay = decay};
      if (!could_run(kLamb, candidate, LambArgs{.segments = {&segment, 1}})) continue;
      // A hundredth of each parameter; without decay a hundredth of one.
      EXPECT_NEAR(param[17], decay > 0.0f ? 9.9f : 9.99f, 1e-4);
    }
}

TEST(Lamb, TakesAPlainStepFromZero) {
  using Values = std::vector<float, SharedAllocator<float>>;
  for (const auto& candidate : with_cuda(lamb_candidates())) {
    SCOPED_TRACE(candidate.name);
    Values param(5), grad(5, -2.0f), m(5), v(5);
    const LambSegment segment{.param = param.data(),
                              .grad = grad.data(),
                              .m = m.data(),
                              .v = v.data(),
                              .numel = 5,
                              .lr = 0.01f,
                              .weight_decay = 0.1f};
    if (!could_run(kLamb, candidate, LambArgs{.segments = {&segment, 1}})) continue;
    EXPECT_NEAR(param[3], 0.01f, 1e-6);
  }
}

}  // namespace
}  // namespace athanor::kernels::test
