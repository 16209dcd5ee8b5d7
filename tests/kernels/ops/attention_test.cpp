#include "kernels/ops/attention/attention.h"

#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::kernels::test {
namespace {

struct AttentionSize {
  std::int64_t batch, tokens, heads, width;
  std::vector<std::int32_t> lengths;
};

// One token, odd everything, padding to every remainder, the shapes of the starter model, nothing.
const std::vector<AttentionSize> kSizes = {{1, 1, 1, 1, {}},
                                           {2, 5, 3, 7, {}},
                                           {3, 13, 2, 16, {1, 8, 13}},
                                           {2, 64, 4, 32, {}},
                                           {4, 16, 2, 48, {3, 9, 16, 1}},
                                           {1, 80, 1, 64, {70}},
                                           {0, 4, 2, 8, {}}};

std::string describe(const AttentionSize& s) {
  return "attention b" + std::to_string(s.batch) + " t" + std::to_string(s.tokens) + " h" + std::to_string(s.heads) +
         " d" + std::to_string(s.width);
}

void add_inputs(OpMemory& memory, const AttentionSize& s, View& qkv, View& lengths, Values values) {
  qkv = memory.input("qkv", {s.batch, s.tokens, 3, s.heads, s.width}, values);
  if (!s.lengths.empty()) lengths = memory.indices("lengths", {s.batch}, s.lengths);
}

OpCase<AttentionArgs> attention_case(const AttentionSize& s, float scale, Values values) {
  return {describe(s), [=](OpMemory& memory) {
            AttentionArgs args{.scale = scale};
            add_inputs(memory, s, args.qkv, args.lengths, values);
            args.out = memory.output("out", {s.batch, s.tokens, s.heads, s.width}, sum_of(s.tokens));
            args.log_sum_exp = memory.output("log_sum_exp", {s.batch, s.heads, s.tokens}, sum_of(s.width));
            return args;
          }};
}

OpCase<AttentionGradArgs> attention_grad_case(const AttentionSize& s) {
  return {describe(s) + " (grad)", [=](OpMemory& memory) {
            AttentionGradArgs args;
            add_inputs(memory, s, args.qkv, args.lengths, {});
            const Shape out_shape{s.batch, s.tokens, s.heads, s.width}, lse_shape{s.batch, s.heads, s.tokens};
            std::vector<float> spare(static_cast<std::size_t>(out_shape.numel()));
            const auto run = [&](const View& out, const View& lse) {
              attention_candidates().back().run(
                  Exec{}, {.qkv = args.qkv, .lengths = args.lengths, .out = out, .log_sum_exp = lse});
            };
            args.out = memory.input_from("out", out_shape, [&](const View& out) { run(out, {}); });
            args.log_sum_exp = memory.input_from("log_sum_exp", lse_shape, [&](const View& lse) {
              run(View(spare.data(), DType::f32, out_shape), lse);
            });
            args.dout = memory.input("dout", out_shape);
            args.dqkv = memory.output("dqkv", args.qkv.shape, gradient_of(s.tokens));
            return args;
          }};
}

TEST(Attention, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<AttentionArgs>> cases;
  for (const AttentionSize& size : kSizes) {
    cases.push_back(attention_case(size, 0.0f, {}));
    cases.push_back(attention_case(size, 0.5f, {}));
  }
  check_cases<AttentionArgs>({attention_candidates(), attention_workspace_bytes}, cases);
}

TEST(AttentionGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<AttentionGradArgs>> cases;
  for (const AttentionSize& size : kSizes) cases.push_back(attention_grad_case(size));
  check_cases<AttentionGradArgs>({attention_grad_candidates(), attention_grad_workspace_bytes}, cases);
}

TEST(Attention, LargeScoresDoNotOverflow) {
  for (const auto& candidate : with_cuda(attention_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    const AttentionArgs args = attention_case({1, 9, 1, 8, {}}, 1.0f, {0.0, 20.0}).build(memory);
    if (!could_run<AttentionArgs>({attention_candidates(), attention_workspace_bytes}, candidate, args)) continue;
    for (const double value : memory.block("out").values()) ASSERT_LT(std::abs(value), 100.0);
    for (const double value : memory.block("log_sum_exp").values()) ASSERT_LT(std::abs(value), 1e5);
  }
}

TEST(Attention, PaddedKeysHaveNoInfluence) {
  for (const auto& candidate : with_cuda(attention_candidates())) {
    SCOPED_TRACE(candidate.name);
    std::vector<double> results[2];
    for (const bool spoilt : {false, true}) {
      OpMemory memory;
      const AttentionArgs args = attention_case({1, 6, 1, 8, {4}}, 0.0f, {}).build(memory);
      // Keys and values (planes 1 and 2) of the last two tokens.
      for (std::int64_t token = 4; spoilt && token < 6; ++token)
        for (std::int64_t i = 8; i < 24; ++i) args.qkv.as<float>()[token * 24 + i] = 1e6f;
      if (!could_run<AttentionArgs>({attention_candidates(), attention_workspace_bytes}, candidate, args)) continue;
      results[spoilt] = memory.block("out").values();
    }
    EXPECT_EQ(results[0], results[1]);
  }
}

TEST(AttentionGrad, AgreesWithDifferences) {
  OpMemory memory;
  const AttentionArgs args = attention_case({2, 4, 1, 3, {4, 2}}, 0.0f, {}).build(memory);
  const View dout = memory.input("dout", args.out.shape);
  const auto forward = [&] { attention_candidates().back().run(Exec{}, args); };
  forward();
  AttentionGradArgs grad{
      .qkv = args.qkv, .lengths = args.lengths, .out = args.out, .log_sum_exp = args.log_sum_exp, .dout = dout};
  grad.dqkv = memory.output("dqkv", args.qkv.shape, bitwise());
  attention_grad_candidates().back().run(Exec{}, grad);
  expect_gradient("dqkv", grad.dqkv, numeric_gradient_of(args.qkv, forward, args.out, dout));
}

}  // namespace
}  // namespace athanor::kernels::test
