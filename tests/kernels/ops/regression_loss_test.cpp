#include "kernels/ops/loss/regression_loss.h"

#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

namespace athanor::kernels::test {
namespace {

struct DistanceSize {
  std::int64_t rows, width;
  bool weighted;
  double mean;
};

constexpr DistanceSize kDistances[] = {{1, 1, false, 0.0},    {7, 5, true, 0.0}, {400, 67, false, 0.0},
                                       {30, 1003, true, 1e4}, {0, 4, true, 0.0}, {5000, 4, true, 0.0}};
constexpr RegressionKind kKinds[] = {RegressionKind::l1, RegressionKind::smooth_l1};

std::vector<float> weights_of(std::int64_t rows) {
  std::vector<float> weights(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = i % 3 == 1 ? 0.0f : 0.5f + static_cast<float>(i % 4);
  return weights;
}

template <class Args>
void add_inputs(OpMemory& memory, const DistanceSize& s, RegressionKind kind, Args& args) {
  args.x = memory.input("x", {s.rows, s.width}, Values{s.mean, 1.0});
  args.target = memory.input("target", {s.rows, s.width}, Values{s.mean, 1.0});
  if (s.weighted) args.weight = memory.input("weight", {s.rows}, weights_of(s.rows));
  args.kind = kind;
  args.beta = 0.7f;
}

RegressionLossArgs build(OpMemory& memory, const DistanceSize& s, RegressionKind kind) {
  RegressionLossArgs args;
  add_inputs(memory, s, kind, args);
  args.loss = memory.output("loss", {1}, sum_of(s.width));
  args.counted = memory.output("counted", {1}, pointwise());
  return args;
}

TEST(RegressionLoss, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<RegressionLossArgs>> cases;
  std::vector<OpCase<RegressionLossGradArgs>> grad_cases;
  for (const DistanceSize& s : kDistances)
    for (const RegressionKind kind : kKinds) {
      const std::string name = std::to_string(s.rows) + "x" + std::to_string(s.width);
      cases.push_back({"regression_loss " + name, [=](OpMemory& memory) { return build(memory, s, kind); }});
      grad_cases.push_back({"regression_loss_grad " + name, [=](OpMemory& memory) {
                              RegressionLossGradArgs args{.dloss = 1000.0f};
                              add_inputs(memory, s, kind, args);
                              args.counted = memory.input("counted", {1}, std::vector<float>{1000.0f});
                              args.dx = memory.output("dx", {s.rows, s.width}, gradient_of());
                              return args;
                            }});
    }
  check_cases<RegressionLossArgs>({regression_loss_candidates(), regression_loss_workspace_bytes}, cases);
  check_cases<RegressionLossGradArgs>({regression_loss_grad_candidates()}, grad_cases);
}

TEST(RegressionLossGrad, AgreesWithDifferences) {
  for (const RegressionKind kind : kKinds) {
    OpMemory memory;
    const RegressionLossArgs args = build(memory, {3, 4, true, 0.0}, kind);
    // Away from the corners of the function.
    for (std::int64_t i = 0; i < 12; ++i)
      args.x.as<float>()[i] = args.target.as<float>()[i] + (i % 2 ? -1.0f : 1.0f) * (i % 3 ? 0.3f : 1.3f);
    const auto forward = [&] { regression_loss_candidates().back().run(Exec{}, args); };
    forward();
    RegressionLossGradArgs grad{.x = args.x, .target = args.target, .weight = args.weight, .counted = args.counted};
    grad.kind = kind;
    grad.beta = args.beta;
    grad.dx = memory.output("dx", {3, 4}, bitwise());
    regression_loss_grad_candidates().back().run(Exec{}, grad);
    const View dloss = memory.input("dloss", {1}, Values{1.0, 0.0});
    expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.loss, dloss));
  }
}

TEST(RegressionLoss, WithoutWeightIsNothing) {
  for (const auto& candidate : with_cuda(regression_loss_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    RegressionLossArgs args = build(memory, {4, 3, false, 0.0}, RegressionKind::l1);
    args.weight = memory.input("none", {4}, std::vector<float>(4, 0.0f));
    if (!could_run<RegressionLossArgs>({regression_loss_candidates(), regression_loss_workspace_bytes}, candidate,
                                       args))
      continue;
    EXPECT_EQ(args.loss.as<float>()[0], 0.0f);
  }
}

}  // namespace
}  // namespace athanor::kernels::test
