// The loss of large batches, which replicas divide: the bits are those of one process that computes all of it.
#include "core/autograd/backward.h"
#include "core/autograd/input_leaf.h"
#include "core/ops/row_group.h"
#include "tests/core/distributed/trained.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor {
namespace {

constexpr std::int64_t kRows = 576;  // four tiles and a half

// Of a batch that is large enough to be divided.
recipe::Recipe large(int replicas, int micro_batches, const char* loss = "softmax") {
  recipe::Recipe recipe = recipe_for(replicas, micro_batches);
  recipe.set("data.batch_size", kRows);
  recipe.set("data.groups", std::vector<std::string>{"Animals & Nature", "Food & Drink", "Objects"});
  recipe.set("data.image_px", std::int64_t{8});
  recipe.set("model.stem", std::string("8"));
  recipe.set("train.loss", std::string(loss));
  return recipe;
}

bool divides() { return ops::divides_contrastive_loss(Context({}), kRows); }

TEST(DividedLoss, HasTheBitsOfOneProcessAfterAHundredSteps) {
  const Trace alone = train_ranks(large(1, 4), 100).front();
  ASSERT_EQ(alone.losses.size(), 100U);
  EXPECT_LT(alone.losses.back(), alone.losses.front() - 0.3);
  for (const int replicas : {2, 4})
    for (const Trace& trace : train_ranks(large(replicas, 4), 100))
      EXPECT_TRUE(trace == alone) << replicas << " replicas";
}

TEST(DividedLoss, HasThemWhateverTheSharesAre) {
  for (const char* loss : {"softmax", "sigmoid"}) {
    const Trace alone = train_ranks(large(1, 12, loss), 5).front();
    for (const Trace& trace : train_ranks(large(3, 12, loss), 5)) EXPECT_TRUE(trace == alone) << loss;
    for (const std::vector<std::int64_t>& shares : {std::vector<std::int64_t>{7, 5}, {1, 10, 1}, {2, 7, 1, 2}})
      for (const Trace& trace : train_ranks(large(static_cast<int>(shares.size()), 12, loss), 5, shares))
        EXPECT_TRUE(trace == alone) << loss << ' ' << fmt::format("{}", fmt::join(shares, ", "));
  }
}

TEST(DividedLoss, HasThemInStagesAndHalvesOfMatricesToo) {
  const Trace alone = train_ranks(large(1, 4), 5).front();
  for (const char* axis : {"pipeline", "tensor"}) {
    recipe::Recipe whole = large(1, 4), divided = large(2, 4);
    for (recipe::Recipe* recipe : {&whole, &divided}) recipe->set(fmt::format("parallel.{}", axis), std::int64_t{2});
    const Trace one = train_ranks(whole, 5).front();
    EXPECT_EQ(one.losses, train_ranks(divided, 5).front().losses) << axis;
    if (std::string(axis) == "pipeline") {
      EXPECT_EQ(one.losses, alone.losses);
    }
  }
}

TEST(DividedLoss, HasThemWithScaledGradientsInHalfPrecision) {
  recipe::Recipe one = large(1, 2), two = large(2, 2);
  for (recipe::Recipe* recipe : {&one, &two}) recipe->set("precision.policy", std::string("fp16"));
  const Trace alone = train_ranks(one, 5).front();
  for (const Trace& trace : train_ranks(two, 5)) EXPECT_TRUE(trace == alone);
}

// As ranks do, of features that are given.
struct Given {
  std::vector<float> dimage, dtext;
  float loss = 0, dlogit_scale = 0, dlogit_bias = 0;
};

// Rows of about unit length; of row `spoilt`, if it is one, a number is NaN.
Tensor rows(Context& context, float phase, std::int64_t spoilt = -1) {
  constexpr std::int64_t kWidth = 12;
  std::vector<float> values;
  for (std::int64_t i = 0; i < kRows * kWidth; ++i) values.push_back(0.4F * std::sin(phase * static_cast<float>(i)));
  if (spoilt >= 0) values[static_cast<std::size_t>(spoilt * kWidth + 3)] = std::numeric_limits<float>::quiet_NaN();
  return context.upload(std::span<const float>(values), {kRows, kWidth});
}

// Replicas that are threads, with their rows one after the other in `numbers`.
class ThreadRows final : public ops::RowGroup {
 public:
  ThreadRows(comm::Communicator& ranks, std::int64_t own) : ranks_(ranks), own_(own) {}
  void gather(Context&, const Tensor& whole) override {
    ++calls;
    const std::int64_t numbers = own_ * (whole.numel() / kRows);
    const std::span<float> all = whole.host<float>();
    const View part(all.data() + ranks_.rank() * numbers, DType::f32, {numbers});
    ranks_.all_gather(part, View(all.data(), DType::f32, {whole.numel()}));
    bytes += static_cast<std::int64_t>(whole.bytes());
  }
  std::int64_t calls = 0, bytes = 0;

