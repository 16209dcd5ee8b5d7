#include "core/nn/finetune.h"

#include "core/autograd/backward.h"
#include "core/models/bert/bert.h"
#include "core/ops/loss.h"
#include "core/optim/adamw.h"
#include "tests/core/engine/support.h"

#include <cmath>

namespace athanor::nn {
namespace {

using test::expect_gradients;
using test::failure_text;
using test::ids;
using test::random_parameter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(PathPatterns, MeanTheParameterAndEverythingBeneath) {
  EXPECT_TRUE(path_matches("tower", "tower.blocks.0.weight"));
  EXPECT_TRUE(path_matches("tower.blocks.0.weight", "tower.blocks.0.weight"));
  EXPECT_TRUE(path_matches("tower.blocks.*.attention", "tower.blocks.11.attention.qkv.bias"));
  EXPECT_TRUE(path_matches("*.bias", "a.b.bias"));
  EXPECT_TRUE(path_matches("*", "a"));
  EXPECT_FALSE(path_matches("tow", "tower.blocks"));
  EXPECT_FALSE(path_matches("tower.blocks.1", "tower.blocks.11.weight"));
  EXPECT_FALSE(path_matches("blocks", "tower.blocks.0"));
  EXPECT_FALSE(path_matches("", "a.b"));
}

class FinetuneTest : public ::testing::Test {
 protected:
  Context context_{test::options()};
  ParameterSet set_;
  models::BertEncoder encoder_{
      Scope(context_, set_, 3, "tower"),
      {.vocabulary = 11, .width = 8, .depth = 2, .heads = 2, .feed_forward = 12, .positions = 6}};
  Tensor words_ = ids(context_, {1, 2, 3, 4, 5, 6}, {2, 3});
  Tensor lengths_ = ids(context_, {3, 2}, {2});

