// Every op against finite differences, and the texts of its refusals.
#include "core/ops/attention.h"
#include "core/ops/conv.h"
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"
#include "core/ops/index.h"
#include "core/ops/loss.h"
#include "core/ops/norm.h"
#include "kernels/base/error.h"
#include "tests/core/engine/support.h"

namespace athanor {
namespace {

using test::expect_gradients;
using test::failure_text;
using test::ids;
using test::random_tensor;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OpsTest : public test::OpsFixture {};

TEST_F(OpsTest, Linear) {
  const Parameter x = parameter("x", {2, 3, 5}), weight = parameter("weight", {4, 5}), bias = parameter("bias", {4});
  expect_gradients(context_, [&] { return ops::linear(context_, x, weight, bias); }, {x, weight, bias});
  expect_gradients(context_, [&] { return ops::linear(context_, x, weight, {}); }, {x, weight});
}

TEST_F(OpsTest, LinearWithActivationAndResidual) {
  const Parameter x = parameter("x", {6, 5}), weight = parameter("weight", {7, 5}), bias = parameter("bias", {7});
  const Parameter residual = parameter("residual", {6, 7});
  for (const Activation kind : {Activation::gelu_erf, Activation::gelu_tanh}) {
    const ops::LinearOptions options{.activation = kind, .residual = residual};
    expect_gradients(context_, [&] { return ops::linear(context_, x, weight, bias, options); },
                     {x, weight, bias, residual});
  }
}

TEST_F(OpsTest, LinearOfAConstantGivesOnlyItsParametersGradients) {
  const Tensor x = random_tensor(context_, {6, 5}, 1);
  const Parameter weight = parameter("weight", {7, 5}), bias = parameter("bias", {7});
  expect_gradients(context_, [&] { return ops::linear(context_, x, weight, bias); }, {weight, bias});
}

TEST_F(OpsTest, LinearRefusesWhatDoesNotFit) {
  const Tensor x = context_.zeros({2, 3}), weight = context_.zeros({4, 5});
  EXPECT_THAT(
      failure_text([&] { return ops::linear(context_, x, weight, {}); }),
      AllOf(HasSubstr("run linear"), HasSubstr("weight is [4, 5]"), HasSubstr("[N, 3]"), HasSubstr("x is [2, 3]")));
  const Tensor fitting = context_.zeros({4, 3});
  EXPECT_THAT(failure_text([&] { return ops::linear(context_, x, fitting, context_.zeros({3})); }),
              AllOf(HasSubstr("bias is [3]"), HasSubstr("[4] is needed"), HasSubstr("weight is [4, 3]")));
  EXPECT_THAT(failure_text([&] {
                return ops::linear(context_, x, fitting, {}, {.residual = context_.zeros({2, 3})});
              }),
              AllOf(HasSubstr("residual is [2, 3]"), HasSubstr("[2, 4] is needed")));
  EXPECT_THAT(failure_text([&] { return ops::linear(context_, {}, fitting, {}); }), HasSubstr("x is absent"));
  EXPECT_THAT(failure_text([&] {
                return ops::linear(context_, ids(context_, {1, 2, 3}, {1, 3}), fitting, {});
              }),
              HasSubstr("x is [1, 3] holds i32, f32, f16 or bf16 is needed"));
  EXPECT_THAT(failure_text([&] {
                return ops::linear(context_, x.transpose(0, 1), context_.zeros({4, 2}), {});
              }),
              HasSubstr("x is [3, 2] and is strided"));
}

TEST_F(OpsTest, Matmul) {
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      const Parameter a = parameter("a", transpose_a ? Shape{4, 3} : Shape{3, 4});
      const Parameter b = parameter("b", transpose_b ? Shape{5, 4} : Shape{4, 5});
      const ops::MatmulOptions options{.transpose_a = transpose_a, .transpose_b = transpose_b, .alpha = 0.5f};
      expect_gradients(context_, [&] { return ops::matmul(context_, a, b, options); }, {a, b});
    }
  }
  EXPECT_THAT(failure_text([&] {
                return ops::matmul(context_, context_.zeros({2, 3}), context_.zeros({2, 3}));
              }),
              AllOf(HasSubstr("a is [2, 3]"), HasSubstr("b is [2, 3]"), HasSubstr("inner dims")));
}

