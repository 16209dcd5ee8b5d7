#include "kernels/ops/loss/linear_cross_entropy.h"

#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::kernels::test {
namespace {

struct HeadSize {
  std::int64_t rows, classes, width;
  double mean;
  float smoothing;
  bool bias;
};

constexpr HeadSize kHeads[] = {{1, 2, 1, 0.0, 0.0f, false},      {5, 7, 3, 0.0, 0.1f, true},
                               {203, 130, 17, 0.0, 0.1f, true},  {1100, 67, 24, 0.0, 0.0f, false},
                               {70, 1200, 9, 100.0, 0.0f, true}, {0, 8, 4, 0.0, 0.1f, true}};

std::vector<std::int32_t> targets_of(const HeadSize& s) {
  std::vector<std::int32_t> targets(static_cast<std::size_t>(s.rows));
  for (std::size_t i = 0; i < targets.size(); ++i)
    targets[i] =
        i % 5 == 3 ? kIgnoredTarget : static_cast<std::int32_t>((i * 31 + 1) % static_cast<std::size_t>(s.classes));
  return targets;
}

LinearCrossEntropyArgs build(OpMemory& memory, const HeadSize& s, bool gradient = true) {
  LinearCrossEntropyArgs args{.smoothing = s.smoothing};
  const double root = std::sqrt(static_cast<double>(s.width));
  args.x = memory.input("x", {s.rows, s.width}, Values{s.mean, 1.0});
  args.w = memory.input("w", {s.classes, s.width}, Values{0.0, 1.0 / root});
  if (s.bias) args.bias = memory.input("bias", {s.classes});
  args.targets = memory.indices("targets", {s.rows}, targets_of(s));
  // Large logits carry the rounding of their products.
  const double spread = std::max(1.0, std::abs(s.mean));
  const Tolerance loss{1.3e-6 * spread, 1e-5 * spread};
  args.loss = memory.output("loss", {1}, loss);
  args.counted = memory.output("counted", {1}, bitwise());
  if (!gradient) return args;
  // Elements of a gradient are as large as one row's share.
  const double share = 1.0 / std::max<double>(1.0, static_cast<double>(s.rows));
  const Tolerance of_inputs{1e-4 * spread, 1e-4 * share * spread}, of_weights{1e-4 * spread, 1e-5 * spread * spread};
  args.dx = memory.output("dx", {s.rows, s.width}, of_inputs);
  args.dw = memory.output("dw", {s.classes, s.width}, of_weights);
  if (s.bias) args.dbias = memory.output("dbias", {s.classes}, {1e-4 * spread, 1e-6 * spread});
  // Devices round the gradient of the logits, of which each row has a share of at most one.
  memory.allow_narrow("dx", 2.0 * share);
  memory.allow_narrow("dw", 4.0 * std::sqrt(share) * spread);
  memory.allow_narrow("dbias", std::sqrt(share));
  return args;
}

TEST(LinearCrossEntropy, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<LinearCrossEntropyArgs>> cases;
  for (const HeadSize& s : kHeads)
    for (const bool gradient : {true, false})
      cases.push_back({"linear_cross_entropy " + std::to_string(s.rows) + "x" + std::to_string(s.classes) +
                           (gradient ? "" : " loss only"),
                       [=](OpMemory& memory) { return build(memory, s, gradient); }});
  check_cases<LinearCrossEntropyArgs>({linear_cross_entropy_candidates(), linear_cross_entropy_workspace_bytes}, cases);
}

TEST(LinearCrossEntropy, ItsGradientAgreesWithDifferences) {
  OpMemory memory;
  const LinearCrossEntropyArgs args = build(memory, {4, 5, 3, 0.0, 0.1f, true});
  const auto forward = [&] { linear_cross_entropy_candidates().back().run(Exec{}, args); };
  forward();
  const View dloss = memory.input("dloss", {1}, Values{1.0, 0.0});
  const auto kept = [](const View& view) {
    return std::vector<float>(view.as<float>(), view.as<float>() + view.numel());
  };
  std::vector<float> dx = kept(args.dx), dw = kept(args.dw), dbias = kept(args.dbias);
  const auto view = [](std::vector<float>& values) {
    return View(values.data(), DType::f32, {static_cast<std::int64_t>(values.size())});
  };
  expect_gradient("dx", view(dx), numeric_gradient_of(args.x, forward, args.loss, dloss));
  expect_gradient("dw", view(dw), numeric_gradient_of(args.w, forward, args.loss, dloss));
  expect_gradient("dbias", view(dbias), numeric_gradient_of(args.bias, forward, args.loss, dloss));
}

TEST(LinearCrossEntropy, NeverHoldsAllLogits) {
  LinearCrossEntropyArgs args;
  float number = 0;
  std::int32_t id = 0;
  args.x = View(&number, DType::f32, {8192, 256});
  args.w = View(&number, DType::f32, {32000, 256});
  args.targets = View(&id, DType::i32, {8192});
  const double logits = 8192.0 * 32000.0 * 4.0;
  EXPECT_LT(static_cast<double>(linear_cross_entropy_workspace_bytes(Exec{}, args)), 0.02 * logits);
}

}  // namespace
}  // namespace athanor::kernels::test
