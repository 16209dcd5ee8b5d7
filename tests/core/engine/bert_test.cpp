#include "core/models/bert/bert.h"

#include "core/autograd/backward.h"
#include "core/models/two_tower/two_tower.h"
#include "tests/core/engine/support.h"

namespace athanor::models {
namespace {

using test::expect_gradients;
using test::failure_text;
using test::ids;
using ::testing::HasSubstr;

BertConfig tiny() {
  return {.vocabulary = 11, .width = 8, .depth = 2, .heads = 2, .feed_forward = 12, .positions = 6, .token_types = 2};
}

class BertTest : public ::testing::Test {
 protected:
  Context context_{test::options()};
  nn::ParameterSet set_;
  BertEncoder encoder_{nn::Scope(context_, set_, 3, "e"), tiny()};
};

TEST_F(BertTest, GradientsOfEveryParameter) {
  const Tensor words = ids(context_, {1, 2, 3, 4, 5, 0}, {2, 3}), lengths = ids(context_, {3, 2}, {2});
  expect_gradients(
      context_, [&] { return encoder_.pooled(context_, words, lengths); }, set_.all());
}

TEST_F(BertTest, TheSecondTokenTypeIsAParameterThatIsNeverRead) {
  const Tensor words = ids(context_, {1, 2}, {1, 2}), lengths = ids(context_, {2}, {1});
  const auto before = context_.download(encoder_.pooled(context_, words, lengths).value());
  const Parameter types = set_.find("e.embeddings.types.weight");
  auto values = context_.download(types->value);
  for (std::size_t i = 8; i < 16; ++i) values[i] += 1;
  context_.write(types->value, values);
  EXPECT_EQ(context_.download(encoder_.pooled(context_, words, lengths).value()), before);
}

TEST_F(BertTest, PaddingAndNeighboursDoNotMatter) {
  context_.set_training(false);
  const auto alone =
      context_.download(encoder_.pooled(context_, ids(context_, {4, 7}, {1, 2}), ids(context_, {2}, {1})).value());
  const auto padded = context_.download(
      encoder_.pooled(context_, ids(context_, {4, 7, 9, 1, 2, 3, 5, 6}, {2, 4}), ids(context_, {2, 4}, {2})).value());
  for (std::size_t i = 0; i < alone.size(); ++i) EXPECT_NEAR(alone[i], padded[i], 1e-6f) << i;
}

TEST_F(BertTest, RefusesTextsThatAreTooLongAndSizesThatDoNotFit) {
  EXPECT_THAT(failure_text([&] {
                (void)encoder_.forward(context_, ids(context_, std::vector<std::int32_t>(7, 1), {1, 7}),
                                       ids(context_, {7}, {1}));
              }),
              HasSubstr("at most 6"));
  BertConfig uneven = tiny();
  uneven.heads = 3;
  nn::ParameterSet other;
  EXPECT_THAT(failure_text([&] { BertEncoder(nn::Scope(context_, other, 1), uneven); }), HasSubstr("heads"));
}

TEST_F(BertTest, StandsInATwoTowerModelInPlaceOfTheSmallTower) {
  TwoTowerConfig config;
  config.image_px = 8;
  config.stem_channels = {4, 4};
  config.image_width = 4;
  config.image_heads = 1;
  config.max_tokens = 6;
  config.embedding_dim = 4;
  config.bert = tiny();
  const TwoTower model(context_, config, 1);
  EXPECT_NE(model.parameters().find("text_tower.encoder.blocks.1.attention.qkv.weight"), nullptr);
  EXPECT_NE(model.parameters().find("text_tower.head.weight"), nullptr);
  EXPECT_EQ(model.parameters().find("text_tower.words.weight"), nullptr);
  const Variable text_BD =
      model.encode_texts(context_, ids(context_, {1, 2, 3, 4}, {2, 2}), ids(context_, {2, 1}, {2}));
  EXPECT_EQ(text_BD.shape(), (Shape{2, 4}));
  config.max_tokens = 7;
  EXPECT_THAT(failure_text([&] { TwoTower(context_, config, 1); }), HasSubstr("longer than the text encoder reads"));
}

}  // namespace
}  // namespace athanor::models
