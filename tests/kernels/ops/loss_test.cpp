#include "kernels/ops/loss/contrastive_loss.h"
#include "kernels/ops/optim/adamw.h"
#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::kernels::test {
namespace {

struct PairSize {
  std::int64_t n, width;
  int concepts;  // 0: no ids
  float logit_scale;
};

constexpr PairSize kPairs[] = {
    {1, 1, 0, 1.0f}, {3, 5, 0, 2.0f}, {37, 16, 11, 2.6592f}, {128, 64, 90, 4.0f}, {70, 8, 1, 9.0f}};

std::vector<std::int32_t> concept_ids(const PairSize& s) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(s.n));
  for (std::size_t i = 0; i < ids.size(); ++i)
    ids[i] = static_cast<std::int32_t>((i * 7 + 5) % static_cast<std::size_t>(s.concepts));
  return ids;
}

template <class Args>
void add_inputs(OpMemory& memory, const PairSize& s, Args& args) {
  // Rows of about unit length.
  const Values values{0.0, 1.0 / std::sqrt(static_cast<double>(s.width))};
  args.image = memory.input("image", {s.n, s.width}, values);
  args.text = memory.input("text", {s.n, s.width}, values);
  args.logit_scale = memory.input("logit_scale", {1}, std::vector<float>{s.logit_scale});
  if (s.concepts) args.ids = memory.indices("ids", {s.n}, concept_ids(s));
}

OpCase<ContrastiveLossArgs> loss_case(const PairSize& s) {
  return {"contrastive_loss " + std::to_string(s.n) + "x" + std::to_string(s.width), [=](OpMemory& memory) {
            ContrastiveLossArgs args;
            add_inputs(memory, s, args);
            args.loss = memory.output("loss", {1}, sum_of(s.n));
            args.row_lse = memory.output("row_lse", {s.n}, sum_of(s.width));
            args.col_lse = memory.output("col_lse", {s.n}, sum_of(s.width));
            return args;
          }};
}

// row_lse and col_lse from the reference, as inputs.
void add_saved(OpMemory& memory, ContrastiveLossGradArgs& args) {
  const Shape shape{args.image.dim(0)};
  std::vector<float> spare(static_cast<std::size_t>(shape[0])), loss(1);
  const View other(spare.data(), DType::f32, shape), value(loss.data(), DType::f32, {1});
  const auto run = [&](const View& row, const View& col) {
    contrastive_loss_candidates().back().run(Exec{}, {.image = args.image,
                                                      .text = args.text,
                                                      .logit_scale = args.logit_scale,
                                                      .ids = args.ids,
                                                      .max_logit_scale = args.max_logit_scale,
                                                      .loss = value,
                                                      .row_lse = row,
                                                      .col_lse = col});
  };
  args.row_lse = memory.input_from("row_lse", shape, [&](const View& row) { run(row, other); });
  args.col_lse = memory.input_from("col_lse", shape, [&](const View& col) { run(other, col); });
}

TEST(ContrastiveLoss, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<ContrastiveLossArgs>> cases;
  for (const PairSize& s : kPairs) cases.push_back(loss_case(s));
  check_cases<ContrastiveLossArgs>({contrastive_loss_candidates(), contrastive_loss_workspace_bytes}, cases);
}

TEST(ContrastiveLossGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<ContrastiveLossGradArgs>> cases;
  for (const PairSize& s : kPairs)
    // The gradient of a single pair is 0 but for rounding, which no tolerance can tell from zeros.
    for (const bool accumulate : {false, true})
      if (s.n > 1)
        cases.push_back({"contrastive_loss_grad " + std::to_string(s.n), [=](OpMemory& memory) {
                           ContrastiveLossGradArgs args{.dloss = 3.0f, .accumulate_parameters = accumulate};
                           add_inputs(memory, s, args);
                           add_saved(memory, args);
                           args.dimage = memory.output("dimage", {s.n, s.width}, gradient_of(s.n));
                           args.dtext = memory.output("dtext", {s.n, s.width}, gradient_of(s.n));
                           args.dlogit_scale = accumulate ? memory.updated("dlogit_scale", {1}, gradient_of(s.n * s.n))
                                                          : memory.output("dlogit_scale", {1}, gradient_of(s.n * s.n));
                           return args;
                         }});
  check_cases<ContrastiveLossGradArgs>({contrastive_loss_grad_candidates(), contrastive_loss_grad_workspace_bytes},
                                       cases);
}