  FinetuneOptions adapters() {
    FinetuneOptions options;
    options.freeze = {"tower"};
    options.lora_targets = {"tower.blocks"};
    options.lora = {.rank = 2, .alpha = 4};
    return options;
  }
  std::vector<float> output() { return context_.download(encoder_.pooled(context_, words_, lengths_).value()); }
  // Gives every B numbers, as training would.
  void disturb() {
    std::uint64_t seed = 1;
    for (const Parameter& parameter : set_.all()) {
      if (!parameter->path.ends_with("lora_b")) continue;
      context_.write(parameter->value, test::random_numbers(parameter->value.numel(), seed++, 0.3f));
    }
  }
};

TEST_F(FinetuneTest, AnAdapterChangesNothingUntilItHasLearnt) {
  const auto before = output();
  const auto paths_before = base_parameters(set_);
  apply_finetune(context_, set_, adapters(), 9);
  EXPECT_EQ(output(), before);
  EXPECT_EQ(base_parameters(set_), paths_before);
  EXPECT_NE(set_.find("tower.blocks.1.mlp.up.lora_a"), nullptr);
  EXPECT_EQ(set_.all().size(), paths_before.size() + 2 * 8);
  disturb();
  EXPECT_NE(output(), before);
}

TEST_F(FinetuneTest, MergedComputesWhatUnmergedDoes) {
  apply_finetune(context_, set_, adapters(), 9);
  disturb();
  const auto apart = output();
  const auto weight = context_.download(set_.find("tower.blocks.0.mlp.up.weight")->value);
  merge_low_rank(context_, set_);
  merge_low_rank(context_, set_);  // once is enough
  EXPECT_NE(context_.download(set_.find("tower.blocks.0.mlp.up.weight")->value), weight);
  const auto merged = output();
  for (std::size_t i = 0; i < apart.size(); ++i) EXPECT_NEAR(apart[i], merged[i], 1e-5f) << i;
  unmerge_low_rank(context_, set_);
  const auto back = context_.download(set_.find("tower.blocks.0.mlp.up.weight")->value);
  for (std::size_t i = 0; i < back.size(); ++i) EXPECT_NEAR(back[i], weight[i], 1e-6f) << i;
}

TEST_F(FinetuneTest, AdaptersHaveTheGradientsOfTheirEquation) {
  apply_finetune(context_, set_, adapters(), 9);
  disturb();
  std::vector<Parameter> learning;
  for (const Parameter& parameter : set_.all()) {
    if (parameter->trainable) learning.push_back(parameter);
  }
  EXPECT_EQ(learning.size(), 16U);
  expect_gradients(
      context_, [&] { return encoder_.pooled(context_, words_, lengths_); }, learning);
}

TEST_F(FinetuneTest, AResidualAndAnActivationStayWhereTheyWere) {
  ParameterSet set;
  const Scope root(context_, set, 5);
  const Linear layer(root.child("l"), {.in = 4, .out = 4});
  const Parameter x = random_parameter(context_, "x", {3, 4}, 1), residual = random_parameter(context_, "r", {3, 4}, 2);
  for (const Activation activation : {Activation::none, Activation::gelu_erf}) {
    const auto forward = [&] {
      return context_.download(layer.forward(context_, x, {.activation = activation, .residual = residual}).value());
    };
    const auto plain = forward();
    if (!set.find("l.lora_a")) add_low_rank(context_, set, set.find("l.weight"), {.rank = 1}, 1);
    const auto adapted = forward();
    for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_NEAR(plain[i], adapted[i], 1e-6f) << i;
  }
}

TEST_F(FinetuneTest, OnlyWhatIsNotFrozenGetsStateAndLearns) {
  apply_finetune(context_, set_, adapters(), 9);
  optim::AdamW optimizer(context_, set_.all(), {});
  EXPECT_EQ(optimizer.named_state().size(), 32U);
  const auto base_before = context_.download(set_.find("tower.blocks.0.mlp.up.weight")->value);
  const auto b_before = context_.download(set_.find("tower.blocks.0.mlp.up.lora_b")->value);
  const Tensor wanted = test::random_tensor(context_, {2, 8}, 4);
  const Parameter scale = make_parameter("scale", context_.full({1}, 1.0f));
  const Variable unit = encoder_.pooled(context_, words_, lengths_);
  backward(context_, ops::contrastive_loss(context_, unit, wanted, scale));
  ASSERT_TRUE(optimizer.step(context_, {.learning_rate = 0.1f}).applied());
  EXPECT_EQ(context_.download(set_.find("tower.blocks.0.mlp.up.weight")->value), base_before);
  EXPECT_NE(context_.download(set_.find("tower.blocks.0.mlp.up.lora_b")->value), b_before);
}

TEST_F(FinetuneTest, RatesFallFromTheLastBlockToTheFirst) {
  FinetuneOptions options;
  options.pretrained = "tower";
  options.layer_decay = 0.5f;
  apply_finetune(context_, set_, options, 9);
  const auto rate = [&](const char* path) { return set_.find(path)->rate; };
  EXPECT_FLOAT_EQ(rate("tower.blocks.1.mlp.up.weight"), 0.5f);
  EXPECT_FLOAT_EQ(rate("tower.blocks.0.norm1.gain"), 0.25f);
  EXPECT_FLOAT_EQ(rate("tower.embeddings.words.weight"), 0.125f);
}

TEST_F(FinetuneTest, APatternThatMatchesNothingIsRefusedWithTheNearestPath) {
  FinetuneOptions options;
  options.freeze = {"tower.embedding.words"};
  EXPECT_THAT(failure_text([&] { apply_finetune(context_, set_, options, 9); }),
              ::testing::AllOf(HasSubstr("finetune.freeze: \"tower.embedding.words\" matches no parameter"),
                               HasSubstr("Perhaps tower.embeddings.words is meant")));
  options = adapters();
  options.freeze = {};
  options.lora_targets = {"tower.embeddings"};
  EXPECT_THAT(failure_text([&] { apply_finetune(context_, set_, options, 9); }), HasSubstr("matches no linear layer"));
  options.lora.rank = 0;
  options.freeze = {"*"};
  EXPECT_THAT(failure_text([&] { apply_finetune(context_, set_, options, 9); }),
              HasSubstr("leaves nothing that learns"));
}

TEST_F(FinetuneTest, TheSummaryCountsWhatIsTrainedFrozenAndAdded) {
  FinetuneOptions options = adapters();
  options.freeze = {"tower.blocks"};
  options.lora_targets = {"tower.blocks.*.attention"};
  apply_finetune(context_, set_, options, 9);
  const auto parts = summarise(set_);
  std::int64_t sum = 0;
  std::vector<std::string> lines;
  for (const PartSummary& part : parts) {
    sum += part.numel;
    lines.push_back(std::string(to_string(part.learning)) + " " + part.path + " " + std::to_string(part.arrays));
  }
  EXPECT_THAT(lines, ElementsAre("trained tower.embeddings.words 1", "trained tower.embeddings.positions 1",
                                 "trained tower.embeddings.types 1", "trained tower.embeddings.norm 2",
                                 "frozen tower.blocks.* 24", "adapter tower.blocks.*.attention.qkv 4",
                                 "adapter tower.blocks.*.attention.out 4"));
  EXPECT_EQ(sum, set_.numel());
  EXPECT_EQ(trainable_numel(set_), (11 + 6 + 2) * 8 + 16 + 2 * (2 * (8 + 24) + 2 * (8 + 8)));
}

}  // namespace
}  // namespace athanor::nn
