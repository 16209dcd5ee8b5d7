#include "kernels/ops/loss/contrastive_loss.h"

#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::kernels::test {
namespace {

using Kind = ContrastiveKind;

struct PairSize {
  std::int64_t n, width;
  int concepts;  // 0: no ids
  float logit_scale;
  Kind kind = Kind::softmax;
  bool row_scale = false, col_scale = false;
  float bias = 0.0f;
};

constexpr PairSize kPairs[] = {{1, 1, 0, 1.0f},
                               {3, 5, 0, 2.0f},
                               {37, 16, 11, 2.6592f},
                               {128, 64, 90, 4.0f},
                               {70, 8, 1, 9.0f},
                               {301, 12, 0, 3.0f},
                               {270, 9, 31, 9.0f},
                               {530, 6, 500, 2.0f},
                               {300, 7, 40, 1.0f, Kind::softmax, true, true},
                               {21, 4, 0, 2.0f, Kind::softmax, true, false},
                               {150, 5, 9, 2.0f, Kind::softmax, false, true},
                               {1, 3, 0, 1.0f, Kind::sigmoid},
                               {45, 8, 0, 2.3f, Kind::sigmoid, false, false, -10.0f},
                               {290, 11, 33, 9.0f, Kind::sigmoid, false, false, -2.5f}};

std::string name_of(const PairSize& s) {
  return std::to_string(s.n) + "x" + std::to_string(s.width) + (s.kind == Kind::sigmoid ? " sigmoid" : "");
}

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
  args.kind = s.kind;
  if (s.row_scale) args.row_scale = memory.input("row_scale", {s.n}, Values{1.0, 0.3});
  if (s.col_scale) args.col_scale = memory.input("col_scale", {s.n}, Values{1.0, 0.3});
  if (s.bias != 0.0f) args.logit_bias = memory.input("logit_bias", {1}, std::vector<float>{s.bias});
}

OpCase<ContrastiveLossArgs> loss_case(const PairSize& s) {
  return {"contrastive_loss " + name_of(s), [=](OpMemory& memory) {
            ContrastiveLossArgs args;
            add_inputs(memory, s, args);
            args.loss = memory.output("loss", {1}, sum_of(s.n));
            if (s.kind == Kind::sigmoid) return args;
            args.row_lse = memory.output("row_lse", {s.n}, sum_of(s.width));
            args.col_lse = memory.output("col_lse", {s.n}, sum_of(s.width));
            return args;
          }};
}

