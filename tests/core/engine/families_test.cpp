#include "core/autograd/backward.h"
#include "core/models/decoder/decoder.h"
#include "core/models/mlp/mlp.h"
#include "core/models/vit/vit.h"
#include "core/ops/loss.h"
#include "core/optim/adamw.h"
#include "tests/core/engine/support.h"

#include <functional>

namespace athanor::models {
namespace {

using test::failure_text;
using test::ids;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> paths(const std::vector<Parameter>& parameters) {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) names.push_back(parameter->path);
  return names;
}

// The losses of some steps of AdamW.
std::vector<float> train(Context& context, const std::vector<Parameter>& parameters,
                         const std::function<Variable()>& loss_of, int steps) {
  optim::AdamW optimizer(context, parameters, {});
  std::vector<float> losses;
  for (int step = 0; step < steps; ++step) {
    const Variable loss = loss_of();
    losses.push_back(context.download(loss.value())[0]);
    backward(context, loss);
    (void)optimizer.step(context, {.learning_rate = 3e-3f, .max_norm = 1.0f});
    optimizer.clear_gradients();
  }
  return losses;
}

DecoderConfig tiny_decoder(bool tied) {
  return {.vocabulary = 17, .max_tokens = 8, .width = 16, .depth = 1, .heads = 2, .tied = tied};
}

const std::vector<std::int32_t> kWords{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};

TEST(Mlp, LearnsABatchByHeart) {
  Context context(test::options(2));
  const Mlp model(context, {.inputs = 6, .hidden = 24, .depth = 2, .classes = 5}, 3);
  EXPECT_THAT(paths(model.named_parameters()), Contains("layers.1.weight"));
  const Tensor x = test::random_tensor(context, {10, 6}, 4);
  const Tensor classes = ids(context, {0, 1, 2, 3, 4, 4, 3, 2, 1, 0}, {10});
  const auto losses = train(
      context, model.named_parameters(),
      [&] { return ops::cross_entropy(context, model.forward(context, x), classes); }, 120);
  EXPECT_LT(losses.back(), 0.1f);
  EXPECT_THAT(failure_text([&] { return Mlp(context, {.hidden = 0}, 1); }), HasSubstr("model.hidden is 0"));
}

TEST(Vit, LearnsABatchByHeartAndNamesItsParameters) {
  Context context(test::options(2));
  const Vit model(context, {.image_px = 8, .patch_px = 4, .width = 16, .depth = 1, .heads = 2, .outputs = 3}, 3);
  EXPECT_THAT(paths(model.named_parameters()),
              AllOf(Contains("patches.weight"), Contains("positions.weight"), Contains("blocks.0.attention.qkv.weight"),
                    Contains("norm.gain"), Contains("head.bias")));
  const Tensor images = test::random_tensor(context, {6, 8, 8, 3}, 5);
  const Tensor classes = ids(context, {0, 1, 2, 2, 1, 0}, {6});
  const auto losses = train(
      context, model.named_parameters(),
      [&] { return ops::cross_entropy(context, model.forward(context, images), classes); }, 150);
  EXPECT_LT(losses.back(), 0.1f);
  EXPECT_THAT(failure_text([&] { return Vit(context, {.image_px = 10, .patch_px = 4}, 1); }),
              AllOf(HasSubstr("10 px"), HasSubstr("patches of 4 px")));
  EXPECT_THAT(failure_text([&] {
                return model.forward(context, context.zeros({1, 4, 4, 3}));
              }),
              HasSubstr("[1, 8, 8, 3]"));
}

TEST(Decoder, LearnsASentenceByHeart) {
  for (const bool tied : {true, false}) {
    Context context(test::options(2));
    const Decoder model(context, tiny_decoder(tied), 3);
    EXPECT_THAT(paths(model.named_parameters()),
                tied ? ::testing::Matcher<std::vector<std::string>>(Not(Contains("head.weight")))
                     : ::testing::Matcher<std::vector<std::string>>(Contains("head.weight")));
    const Tensor words = ids(context, kWords, {2, 8});
    const Tensor next = ids(context, {1, 4, 1, 5, 9, 2, 6, -100, 3, 5, 8, 9, 7, 9, 3, -100}, {2, 8});
    const auto losses = train(
        context, model.named_parameters(), [&] { return model.loss(context, words, next); }, 150);
    EXPECT_LT(losses.back(), 0.1f);
  }
}

TEST(Decoder, ATokenDoesNotLookAhead) {
  Context context(test::options(2));
  const Decoder model(context, tiny_decoder(true), 3);
  std::vector<std::int32_t> changed = kWords;
  changed[5] = 16;
  const std::vector<float> before = context.download(model.forward(context, ids(context, kWords, {2, 8})).value());
  const std::vector<float> after = context.download(model.forward(context, ids(context, changed, {2, 8})).value());
  const auto token = [](const std::vector<float>& logits, std::ptrdiff_t index) {
    return std::vector<float>(logits.begin() + index * 17, logits.begin() + (index + 1) * 17);
  };
  for (std::ptrdiff_t index = 0; index < 5; ++index) EXPECT_EQ(token(before, index), token(after, index));
  for (std::ptrdiff_t index = 5; index < 8; ++index) EXPECT_NE(token(before, index), token(after, index));
  EXPECT_THAT(failure_text([&] {
                return model.hidden(context, ids(context, kWords, {1, 16}));
              }),
              HasSubstr("at most 8"));
}

TEST(Families, SameBitsForOneAndTwoThreads) {
  const auto run = [](int threads) {
    Context context(test::options(threads));
    const Decoder model(context, tiny_decoder(true), 3);
    const Tensor words = ids(context, kWords, {2, 8});
    return train(
        context, model.named_parameters(), [&] { return model.loss(context, words, words); }, 3);
  };
  EXPECT_EQ(run(1), run(2));
}

}  // namespace
}  // namespace athanor::models