TEST_F(OpsTest, LayerNorm) {
  const Parameter x = parameter("x", {3, 4, 6}), gain = parameter("gain", {6}), bias = parameter("bias", {6});
  expect_gradients(context_, [&] { return ops::layer_norm(context_, x, gain, bias); }, {x, gain, bias});
  expect_gradients(context_, [&] { return ops::layer_norm(context_, x, {}, {}); }, {x});
  EXPECT_THAT(failure_text([&] { return ops::layer_norm(context_, x, context_.zeros({5}), bias); }),
              AllOf(HasSubstr("run layer_norm"), HasSubstr("gain is [5]"), HasSubstr("[6] is needed")));
}

TEST_F(OpsTest, RmsNorm) {
  const Parameter x = parameter("x", {5, 6}), gain = parameter("gain", {6});
  expect_gradients(context_, [&] { return ops::rms_norm(context_, x, gain); }, {x, gain});
}

TEST_F(OpsTest, GroupNorm) {
  const Parameter x = parameter("x", {2, 3, 2, 8}), gain = parameter("gain", {8}), bias = parameter("bias", {8});
  for (const Activation kind : {Activation::none, Activation::gelu_tanh}) {
    const ops::GroupNormOptions options{.groups = 2, .activation = kind};
    expect_gradients(context_, [&] { return ops::group_norm(context_, x, gain, bias, options); }, {x, gain, bias});
  }
  EXPECT_THAT(failure_text([&] { return ops::group_norm(context_, x, gain, bias, {.groups = 3}); }),
              AllOf(HasSubstr("groups is 3"), HasSubstr("x is [2, 3, 2, 8]")));
}

TEST_F(OpsTest, L2Normalize) {
  const Parameter x = parameter("x", {4, 7});
  expect_gradients(context_, [&] { return ops::l2_normalize(context_, x); }, {x});
}

TEST_F(OpsTest, Activations) {
  const Parameter x = parameter("x", {5, 7}, 3.0f);
  for (const Activation kind : {Activation::gelu_erf, Activation::gelu_tanh})
    expect_gradients(context_, [&] { return ops::activation(context_, x, kind); }, {x});
  // The stencil must not straddle the corner.
  const Parameter away = make_parameter("x", context_.upload(std::vector<float>{-2, -1, 1, 2}, {4}));
  expect_gradients(context_, [&] { return ops::activation(context_, away, Activation::relu); }, {away});
}

TEST_F(OpsTest, AddAndScale) {
  const Parameter a = parameter("a", {2, 3, 4}), b = parameter("b", {2, 3, 4}), c = parameter("c", {3, 4});
  expect_gradients(context_, [&] { return ops::add(context_, a, b); }, {a, b});
  expect_gradients(context_, [&] { return ops::add(context_, a, c); }, {a, c});
  expect_gradients(context_, [&] { return ops::add(context_, a, a); }, {a});
  expect_gradients(context_, [&] { return ops::scale(context_, a, -2.5f); }, {a});
  EXPECT_THAT(failure_text([&] { return ops::add(context_, c, a); }),
              AllOf(HasSubstr("b is [2, 3, 4]"), HasSubstr("a is [3, 4]")));
}

TEST_F(OpsTest, ReshapeAndLeading) {
  const Parameter x = parameter("x", {4, 6});
  expect_gradients(context_,
                   [&] {
                     return ops::activation(context_, ops::reshape(context_, x, {3, 8}), Activation::gelu_tanh);
                   },
                   {x});
  expect_gradients(context_,
                   [&] { return ops::activation(context_, ops::leading(context_, x, 2), Activation::gelu_tanh); }, {x});
  EXPECT_THAT(failure_text([&] { return ops::reshape(context_, x, {5, 5}); }), HasSubstr("[5, 5]"));
  EXPECT_THAT(failure_text([&] { return ops::leading(context_, x, 5); }), HasSubstr("first 5"));
}

TEST_F(OpsTest, Dropout) {
  context_.set_step(3);
  const Parameter x = parameter("x", {40, 25});
  const ops::DropoutOptions options{.probability = 0.25f, .stream = 9};
  expect_gradients(context_, [&] { return ops::dropout(context_, x, options); }, {x});
  const Tensor ones = context_.full({1000}, 1);
  const std::vector<float> kept = context_.download(ops::dropout(context_, ones, options).value());
  EXPECT_NEAR(static_cast<double>(std::count(kept.begin(), kept.end(), 0.0f)), 250, 60);
  EXPECT_EQ(kept, context_.download(ops::dropout(context_, ones, options).value()));
  context_.set_step(4);
  EXPECT_NE(kept, context_.download(ops::dropout(context_, ones, options).value()));
  context_.set_training(false);
  EXPECT_THAT(context_.download(ops::dropout(context_, ones, options).value()), ::testing::Each(1.0f));
  EXPECT_THAT(failure_text([&] { return ops::dropout(context_, x, {.probability = 1.0f}); }), HasSubstr("probability"));
}