// row_lse and col_lse from the reference, as inputs.
void add_saved(OpMemory& memory, ContrastiveLossGradArgs& args) {
  if (args.kind == Kind::sigmoid) return;
  const Shape shape{args.image.dim(0)};
  std::vector<float> spare(static_cast<std::size_t>(shape[0])), loss(1);
  const View other(spare.data(), DType::f32, shape), value(loss.data(), DType::f32, {1});
  const auto run = [&](const View& row, const View& col) {
    contrastive_loss_candidates().back().run(Exec{}, {.image = args.image,
                                                      .text = args.text,
                                                      .logit_scale = args.logit_scale,
                                                      .ids = args.ids,
                                                      .max_logit_scale = args.max_logit_scale,
                                                      .row_scale = args.row_scale,
                                                      .col_scale = args.col_scale,
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

OpCase<ContrastiveLossGradArgs> grad_case(const PairSize& s, bool accumulate) {
  return {"contrastive_loss_grad " + name_of(s), [=](OpMemory& memory) {
            ContrastiveLossGradArgs args{.dloss = 3.0f, .accumulate_parameters = accumulate};
            add_inputs(memory, s, args);
            add_saved(memory, args);
            args.dimage = memory.output("dimage", {s.n, s.width}, gradient_of(s.n));
            args.dtext = memory.output("dtext", {s.n, s.width}, gradient_of(s.n));
            const auto parameter = [&](const std::string& name) {
              const Tolerance tolerance = gradient_of(s.n * s.n);
              return accumulate ? memory.updated(name, {1}, tolerance) : memory.output(name, {1}, tolerance);
            };
            args.dlogit_scale = parameter("dlogit_scale");
            if (s.bias != 0.0f) args.dlogit_bias = parameter("dlogit_bias");
            // Sums of many pairs, each a share of 1 / n.
            const Tolerance of_scale{1e-4, 2e-6};
            if (s.row_scale) args.drow_scale = memory.output("drow_scale", {s.n}, of_scale);
            if (s.col_scale) args.dcol_scale = memory.output("dcol_scale", {s.n}, of_scale);
            return args;
          }};
}

TEST(ContrastiveLossGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<ContrastiveLossGradArgs>> cases;
  for (const PairSize& s : kPairs)
    // The gradient of a single pair's softmax is 0 but for rounding, which no tolerance can tell from zeros.
    for (const bool accumulate : {false, true})
      if (s.n > 1 || s.kind == Kind::sigmoid) cases.push_back(grad_case(s, accumulate));
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
  for (const PairSize& s : {PairSize{5, 4, 3, 1.5f, Kind::softmax, true, true}, PairSize{5, 4, 0, 1.5f},
                            PairSize{5, 4, 3, 1.5f, Kind::sigmoid, false, false, -0.7f}}) {
    SCOPED_TRACE(name_of(s));
    OpMemory memory;
    const ContrastiveLossArgs args = loss_case(s).build(memory);
    const View dloss = memory.input("dloss", {1}, Values{1.0, 0.0});
    const auto forward = [&] { contrastive_loss_candidates().back().run(Exec{}, args); };
    forward();
    ContrastiveLossGradArgs grad{.image = args.image,
                                 .text = args.text,
                                 .logit_scale = args.logit_scale,
                                 .ids = args.ids,
                                 .row_lse = args.row_lse,
                                 .col_lse = args.col_lse,
                                 .kind = args.kind,
                                 .logit_bias = args.logit_bias,
                                 .row_scale = args.row_scale,
                                 .col_scale = args.col_scale};
    grad.dimage = memory.output("dimage", {5, 4}, bitwise());
    grad.dtext = memory.output("dtext", {5, 4}, bitwise());
    grad.dlogit_scale = memory.output("dlogit_scale", {1}, bitwise());
    grad.dlogit_bias = memory.output("dlogit_bias", {1}, bitwise());
    grad.drow_scale = memory.output("drow_scale", {5}, bitwise());
    grad.dcol_scale = memory.output("dcol_scale", {5}, bitwise());
    contrastive_loss_grad_candidates().back().run(Exec{}, grad);
    const auto expect = [&](const char* name, const View& analytic, const View& input) {
      if (input.present()) expect_gradient(name, analytic, numeric_gradient_of(input, forward, args.loss, dloss));
    };
    expect("dimage", grad.dimage, args.image);
    expect("dtext", grad.dtext, args.text);
    expect("dlogit_scale", grad.dlogit_scale, args.logit_scale);
    expect("dlogit_bias", grad.dlogit_bias, args.logit_bias);
    expect("drow_scale", grad.drow_scale, args.row_scale);
    expect("dcol_scale", grad.dcol_scale, args.col_scale);
  }
}

// exp(100) is beyond f32, and the largest logit comes last.
TEST(ContrastiveLoss, SurvivesLogitsWhoseExponentialsOverflow) {
  constexpr std::int64_t kCount = 600;
  for (const auto& candidate : with_cuda(contrastive_loss_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    std::vector<float> opposed(kCount, -1.0f);
    opposed.back() = 1.0f;
    ContrastiveLossArgs args;
    args.image = memory.input("image", {kCount, 1}, std::vector<float>(kCount, 1.0f));
    args.text = memory.input("text", {kCount, 1}, opposed);
    args.logit_scale = memory.input("logit_scale", {1}, std::vector<float>{kMaxLogitScale});
    args.loss = memory.output("loss", {1}, bitwise());
    args.row_lse = memory.output("row_lse", {kCount}, bitwise());
    args.col_lse = memory.output("col_lse", {kCount}, bitwise());
    if (!could_run<ContrastiveLossArgs>({contrastive_loss_candidates(), contrastive_loss_workspace_bytes}, candidate,
                                        args))
      continue;
    // All rows see one logit of 100 and the rest -100; columns see equal logits.
    EXPECT_NEAR(args.row_lse.as<float>()[3], 100.0, 1e-4);
    EXPECT_NEAR(args.col_lse.as<float>()[3], -100.0 + std::log(600.0), 1e-4);
    const double of_rows = 599.0 / 600.0 * 200.0, of_columns = std::log(600.0);
    EXPECT_NEAR(args.loss.as<float>()[0], 0.5 * (of_rows + of_columns), 1e-3);
  }
}

TEST(ContrastiveLoss, ATemperatureThatIsNoNumberMakesTheLossNone) {
  constexpr std::int64_t kCount = 70;
  for (const auto& candidate : with_cuda(contrastive_loss_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    ContrastiveLossArgs args;
    args.image = memory.input("image", {kCount, 1}, std::vector<float>(kCount, 1.0f));
    args.text = memory.input("text", {kCount, 1}, std::vector<float>(kCount, 1.0f));
    args.logit_scale = memory.input("logit_scale", {1}, std::vector<float>{std::nanf("")});
    args.loss = memory.output("loss", {1}, bitwise());
    args.row_lse = memory.output("row_lse", {kCount}, bitwise());
    args.col_lse = memory.output("col_lse", {kCount}, bitwise());
    if (!could_run<ContrastiveLossArgs>({contrastive_loss_candidates(), contrastive_loss_workspace_bytes}, candidate,
                                        args))
      continue;
    EXPECT_TRUE(std::isnan(args.loss.as<float>()[0]));
  }
}

TEST(ContrastiveLoss, NeverHoldsAllLogits) {
  float number = 0;
  ContrastiveLossArgs args;
  ContrastiveLossGradArgs grad;
  args.image = args.text = grad.image = grad.text = View(&number, DType::f32, {8192, 256});
  Exec exec;
  exec.threads = 2;
  const double logits = 8192.0 * 8192.0 * 4.0;
  EXPECT_LT(static_cast<double>(contrastive_loss_workspace_bytes(exec, args)), 0.01 * logits);
  EXPECT_LT(static_cast<double>(contrastive_loss_grad_workspace_bytes(exec, grad)), 0.01 * logits);
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

}  // namespace
}  // namespace athanor::kernels::test