TEST(ContrastiveLoss, RowsThatAreAllAlikeCostTheLogarithmOfTheBatch) {
  for (const auto& candidate : with_cuda(contrastive_loss_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    ContrastiveLossArgs args;
    args.image = memory.input("image", {50, 4}, Values{0.5, 0.0});
    args.text = memory.input("text", {50, 4}, Values{0.5, 0.0});
    args.logit_scale = memory.input("logit_scale", {1}, Values{2.0, 0.0});
    args.loss = memory.output("loss", {1}, bitwise());
    args.row_lse = memory.output("row_lse", {50}, bitwise());
    args.col_lse = memory.output("col_lse", {50}, bitwise());
    if (!could_run<ContrastiveLossArgs>({contrastive_loss_candidates(), contrastive_loss_workspace_bytes}, candidate,
                                        args))
      continue;
    EXPECT_NEAR(args.loss.as<float>()[0], std::log(50.0), 1e-5);
  }
}

TEST(ContrastiveLossGrad, AgreesWithDifferences) {
  OpMemory memory;
  const ContrastiveLossArgs args = loss_case({5, 4, 3, 1.5f}).build(memory);
  const View dloss = memory.input("dloss", {1}, Values{1.0, 0.0});
  const auto forward = [&] { contrastive_loss_candidates().back().run(Exec{}, args); };
  forward();
  ContrastiveLossGradArgs grad{.image = args.image,
                               .text = args.text,
                               .logit_scale = args.logit_scale,
                               .ids = args.ids,
                               .row_lse = args.row_lse,
                               .col_lse = args.col_lse};
  grad.dimage = memory.output("dimage", {5, 4}, bitwise());
  grad.dtext = memory.output("dtext", {5, 4}, bitwise());
  grad.dlogit_scale = memory.output("dlogit_scale", {1}, bitwise());
  contrastive_loss_grad_candidates().back().run(Exec{}, grad);
  expect_gradient("dimage", grad.dimage, numeric_gradient_of(args.image, forward, args.loss, dloss));
  expect_gradient("dtext", grad.dtext, numeric_gradient_of(args.text, forward, args.loss, dloss));
  expect_gradient("dlogit_scale", grad.dlogit_scale, numeric_gradient_of(args.logit_scale, forward, args.loss, dloss));
}

TEST(ContrastiveLossGrad, BeyondTheClampOnlyAPullBackIsKept) {
  for (const auto& candidate : with_cuda(contrastive_loss_grad_candidates()))
    for (const bool matching : {true, false}) {
      SCOPED_TRACE(std::string(candidate.name) + (matching ? " matching" : " opposed"));
      OpMemory memory;
      ContrastiveLossGradArgs args;
      args.image = memory.input("image", {2, 2}, std::vector<float>{1, 0, 0, 1});
      args.text =
          memory.input("text", {2, 2}, matching ? std::vector<float>{1, 0, 0, 1} : std::vector<float>{0, 1, 1, 0});
      args.logit_scale = memory.input("logit_scale", {1}, std::vector<float>{2.0f});
      args.max_logit_scale = 1.0f;
      add_saved(memory, args);
      args.dimage = memory.output("dimage", {2, 2}, bitwise());
      args.dtext = memory.output("dtext", {2, 2}, bitwise());
      args.dlogit_scale = memory.output("dlogit_scale", {1}, bitwise());
      if (!could_run<ContrastiveLossGradArgs>(
              {contrastive_loss_grad_candidates(), contrastive_loss_grad_workspace_bytes}, candidate, args))
        continue;
      if (matching)
        EXPECT_EQ(args.dlogit_scale.as<float>()[0], 0.0f);
      else
        EXPECT_GT(args.dlogit_scale.as<float>()[0], 0.1f);
    }
}

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
