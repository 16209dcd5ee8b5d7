#include "kernels/ops/attention/attention.h"

#include "kernels/base/number_format.h"
#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::kernels::test {
namespace {

struct AttentionSize {
  std::int64_t batch, queries, keys, heads, width;
  std::vector<std::int32_t> lengths;
  bool causal = false;
};

// One token, odd everything, padding to every remainder, the shapes of the starter model, more than one tile of either
// side, more than one piece of queries, fewer and more queries than keys, keys that nobody sees, nothing.
const std::vector<AttentionSize> kSizes = {{1, 1, 1, 1, 1, {}},
                                           {2, 5, 5, 3, 7, {}},
                                           {3, 13, 13, 2, 16, {1, 8, 13}},
                                           {2, 64, 64, 4, 32, {}},
                                           {4, 16, 16, 2, 48, {3, 9, 16, 1}},
                                           {1, 80, 80, 1, 64, {70}},
                                           {1, 200, 200, 1, 24, {}, true},
                                           {2, 9, 9, 1, 8, {4, 9}, true},
                                           {1, 259, 150, 1, 20, {139}},
                                           {2, 3, 141, 1, 12, {}, true},
                                           {1, 66, 140, 1, 128, {}, true},
                                           {1, 65, 129, 2, 33, {40}, true},
                                           {2, 0, 3, 1, 8, {}},
                                           {0, 4, 4, 2, 8, {}}};

std::string describe(const AttentionSize& s) {
  return "attention b" + std::to_string(s.batch) + " q" + std::to_string(s.queries) + " k" + std::to_string(s.keys) +
         " h" + std::to_string(s.heads) + " d" + std::to_string(s.width) + (s.causal ? " causal" : "");
}

// Self-attention reads the planes of one packed projection, cross-attention arrays of its own with packed keys.
template <class Args>
void add_inputs(OpMemory& memory, const AttentionSize& s, Args& args, Values values) {
  if (s.queries == s.keys) {
    const View qkv = memory.input("qkv", {s.batch, s.keys, 3, s.heads, s.width}, values);
    args.q = attention_plane(qkv, 0);
    args.k = attention_plane(qkv, 1);
    args.v = attention_plane(qkv, 2);
  } else {
    args.q = memory.input("q", {s.batch, s.queries, s.heads, s.width}, values);
    const View kv = memory.input("kv", {s.batch, s.keys, 2, s.heads, s.width}, values);
    args.k = attention_plane(kv, 0);
    args.v = attention_plane(kv, 1);
  }
  if (!s.lengths.empty()) args.lengths = memory.indices("lengths", {s.batch}, s.lengths);
  args.causal = s.causal;
}

OpCase<AttentionArgs> attention_case(const AttentionSize& s, float scale, Values values) {
  return {describe(s), [=](OpMemory& memory) {
            AttentionArgs args{.scale = scale};
            add_inputs(memory, s, args, values);
            args.out = memory.output("out", {s.batch, s.queries, s.heads, s.width}, sum_of(s.keys));
            args.log_sum_exp = memory.output("log_sum_exp", {s.batch, s.heads, s.queries}, sum_of(s.width));
            // Tensor cores take p rounded: off by half a unit of sum p |v|, which is at most the largest of |v|.
            memory.allow_narrow("out", 2.0 * values.std);
            return args;
          }};
}

void add_gradients(OpMemory& memory, const AttentionSize& s, AttentionGradArgs& args) {
  const Tolerance tolerance = gradient_of(s.keys);
  if (s.queries == s.keys) {
    const View dqkv = memory.output("dqkv", {s.batch, s.keys, 3, s.heads, s.width}, tolerance);
    args.dq = attention_plane(dqkv, 0);
    args.dk = attention_plane(dqkv, 1);
    args.dv = attention_plane(dqkv, 2);
  } else {
    args.dq = memory.output("dq", args.q.shape, tolerance);
    args.dk = memory.output("dk", args.k.shape, tolerance);
    args.dv = memory.output("dv", args.k.shape, tolerance);
  }
  // Tensor cores take p and ds rounded: off by half a unit of sum p |dout| and of sum |ds k|, |ds q|.
  for (const char* name : {"dqkv", "dq", "dk", "dv"}) memory.allow_narrow(name, 4.0);
}

OpCase<AttentionGradArgs> attention_grad_case(const AttentionSize& s) {
  return {describe(s) + " (grad)", [=](OpMemory& memory) {
            AttentionGradArgs args;
            add_inputs(memory, s, args, {});
            const Shape out_shape{s.batch, s.queries, s.heads, s.width}, lse_shape{s.batch, s.heads, s.queries};
            std::vector<float> spare(static_cast<std::size_t>(out_shape.numel()));
            const auto run = [&](const View& out, const View& lse) {
              attention_candidates().back().run(Exec{}, {.q = args.q,
                                                         .k = args.k,
                                                         .v = args.v,
                                                         .lengths = args.lengths,
                                                         .causal = s.causal,
                                                         .out = out,
                                                         .log_sum_exp = lse});
            };
            args.out = memory.input_from("out", out_shape, [&](const View& out) { run(out, {}); });
            args.log_sum_exp = memory.input_from("log_sum_exp", lse_shape, [&](const View& lse) {
              run(View(spare.data(), DType::f32, out_shape), lse);
            });
            args.dout = memory.input("dout", out_shape);
            add_gradients(memory, s, args);
            return args;
          }};
}

TEST(Attention, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<AttentionArgs>> cases;
  for (const AttentionSize& size : kSizes) {
    cases.push_back(attention_case(size, 0.0f, {}));
    cases.push_back(attention_case(size, 0.5f, {}));
    cases.push_back(attention_case(size, -0.3f, {}));
  }
  // Scores whose maximum rises from tile to tile, far beyond what e^x holds.
  cases.push_back(attention_case({1, 2, 300, 1, 16, {}}, 1.0f, {0.0, 3.0}));
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
    const AttentionArgs args = attention_case({1, 9, 9, 1, 8, {}}, 1.0f, {0.0, 20.0}).build(memory);
    if (!could_run<AttentionArgs>({attention_candidates(), attention_workspace_bytes}, candidate, args)) continue;
    for (const double value : memory.block("out").values()) ASSERT_LT(std::abs(value), 100.0);
    for (const double value : memory.block("log_sum_exp").values()) ASSERT_LT(std::abs(value), 1e5);
  }
}

