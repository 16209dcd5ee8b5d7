#include "core/nn/conv_stem.h"
#include "core/nn/transformer.h"
#include "tests/core/engine/support.h"

namespace athanor::nn {
namespace {

using test::expect_gradients;
using test::failure_text;
using test::ids;
using test::random_parameter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LayersTest : public ::testing::Test {
 protected:
  Context context_{test::options()};
  ParameterSet set_;
  Scope root_{context_, set_, 7};

  std::vector<std::string> paths() const {
    std::vector<std::string> names;
    for (const Parameter& parameter : set_.all()) names.push_back(parameter->path);
    return names;
  }
  std::vector<Parameter> with(const Parameter& x) const {
    std::vector<Parameter> all = set_.all();
    all.push_back(x);
    return all;
  }
};

TEST_F(LayersTest, LinearNamesItsParameters) {
  const Linear layer(root_.child("head"), {.in = 5, .out = 3});
  EXPECT_THAT(paths(), ElementsAre("head.weight", "head.bias"));
  EXPECT_TRUE(set_.find("head.weight")->decays);
  EXPECT_FALSE(set_.find("head.bias")->decays);
  EXPECT_EQ(set_.find("head.other"), nullptr);
  EXPECT_EQ(set_.numel(), 18);
  const Parameter x = random_parameter(context_, "x", {4, 5}, 1);
  expect_gradients(
      context_, [&] { return layer.forward(context_, x); }, with(x));
}

TEST_F(LayersTest, RefusesTheSamePathTwice) {
  const Linear layer(root_.child("head"), {.in = 2, .out = 2});
  EXPECT_THAT(failure_text([&] { return Linear(root_.child("head"), {.in = 2, .out = 2}); }), HasSubstr("head.weight"));
}

TEST_F(LayersTest, InitialValuesDependOnSeedAndPathOnly) {
  const Linear a(root_.child("a"), {.in = 5, .out = 3});
  const Linear b(root_.child("b"), {.in = 5, .out = 3});
  ParameterSet other;
  const Scope root(context_, other, 7);
  const Linear b_again(root.child("b"), {.in = 5, .out = 3});
  const auto values = [&](const ParameterSet& set, const char* path) {
    return context_.download(set.find(path)->value);
  };
  EXPECT_EQ(values(set_, "b.weight"), values(other, "b.weight"));
  EXPECT_NE(values(set_, "a.weight"), values(set_, "b.weight"));
  ParameterSet reseeded;
  const Linear c(Scope(context_, reseeded, 8).child("b"), {.in = 5, .out = 3});
  EXPECT_NE(values(set_, "b.weight"), values(reseeded, "b.weight"));
}

TEST_F(LayersTest, FanInKeepsWithinItsBound) {
  const Linear layer(root_, {.in = 100, .out = 50});
  const std::vector<float> weights = context_.download(set_.find("weight")->value);
  EXPECT_LE(*std::max_element(weights.begin(), weights.end()), 0.1f);
  EXPECT_GE(*std::max_element(weights.begin(), weights.end()), 0.09f);
  EXPECT_LE(*std::min_element(weights.begin(), weights.end()), -0.09f);
}

TEST_F(LayersTest, Norms) {
  const LayerNorm layer(root_.child("layer"), 6);
  const RmsNorm rms(root_.child("rms"), 6);
  const GroupNorm group(root_.child("group"), 6, {.groups = 3});
  const Parameter x = random_parameter(context_, "x", {2, 4, 6}, 1);
  expect_gradients(
      context_, [&] { return group.forward(context_, rms.forward(context_, layer.forward(context_, x))); }, with(x));
  for (const Parameter& parameter : set_.all()) EXPECT_FALSE(parameter->decays) << parameter->path;
}

TEST_F(LayersTest, EmbeddingAndPositions) {
  const Embedding words(root_.child("words"), 9, 4, 0.5f);
  const Positions positions(root_.child("positions"), 5, 4);
  EXPECT_THAT(paths(), ElementsAre("words.weight", "positions.weight"));
  // Fewer tokens than there are positions: the rest get no gradient.
  const Tensor tokens = ids(context_, {1, 2, 3, 4, 8, 1}, {2, 3});
  expect_gradients(context_, [&] { return positions.forward(context_, words.forward(context_, tokens)); }, set_.all(),
                   {.samples = 36});
}

TEST_F(LayersTest, Attention) {
  const MultiHeadSelfAttention attention(root_.child("attention"), 8, 2);
  EXPECT_THAT(paths(),
              ElementsAre("attention.qkv.weight", "attention.qkv.bias", "attention.out.weight", "attention.out.bias"));
  const Parameter x = random_parameter(context_, "x", {2, 3, 8}, 1);
  expect_gradients(
      context_, [&] { return attention.forward(context_, x, {}, x); }, with(x));
}

TEST_F(LayersTest, CausalAttention) {
  const MultiHeadSelfAttention attention(root_.child("attention"), 8, 2, true);
  const Parameter x = random_parameter(context_, "x", {1, 4, 8}, 1);
  expect_gradients(
      context_, [&] { return attention.forward(context_, x, {}); }, with(x));
  const std::vector<float> before = context_.download(attention.forward(context_, x, {}).value());
  std::vector<float> numbers = context_.download(x->value);
  numbers[3 * 8] += 1.0f;  // the last token
  context_.write(x->value, numbers);
  const std::vector<float> after = context_.download(attention.forward(context_, x, {}).value());
  EXPECT_TRUE(std::equal(before.begin(), before.begin() + 3 * 8, after.begin()));
  EXPECT_FALSE(std::equal(before.begin() + 3 * 8, before.end(), after.begin() + 3 * 8));
}

TEST_F(LayersTest, CrossAttention) {
  const MultiHeadCrossAttention attention(root_.child("cross"), 8, 2, 6);
  EXPECT_THAT(paths(), ElementsAre("cross.q.weight", "cross.q.bias", "cross.kv.weight", "cross.kv.bias",
                                   "cross.out.weight", "cross.out.bias"));
  const Parameter x = random_parameter(context_, "x", {2, 3, 8}, 1),
                  memory = random_parameter(context_, "m", {2, 5, 6}, 2);
  std::vector<Parameter> all = with(x);
  all.push_back(memory);
  expect_gradients(
      context_,
      [&] {
        return attention.forward(context_, x, memory, ids(context_, {2, 5}, {2}), x);
      },
      all);
}

TEST_F(LayersTest, TransformerBlock) {
  const auto blocks = make_blocks(root_.child("blocks"), 1, {.width = 8, .heads = 2, .mlp_ratio = 1.5});
  EXPECT_THAT(paths(),
              ElementsAre("blocks.0.norm1.gain", "blocks.0.norm1.bias", "blocks.0.attention.qkv.weight",
                          "blocks.0.attention.qkv.bias", "blocks.0.attention.out.weight", "blocks.0.attention.out.bias",
                          "blocks.0.norm2.gain", "blocks.0.norm2.bias", "blocks.0.mlp.up.weight",
                          "blocks.0.mlp.up.bias", "blocks.0.mlp.down.weight", "blocks.0.mlp.down.bias"));
  const Parameter x = random_parameter(context_, "x", {2, 3, 8}, 1);
  expect_gradients(
      context_, [&] { return blocks[0].forward(context_, x, {}); }, with(x));
}

TEST_F(LayersTest, TransformerBlockWithDropout) {
  const TransformerBlock block(root_, {.width = 8, .heads = 2, .mlp_ratio = 2, .dropout = 0.3f});
  const Parameter x = random_parameter(context_, "x", {2, 3, 8}, 1);
  expect_gradients(
      context_, [&] { return block.forward(context_, x, {}); }, with(x));
  const std::vector<float> trained = context_.download(block.forward(context_, x, {}).value());
  context_.set_training(false);
  const std::vector<float> evaluated = context_.download(block.forward(context_, x, {}).value());
  EXPECT_NE(trained, evaluated);
  // Without dropout the sums are part of the products: the same numbers up to rounding.
  ParameterSet plain_set;
  const TransformerBlock plain(Scope(context_, plain_set, 7), {.width = 8, .heads = 2, .mlp_ratio = 2});
  const std::vector<float> fused = context_.download(plain.forward(context_, x, {}).value());
  for (std::size_t i = 0; i < fused.size(); ++i) EXPECT_NEAR(fused[i], evaluated[i], 1e-5);
}

TEST_F(LayersTest, ConvStem) {
  const ConvStem stem(root_.child("stem"), {.channels = {4, 6}});
  EXPECT_THAT(paths(), ElementsAre("stem.0.conv.weight", "stem.0.conv.bias", "stem.0.norm.gain", "stem.0.norm.bias",
                                   "stem.1.conv.weight", "stem.1.conv.bias", "stem.1.norm.gain", "stem.1.norm.bias"));
  const Tensor pictures = test::random_tensor(context_, {2, 8, 8, 3}, 1);
  EXPECT_EQ(stem.forward(context_, pictures).shape(), (Shape{2, 2, 2, 6}));
  // A small step, as the maxima of pooling change hands along the way.
  expect_gradients(context_, [&] { return stem.forward(context_, pictures); }, set_.all(),
                   {.step = 2e-3, .relative = 5e-2, .absolute = 2e-2});
}

}  // namespace
}  // namespace athanor::nn