 private:
  comm::Communicator& ranks_;
  std::int64_t own_;
};

struct Setting {
  float logit_scale = 3.0F;
  bool sigmoid = false;
  std::int64_t spoilt = -1;
  float seed = 2.0F;  // as a loss scale
};

Given whole_loss(const Setting& setting) {
  Context context({});
  const Parameter image = make_parameter("image", rows(context, 0.37F, setting.spoilt)),
                  text = make_parameter("text", rows(context, 0.61F)),
                  scale = make_parameter("logit_scale", context.full({1}, setting.logit_scale)),
                  bias = make_parameter("logit_bias", context.full({1}, -5.0F));
  ops::ContrastiveLossOptions options;
  if (setting.sigmoid) {
    options.kind = kernels::ContrastiveKind::sigmoid;
    options.logit_bias = bias;
  }
  const Variable loss = ops::contrastive_loss(context, image, text, scale, options);
  Given out;
  out.loss = loss.value().item();
  backward(context, loss, setting.seed);
  out.dimage = context.download(image->gradient);
  out.dtext = context.download(text->gradient);
  out.dlogit_scale = scale->gradient.item();
  if (setting.sigmoid) out.dlogit_bias = bias->gradient.item();
  return out;
}

// Of each rank; features of the own rows alone.
std::vector<Given> divided_loss(const Setting& setting, int ranks) {
  std::vector<Given> out(static_cast<std::size_t>(ranks));
  comm::run_threads(ranks, {}, [&](comm::Group& group) {
    Context context({});
    const std::int64_t own = kRows / ranks, first = group.world().rank() * own;
    ThreadRows peers(group.world(), own);
    const Tensor images = rows(context, 0.37F, setting.spoilt), texts = rows(context, 0.61F);
    const Parameter image = make_parameter("image", context.clone(images.narrow(0, first, own))),
                    text = make_parameter("text", context.clone(texts.narrow(0, first, own))),
                    scale = make_parameter("logit_scale", context.full({1}, setting.logit_scale)),
                    bias = make_parameter("logit_bias", context.full({1}, -5.0F));
    ops::ContrastiveLossOptions options;
    if (setting.sigmoid) {
      options.kind = kernels::ContrastiveKind::sigmoid;
      options.logit_bias = bias;
    }
    const Variable loss =
        ops::divided_contrastive_loss(context, {peers, first, image, text, images, texts}, scale, options);
    Given& given = out[static_cast<std::size_t>(group.world().rank())];
    given.loss = loss.value().item();
    backward(context, loss, setting.seed);
    given.dimage = context.download(image->gradient);
    given.dtext = context.download(text->gradient);
    given.dlogit_scale = scale->gradient.item();
    if (setting.sigmoid) given.dlogit_bias = bias->gradient.item();
    EXPECT_EQ(peers.calls, 2);
    // Numbers of each pair, none of which is a feature's gradient.
    EXPECT_EQ(peers.bytes, kRows * static_cast<std::int64_t>(sizeof(float)) * (setting.sigmoid ? 1 + 2 : 3 + 1));
  });
  return out;
}

// Bits, or NaN on both sides.
void expect_same(const std::vector<float>& numbers, std::span<const float> wanted) {
  ASSERT_EQ(numbers.size(), wanted.size());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    ASSERT_TRUE(numbers[i] == wanted[i] || (std::isnan(numbers[i]) && std::isnan(wanted[i]))) << i;
}

void expect_the_whole(const Setting& setting) {
  const Given whole = whole_loss(setting);
  for (const int ranks : {2, 3, 4}) {
    SCOPED_TRACE(fmt::format("{} ranks", ranks));
    std::size_t first = 0;
    for (const Given& own : divided_loss(setting, ranks)) {
      expect_same({own.loss, own.dlogit_scale, own.dlogit_bias},
                  std::vector<float>{whole.loss, whole.dlogit_scale, whole.dlogit_bias});
      expect_same(own.dimage, std::span(whole.dimage).subspan(first, own.dimage.size()));
      expect_same(own.dtext, std::span(whole.dtext).subspan(first, own.dtext.size()));
      first += own.dimage.size();
    }
  }
}

TEST(DividedLoss, GivesEachReplicaTheGradientsOfItsRowsAndAllThoseOfTheParameters) {
  if (!divides()) GTEST_SKIP() << "not divided on this processor";
  expect_the_whole({});
  expect_the_whole({.sigmoid = true});
}

TEST(DividedLoss, KeepsOfAScaleBeyondTheClampWhatTheWholeKeeps) {
  if (!divides()) GTEST_SKIP() << "not divided on this processor";
  EXPECT_EQ(whole_loss({.logit_scale = 6.0F}).dlogit_scale > 0, true);
  expect_the_whole({.logit_scale = 6.0F});
  EXPECT_EQ(whole_loss({.logit_scale = 6.0F, .seed = -2.0F}).dlogit_scale, 0.0F);
  expect_the_whole({.logit_scale = 6.0F, .seed = -2.0F});
}

TEST(DividedLoss, IsNoNumberOnAllReplicasWhereARowOfOneIsNone) {
  if (!divides()) GTEST_SKIP() << "not divided on this processor";
  for (const bool sigmoid : {false, true}) {
    const Setting setting{.sigmoid = sigmoid, .spoilt = 400};
    EXPECT_TRUE(std::isnan(whole_loss(setting).loss));
    expect_the_whole(setting);
  }
}

TEST(DividedLoss, IsOfBatchesThatAreLargeEnoughOnACpu) {
  if (!divides()) GTEST_SKIP() << "not divided on this processor";
  EXPECT_FALSE(ops::divides_contrastive_loss(Context({}), 512));
  EXPECT_TRUE(ops::divides_contrastive_loss(Context({}), 513));
}

// Nobody else is there; nothing is computed either.
class NoRows final : public ops::RowGroup {
 public:
  void gather(Context&, const Tensor&) override {}
};

// The most that the loss of 2048 pairs and its backward pass hold beside the features of all.
std::size_t held_by_loss(int replicas) {
  Context context({.dry = true});
  const std::int64_t count = 2048, own = count / replicas;
  const Tensor images = context.zeros({count, 256}), texts = context.zeros({count, 256});
  const Parameter scale = make_parameter("logit_scale", context.zeros({1}));
  NoRows others;
  const std::size_t before = context.memory().current_bytes;
  InputLeaf image(context, images.narrow(0, 0, own)), text(context, texts.narrow(0, 0, own));
  backward(context, replicas == 1 ? ops::contrastive_loss(context, image.variable(), text.variable(), scale)
                                  : ops::divided_contrastive_loss(
                                        context, {others, 0, image.variable(), text.variable(), images, texts}, scale));
  return context.memory().peak_bytes - before;
}

TEST(DividedLoss, HoldsTheGradientsOfItsRowsAlone) {
  if (!divides()) GTEST_SKIP() << "not divided on this processor";
  const std::size_t features = std::size_t{2} * 2048 * 256 * sizeof(float), tile = 256 * 256 * sizeof(float);
  EXPECT_GT(held_by_loss(1), features + tile);
  for (const int replicas : {2, 4}) {
    const std::size_t few_numbers_of_each_pair = 2048 * 64;
    EXPECT_LT(held_by_loss(replicas), features / static_cast<std::size_t>(replicas) + tile + few_numbers_of_each_pair);
  }
}

TEST(DividedLoss, RefusesRowsThatAreNotThere) {
  Context context({});
  comm::run_threads(1, {}, [&](comm::Group& group) {
    ThreadRows peers(group.world(), kRows);
    const Tensor all = rows(context, 0.4F), own = all.narrow(0, 0, 100);
    const Variable scale(context.zeros({1}));
    const auto refused = [&](std::int64_t first, const Tensor& text, const ops::ContrastiveLossOptions& options) {
      EXPECT_THROW((void)ops::divided_contrastive_loss(context, {peers, first, own, text, all, all}, scale, options),
                   Failure);
    };
    refused(kRows - 99, own, {});
    refused(-1, own, {});
    EXPECT_THROW((void)ops::divided_contrastive_loss(context, {peers, 0, own, own, own, own}, scale), Failure);
    refused(0, all, {});
    refused(0, own, {.ids = context.upload(std::vector<std::int32_t>(100), {100})});
    refused(0, own, {.row_scale = context.full({kRows}, 1.0F)});
  });
}

}  // namespace
}  // namespace athanor