TEST_F(OpsTest, DropoutDrawsOtherNumbersForEachRowWhereRowsOfPartsAreOfUnequalLength) {
  const ops::DropoutOptions options{.probability = 0.5f, .stream = 3};
  const auto drawn = [&](const BatchRows& rows, std::int64_t tokens) {
    const PartOfBatch scope(context_, rows);
    return context_.download(
        ops::dropout(context_, Variable(context_.full({rows.count, tokens, 8}, 1.0f)), options).value());
  };
  const auto row = [](const std::vector<float>& all, std::size_t index, std::size_t numbers) {
    return std::vector<float>(all.begin() + static_cast<std::ptrdiff_t>(index * numbers),
                              all.begin() + static_cast<std::ptrdiff_t>((index + 1) * numbers));
  };
  context_.set_training(true);
  // A batch has the draws of its parts where all rows are alike …
  const auto whole = drawn({0, 8, false}, 16), part = drawn({4, 4, false}, 16);
  EXPECT_EQ(row(whole, 1, 4 * 16 * 8), part);
  // … and no part those of another where they are not.
  const auto longer = drawn({0, 4, true}, 16), shorter = drawn({4, 4, true}, 4);
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NE(row(longer, i, 4 * 8), row(shorter, k, 4 * 8)) << i << " " << k;
}

TEST_F(OpsTest, Attention) {
  const Parameter qkv = parameter("qkv", {2, 5, 3, 2, 4});
  expect_gradients(context_, [&] { return ops::attention(context_, qkv); }, {qkv});
  EXPECT_THAT(failure_text([&] {
                return ops::attention(context_, context_.zeros({2, 5, 24}));
              }),
              HasSubstr("[batch, tokens, 3, heads, head dim]"));
}

TEST_F(OpsTest, AttentionAcrossAndCausal) {
  const Parameter q = parameter("q", {2, 3, 2, 4}), kv = parameter("kv", {2, 5, 2, 2, 4});
  const Parameter k = parameter("k", {2, 5, 2, 4}), v = parameter("v", {2, 5, 2, 4});
  for (const bool causal : {false, true}) {
    const ops::AttentionOptions options{.lengths = ids(context_, {4, 5}, {2}), .causal = causal};
    expect_gradients(context_, [&] { return ops::cross_attention(context_, q, kv, options); }, {q, kv});
    expect_gradients(context_, [&] { return ops::attention(context_, q, k, v, options); }, {q, k, v});
  }
  EXPECT_THAT(failure_text([&] { return ops::attention(context_, k, q, q, {.causal = true}); }),
              AllOf(HasSubstr("q is [2, 5, 2, 4] and k is [2, 3, 2, 4]"), HasSubstr("a key for each query")));
  EXPECT_THAT(failure_text([&] {
                return ops::cross_attention(context_, q, context_.zeros({2, 5, 2, 1, 8}));
              }),
              AllOf(HasSubstr("kv is [2, 5, 2, 1, 8]"), HasSubstr("the same batch, heads and head dim")));
  EXPECT_THAT(failure_text([&] { return ops::attention(context_, q, k, q); }),
              AllOf(HasSubstr("v is [2, 3, 2, 4]"), HasSubstr("[2, 5, 2, 4] is needed")));
}

TEST_F(OpsTest, AttentionLooksAtValidKeysOnly) {
  const Parameter qkv = parameter("qkv", {2, 5, 3, 2, 4});
  const Tensor lengths = ids(context_, {3, 5}, {2});
  // Rows of padded queries mean nothing, so only the mean over valid rows is looked at.
  const auto valid_mean = [&] {
    const Variable out = ops::attention(context_, qkv, {.lengths = lengths});
    return ops::masked_mean(context_, ops::reshape(context_, out, {2, 5, 8}), lengths);
  };
  expect_gradients(context_, valid_mean, {qkv});
  const std::vector<float> before = context_.download(valid_mean().value());
  std::vector<float> numbers = context_.download(qkv->value);
  std::fill_n(numbers.begin() + 3 * 24, 2 * 24, 50.0f);  // tokens 3 and 4 of the first sample
  context_.write(qkv->value, numbers);
  EXPECT_EQ(before, context_.download(valid_mean().value()));
}