TEST(Attention, KeysThatAQueryMustNotSeeHaveNoInfluence) {
  for (const bool causal : {false, true})
    for (const auto& candidate : with_cuda(attention_candidates())) {
      SCOPED_TRACE(candidate.name);
      std::vector<double> results[2];
      for (const bool spoilt : {false, true}) {
        OpMemory memory;
        const AttentionSize size{1,     6, 6, 1, 8, causal ? std::vector<std::int32_t>{} : std::vector<std::int32_t>{4},
                                 causal};
        const AttentionArgs args = attention_case(size, 0.0f, {}).build(memory);
        // Keys and values (planes 1 and 2) of the last two tokens.
        for (std::int64_t token = 4; spoilt && token < 6; ++token)
          for (std::int64_t i = 8; i < 24; ++i) args.q.as<float>()[token * 24 + i] = 1e6f;
        if (!could_run<AttentionArgs>({attention_candidates(), attention_workspace_bytes}, candidate, args)) continue;
        results[spoilt] = memory.block("out").values();
        if (causal) results[spoilt].resize(4 * 8);  // the queries before them
      }
      EXPECT_EQ(results[0], results[1]);
    }
}

using Codes = std::vector<std::uint16_t, SharedAllocator<std::uint16_t>>;

// Every value rounded to the format, as codes and as the f32 numbers that they mean.
void round_to(DType format, const View& wide, Codes& codes, View& narrow) {
  codes.resize(static_cast<std::size_t>(wide.numel()));
  narrow = View(codes.data(), format, wide.shape, wide.strides);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    float& value = wide.as<float>()[i];
    codes[i] = static_cast<std::uint16_t>(format == DType::f16 ? Float16::encode(value) : BFloat16::encode(value));
    value = format == DType::f16 ? Float16::decode(codes[i]) : BFloat16::decode(codes[i]);
  }
}

