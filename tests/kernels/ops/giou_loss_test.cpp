#include "kernels/ops/loss/giou_loss.h"

#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

namespace athanor::kernels::test {
namespace {

const OpUnderTest<GiouLossArgs> kGiou{giou_loss_candidates(), giou_loss_workspace_bytes};

// Boxes of many places and sizes: some overlap, some lie apart, some within each other, every ninth has no area.
std::vector<float> boxes(std::int64_t rows, float shift) {
  std::vector<float> out;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float x = static_cast<float>(i % 7) * 0.3f + shift, y = static_cast<float>(i % 5) * 0.4f - shift;
    const float width = i % 9 == 8 ? -0.2f : 0.4f + 0.3f * static_cast<float>(i % 4);
    for (const float edge : {x, y, x + width, y + 0.5f + 0.2f * static_cast<float>(i % 3)}) out.push_back(edge);
  }
  return out;
}

template <class Args>
void add_inputs(OpMemory& memory, std::int64_t rows, bool weighted, Args& args) {
  args.x = memory.input("x", {rows, 4}, boxes(rows, 0.0f));
  args.target = memory.input("target", {rows, 4}, boxes(rows, 0.37f));
  if (!weighted) return;
  std::vector<float> weights(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i % 3);
  args.weight = memory.input("weight", {rows}, weights);
}

GiouLossArgs build(OpMemory& memory, std::int64_t rows, bool weighted) {
  GiouLossArgs args;
  add_inputs(memory, rows, weighted, args);
  args.loss = memory.output("loss", {1}, sum_of(1));
  args.counted = memory.output("counted", {1}, pointwise());
  return args;
}

TEST(GiouLoss, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<GiouLossArgs>> cases;
  std::vector<OpCase<GiouLossGradArgs>> grad_cases;
  for (const std::int64_t rows : {0, 1, 13, 1500})
    for (const bool weighted : {false, true}) {
      const std::string name = std::to_string(rows);
      cases.push_back({"giou_loss " + name, [=](OpMemory& memory) { return build(memory, rows, weighted); }});
      grad_cases.push_back({"giou_loss_grad " + name, [=](OpMemory& memory) {
                              GiouLossGradArgs args{.dloss = 10.0f};
                              add_inputs(memory, rows, weighted, args);
                              args.counted = memory.input("counted", {1}, std::vector<float>{10.0f});
                              // Boxes without an area divide by the smallest of differences.
                              args.dx = memory.output("dx", {rows, 4}, {1e-4, 1e-4});
                              return args;
                            }});
    }
  check_cases(kGiou, cases);
  check_cases<GiouLossGradArgs>({giou_loss_grad_candidates()}, grad_cases);
}

TEST(GiouLossGrad, AgreesWithDifferences) {
  OpMemory memory;
  const GiouLossArgs args = build(memory, 7, true);
  const auto forward = [&] { giou_loss_candidates().back().run(Exec{}, args); };
  forward();
  const GiouLossGradArgs grad{.x = args.x,
                              .target = args.target,
                              .weight = args.weight,
                              .counted = args.counted,
                              .dx = memory.output("dx", {7, 4}, bitwise())};
  giou_loss_grad_candidates().back().run(Exec{}, grad);
  const View dloss = memory.input("dloss", {1}, Values{1.0, 0.0});
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.loss, dloss, 0.004));
}

TEST(GiouLoss, KnowsEqualApartAndHalf) {
  const struct {
    std::vector<float> x, target;
    double loss;
  } cases[] = {{{0, 0, 2, 1}, {0, 0, 2, 1}, 0.0},
               {{0, 0, 2, 1}, {1, 0, 3, 1}, 1.0 - 1.0 / 3.0},  // a third shared, nothing beside the two
               {{0, 0, 1, 1}, {3, 0, 4, 1}, 1.0 + 0.5}};       // half of the box around both is empty
  for (const auto& candidate : with_cuda(giou_loss_candidates()))
    for (const auto& test_case : cases) {
      SCOPED_TRACE(candidate.name);
      OpMemory memory;
      GiouLossArgs args = build(memory, 1, false);
      args.x = memory.input("box", {1, 4}, test_case.x);
      args.target = memory.input("other", {1, 4}, test_case.target);
      if (!could_run(kGiou, candidate, args)) continue;
      EXPECT_NEAR(args.loss.as<float>()[0], test_case.loss, 1e-5);
    }
}

}  // namespace
}  // namespace athanor::kernels::test