TEST_F(OpsTest, Conv2d) {
  const Parameter x = parameter("x", {2, 6, 5, 3}), weight = parameter("weight", {4, 3, 3, 3});
  const Parameter bias = parameter("bias", {4});
  for (const ops::Conv2dOptions& options : {ops::Conv2dOptions{.stride = 1, .padding = 1}, {.stride = 2, .padding = 1}})
    expect_gradients(context_, [&] { return ops::conv2d(context_, x, weight, bias, options); }, {x, weight, bias});
  EXPECT_THAT(failure_text([&] {
                return ops::conv2d(context_, x, context_.zeros({4, 3, 3, 2}), {});
              }),
              AllOf(HasSubstr("weight is [4, 3, 3, 2]"), HasSubstr("[out, height, width, 3]")));
  EXPECT_THAT(failure_text([&] {
                return ops::conv2d(context_, x, context_.zeros({4, 9, 9, 3}), {});
              }),
              HasSubstr("smaller than the window"));
}

TEST_F(OpsTest, Pools) {
  const Parameter x = parameter("x", {2, 6, 5, 3});
  // Maxima must not change hands within the stencil: values far apart in a shuffled order.
  std::vector<float> numbers(static_cast<std::size_t>(x->value.numel()));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>((i * 77) % numbers.size()) * 0.5f;
  context_.write(x->value, numbers);
  expect_gradients(context_, [&] { return ops::max_pool2d(context_, x); }, {x});
  expect_gradients(context_, [&] { return ops::avg_pool2d(context_, x); }, {x});
  EXPECT_THAT(failure_text([&] { return ops::max_pool2d(context_, context_.zeros({2, 3})); }), HasSubstr("max_pool2d"));
}

TEST_F(OpsTest, Embedding) {
  const Parameter table = parameter("table", {7, 4});
  const Tensor words = ids(context_, {1, 3, 3, 0, 6, 1}, {2, 3});
  expect_gradients(context_, [&] { return ops::embedding(context_, table, words); }, {table}, {.samples = 28});
}

TEST_F(OpsTest, MaskedMean) {
  const Parameter x = parameter("x", {3, 4, 5});
  const Tensor lengths = ids(context_, {1, 4, 2}, {3});
  expect_gradients(context_, [&] { return ops::masked_mean(context_, x, lengths); }, {x}, {.samples = 60});
  expect_gradients(context_, [&] { return ops::masked_mean(context_, x); }, {x});
  EXPECT_THAT(failure_text([&] {
                return ops::masked_mean(context_, x, ids(context_, {1, 2}, {2}));
              }),
              AllOf(HasSubstr("lengths is [2]"), HasSubstr("x is [3, 4, 5]")));
}

TEST_F(OpsTest, ContrastiveLoss) {
  const Parameter image = parameter("image", {6, 5}), text = parameter("text", {6, 5});
  const Parameter logit_scale = make_parameter("logit_scale", context_.full({1}, 1.2f));
  for (const Tensor& pairs : {Tensor(), ids(context_, {0, 1, 2, 1, 4, 0}, {6})}) {
    const auto loss = [&] {
      return ops::contrastive_loss(context_, ops::l2_normalize(context_, image), ops::l2_normalize(context_, text),
                                   logit_scale, {.ids = pairs});
    };
    expect_gradients(context_, loss, {image, text, logit_scale});
  }
  EXPECT_THAT(failure_text([&] {
                return ops::contrastive_loss(context_, image, context_.zeros({5, 5}), logit_scale);
              }),
              AllOf(HasSubstr("text is [5, 5]"), HasSubstr("[6, 5] is needed")));
}

TEST_F(OpsTest, ContrastiveLossOfEqualRowsIsTheLogOfTheirNumber) {
  const Tensor rows = context_.full({8, 4}, 0.5f);
  const Tensor logit_scale = context_.full({1}, 2.0f);
  EXPECT_NEAR(context_.download(ops::contrastive_loss(context_, rows, rows, logit_scale).value())[0], std::log(8.0),
              1e-6);
}

TEST_F(OpsTest, NamesTheIdThatIsOutOfRange) {
  if (test::on_cuda()) return;  // looking at them would cost a trip to the device
  const Tensor qkv = context_.zeros({2, 5, 3, 2, 4}), table = context_.zeros({7, 4});
  EXPECT_THAT(failure_text([&] {
                return ops::attention(context_, qkv, {.lengths = ids(context_, {0, 5}, {2})});
              }),
              HasSubstr("lengths[0] is 0, which is not within 1 to 5"));
  EXPECT_THAT(failure_text([&] {
                return ops::embedding(context_, table, ids(context_, {1, 7}, {2}));
              }),
              HasSubstr("ids[1] is 7, which is not within 0 to 6"));
}

}  // namespace
}  // namespace athanor