TEST(Attention, TheCudaKernelReadsAndStoresNarrowFormats) {
  for (const DType format : {DType::f16, DType::bf16})
    for (const auto& candidate : with_cuda(attention_candidates())) {
      if (!is_cuda(candidate.name)) continue;
      OpMemory memory;
      AttentionArgs args = attention_case({2, 5, 40, 2, 20, {40, 33}, true}, 0.0f, {}).build(memory);
      const View kv(args.k.data, DType::f32, {2, 40, 2, 2, 20});
      AttentionArgs narrow = args;
      Codes q, packed, out(static_cast<std::size_t>(args.out.numel()));
      View narrow_kv;
      round_to(format, args.q, q, narrow.q);
      round_to(format, kv, packed, narrow_kv);
      narrow.k = attention_plane(narrow_kv, 0);
      narrow.v = attention_plane(narrow_kv, 1);
      narrow.out = View(out.data(), format, args.out.shape);
      if (!could_run<AttentionArgs>({attention_candidates(), attention_workspace_bytes}, candidate, narrow)) continue;
      attention_candidates().back().run(Exec{}, args);
      const double rounding = format == DType::f16 ? 1.0 / 2048 : 1.0 / 256;
      for (std::size_t i = 0; i < out.size(); ++i) {
        const double got =
            static_cast<double>(format == DType::f16 ? Float16::decode(out[i]) : BFloat16::decode(out[i]));
        const double want = static_cast<double>(args.out.as<float>()[i]);
        // The rounding of p, of at most sum p |v|, adds to that of the result.
        ASSERT_TRUE(std::abs(got - want) <= rounding * (std::abs(want) + 4.0) + 1e-5);
      }
    }
}

TEST(Attention, AStridedHeadDimIsLeftToTheReference) {
  OpMemory memory;
  AttentionArgs args = attention_case({1, 4, 4, 2, 4, {}}, 0.0f, {}).build(memory);
  EXPECT_STREQ(choose(Exec{}, args, attention_candidates()).name, attention_candidates().front().name);
  std::swap(args.q.strides[2], args.q.strides[3]);
  EXPECT_STREQ(choose(Exec{}, args, attention_candidates()).name, "attention_cpu_reference");
}

TEST(AttentionGrad, AgreesWithDifferences) {
  for (const bool causal : {false, true}) {
    OpMemory memory;
    const AttentionArgs args = attention_case({2, 3, 4, 1, 3, {4, 2}, causal}, 0.0f, {}).build(memory);
    const View dout = memory.input("dout", args.out.shape);
    const auto forward = [&] { attention_candidates().back().run(Exec{}, args); };
    forward();
    AttentionGradArgs grad{.q = args.q,
                           .k = args.k,
                           .v = args.v,
                           .lengths = args.lengths,
                           .out = args.out,
                           .log_sum_exp = args.log_sum_exp,
                           .dout = dout,
                           .causal = causal};
    const View kv(args.k.data, DType::f32, {2, 4, 2, 1, 3});
    const View dkv = memory.output("dkv", kv.shape, bitwise());
    grad.dq = memory.output("dq", args.q.shape, bitwise());
    grad.dk = attention_plane(dkv, 0);
    grad.dv = attention_plane(dkv, 1);
    attention_grad_candidates().back().run(Exec{}, grad);
    expect_gradient("dq", grad.dq, numeric_gradient_of(args.q, forward, args.out, dout));
    expect_gradient("dkv", dkv, numeric_gradient_of(kv, forward, args.out, dout));
  }
}

}  // namespace
}  // namespace athanor::kernels::test
