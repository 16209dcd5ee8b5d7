#include "kernels/ops/loss/cross_entropy.h"

#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::kernels::test {
namespace {

struct LogitsSize {
  std::int64_t rows, classes;
  double mean;
  float smoothing;
};

constexpr LogitsSize kLogits[] = {{1, 2, 0.0, 0.0f},     {5, 7, 0.0, 0.1f},     {33, 65, 1e4, 0.1f},
                                  {70, 5003, 0.0, 0.0f}, {9, 1030, -1e4, 0.2f}, {0, 8, 0.0, 0.1f}};

// Every fifth row is ignored, the first never.
std::vector<std::int32_t> targets_of(const LogitsSize& s) {
  std::vector<std::int32_t> targets(static_cast<std::size_t>(s.rows));
  for (std::size_t i = 0; i < targets.size(); ++i)
    targets[i] =
        i % 5 == 3 ? kIgnoredTarget : static_cast<std::int32_t>((i * 31 + 1) % static_cast<std::size_t>(s.classes));
  return targets;
}

CrossEntropyArgs build(OpMemory& memory, const LogitsSize& s) {
  CrossEntropyArgs args{.smoothing = s.smoothing};
  args.x = memory.input("x", {s.rows, s.classes}, Values{s.mean, 2.0});
  args.targets = memory.indices("targets", {s.rows}, targets_of(s));
  args.loss = memory.output("loss", {1}, sum_of(s.classes));
  args.row_max = memory.output("row_max", {s.rows}, bitwise());
  args.row_log = memory.output("row_log", {s.rows}, sum_of(s.classes));
  args.counted = memory.output("counted", {1}, bitwise());
  return args;
}

// A gradient of one row is as large as 1 / rows.
CrossEntropyGradArgs build_grad(OpMemory& memory, const LogitsSize& s) {
  CrossEntropyGradArgs args{.smoothing = s.smoothing, .dloss = 3.0f * static_cast<float>(s.rows)};
  args.x = memory.input("x", {s.rows, s.classes}, Values{s.mean, 2.0});
  args.targets = memory.indices("targets", {s.rows}, targets_of(s));
  std::vector<float> loss(1), spare(static_cast<std::size_t>(s.rows)), count(1);
  const Shape rows{s.rows};
  const auto run = [&](View row_max, View row_log, View counted) {
    cross_entropy_candidates().back().run(Exec{}, {.x = args.x,
                                                   .targets = args.targets,
                                                   .loss = View(loss.data(), DType::f32, {1}),
                                                   .row_max = row_max,
                                                   .row_log = row_log,
                                                   .counted = counted});
  };
  const View other(spare.data(), DType::f32, rows), one(count.data(), DType::f32, {1});
  args.row_max = memory.input_from("row_max", rows, [&](const View& view) { run(view, other, one); });
  args.row_log = memory.input_from("row_log", rows, [&](const View& view) { run(other, view, one); });
  args.counted = memory.input_from("counted", {1}, [&](const View& view) { run(other, other, view); });
  args.dx = memory.output("dx", {s.rows, s.classes}, gradient_of());
  return args;
}

std::string name_of(const LogitsSize& s) { return std::to_string(s.rows) + "x" + std::to_string(s.classes); }

TEST(CrossEntropy, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<CrossEntropyArgs>> cases;
  for (const LogitsSize& s : kLogits)
    cases.push_back({"cross_entropy " + name_of(s), [=](OpMemory& memory) { return build(memory, s); }});
  check_cases<CrossEntropyArgs>({cross_entropy_candidates(), cross_entropy_workspace_bytes}, cases);
}

TEST(CrossEntropyGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<CrossEntropyGradArgs>> cases;
  for (const LogitsSize& s : kLogits)
    cases.push_back({"cross_entropy_grad " + name_of(s), [=](OpMemory& memory) { return build_grad(memory, s); }});
  // Rows whose class stands in another part of the vocabulary.
  cases.push_back({"cross_entropy_grad, targets elsewhere", [](OpMemory& memory) {
                     CrossEntropyGradArgs args = build_grad(memory, {4, 9, 0.0, 0.0f});
                     args.targets = memory.indices("targets elsewhere", {4}, {9, 2, -1, kIgnoredTarget});
                     return args;
                   }});
  check_cases<CrossEntropyGradArgs>({cross_entropy_grad_candidates()}, cases);
}

TEST(CrossEntropyGrad, AgreesWithDifferences) {
  OpMemory memory;
  const LogitsSize size{4, 5, 0.0, 0.1f};
  const CrossEntropyArgs args = build(memory, size);
  const auto forward = [&] { cross_entropy_candidates().back().run(Exec{}, args); };
  forward();
  const CrossEntropyGradArgs grad{.x = args.x,
                                  .targets = args.targets,
                                  .row_max = args.row_max,
                                  .row_log = args.row_log,
                                  .counted = args.counted,
                                  .smoothing = size.smoothing,
                                  .dx = memory.output("dx", {4, 5}, bitwise())};
  cross_entropy_grad_candidates().back().run(Exec{}, grad);
  const View dloss = memory.input("dloss", {1}, Values{1.0, 0.0});
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.loss, dloss));
}

TEST(CrossEntropy, OfEqualLogitsIsTheLogarithmOfTheirNumberHoweverLargeTheyAre) {
  for (const auto& candidate : with_cuda(cross_entropy_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    CrossEntropyArgs args = build(memory, {6, 50, 1e6, 0.0f});
    std::fill_n(args.x.as<float>(), 300, 1e30f);
    if (!could_run<CrossEntropyArgs>({cross_entropy_candidates(), cross_entropy_workspace_bytes}, candidate, args))
      continue;
    EXPECT_NEAR(args.loss.as<float>()[0], std::log(50.0), 1e-6);
    EXPECT_EQ(args.counted.as<float>()[0], 5.0f);
  }
}

TEST(CrossEntropy, WithoutARowThatCountsIsNothing) {
  for (const auto& candidate : with_cuda(cross_entropy_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    CrossEntropyArgs args = build(memory, {3, 4, 0.0, 0.0f});
    args.targets = memory.indices("none", {3}, {kIgnoredTarget, kIgnoredTarget, kIgnoredTarget});
    if (!could_run<CrossEntropyArgs>({cross_entropy_candidates(), cross_entropy_workspace_bytes}, candidate, args))
      continue;
    EXPECT_EQ(args.loss.as<float>()[0], 0.0f);
    EXPECT_EQ(args.counted.as<float>()[0], 0.0f);
  }
}

}  // namespace
}  // namespace athanor::kernels::test
