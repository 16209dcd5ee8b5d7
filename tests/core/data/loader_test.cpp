#include "core/data/loader.h"

#include "core/data/permutation.h"
#include "tests/core/data/synthetic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

namespace athanor::data {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

bool same(const Batch& a, const Batch& b) {
  return a.step == b.step && a.images == b.images && a.tokens == b.tokens && a.lengths == b.lengths &&
         a.concepts == b.concepts && a.pictures == b.pictures;
}

class LoaderTest : public ::testing::Test {
 protected:
  void SetUp() override { dataset_ = synthetic_dataset(home_.path() / "d", 15); }

  static LoaderOptions lively() {
    LoaderOptions options;
    options.batch_size = 8;
    options.seed = 42;
    options.keyword_probability = 0.4F;
    options.augmentation = {.scale = {0.8F, 1.2F},
                            .rotation_degrees = 15,
                            .shift = 0.1F,
                            .stretch = 0.2F,
                            .shear = 0.1F,
                            .flip = 0.5F,
                            .hue_degrees = 20,
                            .saturation = 0.3F,
                            .greyscale = 0.2F,
                            .brightness = 0.2F,
                            .channel_gain = 0.2F,
                            .contrast = 0.2F,
                            .white_background = 0.3F,
                            .stroke = 0.3F,
                            .blur = 0.5F,
                            .cutout = 0.5F,
                            .noise = 0.02F};
    return options;
  }

  std::unique_ptr<Loader> loader(LoaderOptions options) const {
    return value_or_throw(Loader::create(dataset_, std::move(options)));
  }

  TemporaryFolder home_;
  std::shared_ptr<const Dataset> dataset_;
};

TEST_F(LoaderTest, ShowsEveryPictureOncePerEpochInAnotherOrder) {
  const auto batches = loader(lively());
  ASSERT_EQ(batches->pictures(), 30);
  std::vector<std::int32_t> stream;
  for (int step = 0; stream.size() < 120; ++step) {
    const Batch batch = batches->next();
    stream.insert(stream.end(), batch.pictures.begin(), batch.pictures.end());
  }
  std::set<std::vector<std::int32_t>> orders;
  for (int epoch = 0; epoch < 4; ++epoch) {
    const std::vector<std::int32_t> order(stream.begin() + epoch * 30, stream.begin() + (epoch + 1) * 30);
    EXPECT_EQ(std::set<std::int32_t>(order.begin(), order.end()).size(), 30U) << "epoch " << epoch;
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 4U);
}

TEST_F(LoaderTest, GivesTheSameBatchesWithAnyNumberOfWorkers) {
  LoaderOptions options = lively();
  std::vector<std::unique_ptr<Loader>> loaders;
  for (const int workers : {0, 1, 3}) {
    options.workers = workers;
    loaders.push_back(loader(options));
  }
  for (int step = 0; step < 12; ++step) {
    const Batch expected = loaders[0]->make(step);
    for (const auto& one : loaders) ASSERT_TRUE(same(one->next(), expected)) << step;
  }
}

TEST_F(LoaderTest, ResumesAtAnyStepWithTheSameBytes) {
  const auto undisturbed = loader(lively());
  std::vector<Batch> batches;
  for (int i = 0; i < 10; ++i) batches.push_back(undisturbed->next());
  const auto resumed = loader(lively());
  (void)resumed->next();
  for (const int step : {7, 2, 9, 0, 1}) {
    resumed->seek(step);
    EXPECT_EQ(resumed->position(), step);
    EXPECT_TRUE(same(resumed->next(), batches[static_cast<std::size_t>(step)])) << step;
    EXPECT_EQ(resumed->position(), step + 1);
  }
}

TEST_F(LoaderTest, AnotherSeedGivesAnotherOrderAndOtherPixels) {
  LoaderOptions options = lively();
  const Batch first = loader(options)->make(0);
  options.seed = 43;
  const Batch second = loader(options)->make(0);
  EXPECT_NE(first.pictures, second.pictures);
  EXPECT_NE(first.images, second.images);
}

TEST_F(LoaderTest, RowsAreNeverEmptyAndPadsComeLast) {
  LoaderOptions options = lively();
  options.max_tokens = 3;
  const auto batches = loader(options);
  for (int step = 0; step < 20; ++step) {
    const Batch batch = batches->next();
    for (std::size_t row = 0; row < batch.lengths.size(); ++row) {
      ASSERT_GE(batch.lengths[row], 1);
      ASSERT_LE(batch.lengths[row], 3);
      for (std::int32_t i = 0; i < 3; ++i) {
        ASSERT_EQ(batch.tokens[row * 3 + static_cast<std::size_t>(i)] != kPadToken, i < batch.lengths[row]);
      }
    }
  }
}

TEST_F(LoaderTest, CaptionsAreNamesOrKeywordsInTheAskedProportion) {
  LoaderOptions options = lively();
  options.batch_size = 500;
  const auto batches = loader(options);
  const Batch batch = batches->make(0);
  int names = 0;
  for (std::size_t row = 0; row < 500; ++row) {
    const auto begin = batch.tokens.begin() + static_cast<std::ptrdiff_t>(row) * batch.max_tokens;
    const std::string text = batches->tokenizer().decode({begin, begin + batch.lengths[row]});
    names += text.starts_with("circle number") ? 1 : 0;
    EXPECT_TRUE(text.starts_with("circle number") || text.find("round") != std::string::npos || text == "shape")
        << text;
  }
  EXPECT_NEAR(names, 300, 50);
}

TEST_F(LoaderTest, PixelsStayInRangeAndUseIt) {
  const Batch batch = loader(lively())->make(3);
  const auto [low, high] = std::ranges::minmax(batch.images);
  EXPECT_GE(low, -1);
  EXPECT_LE(high, 1);
  EXPECT_GT(high - low, 1);
}

TEST_F(LoaderTest, WithoutAugmentationEqualsTheEvaluationPicture) {
  LoaderOptions options = lively();
  options.augmentation = {};
  options.batch_size = 30;
  const Batch training = loader(options)->make(0);
  const auto evaluation = value_or_throw(EvaluationSet::create(dataset_, options));
  const Batch plain = evaluation.batch(0);
  const std::size_t size = 32 * 32 * 3;
  std::map<std::int32_t, std::size_t> rows;
  for (std::size_t row = 0; row < 30; ++row) rows[plain.pictures[row]] = row;
  for (std::size_t row = 0; row < 30; ++row) {
    const auto first = training.images.begin() + static_cast<std::ptrdiff_t>(row * size);
    const auto second = plain.images.begin() + static_cast<std::ptrdiff_t>(rows.at(training.pictures[row]) * size);
    EXPECT_TRUE(std::equal(first, first + static_cast<std::ptrdiff_t>(size), second));
  }
}

TEST_F(LoaderTest, EvaluationCoversTheSelectionInOrderWithAShortLastBatch) {
  LoaderOptions options;
  options.selection.styles = {"outline"};
  options.batch_size = 4;
  const auto set = value_or_throw(EvaluationSet::create(dataset_, options));
  EXPECT_EQ(set.size(), 15);
  EXPECT_EQ(set.batches(), 4);
  EXPECT_EQ(set.caption(2), "circle number 2");
  std::vector<std::int32_t> pictures;
  for (std::int64_t i = 0; i < set.batches(); ++i) {
    const Batch batch = set.batch(i);
    EXPECT_EQ(batch.images.size(), batch.pictures.size() * 32 * 32 * 3);
    pictures.insert(pictures.end(), batch.pictures.begin(), batch.pictures.end());
  }
  EXPECT_EQ(pictures.size(), 15U);
  EXPECT_TRUE(std::ranges::is_sorted(pictures));
  // The corner of a drawing on white is white.
  EXPECT_FLOAT_EQ(set.batch(0).images[2 * 32 * 3 - 1], 1);
}

TEST_F(LoaderTest, RefusesOptionsThatCannotWork) {
  LoaderOptions options;
  options.batch_size = 0;
  EXPECT_THAT(Loader::create(dataset_, options).error().message(), HasSubstr("batch size is 0"));
  options = {};
  options.selection.language = "xx";
  EXPECT_THAT(Loader::create(dataset_, options).error().message(), HasSubstr("en, ja"));
  options = {};
  options.selection.groups = {"none"};
  EXPECT_EQ(Loader::create(dataset_, options).error().kind, ErrorKind::invalid_input);
}

// The texts and pictures of rows, whatever the order of the rows.
std::multiset<std::pair<std::vector<std::int32_t>, std::vector<float>>> content(const Batch& batch) {
  std::multiset<std::pair<std::vector<std::int32_t>, std::vector<float>>> out;
  const std::size_t pixels = batch.images.size() / batch.lengths.size();
  const auto tokens = static_cast<std::size_t>(batch.max_tokens);
  for (std::size_t row = 0; row < batch.lengths.size(); ++row) {
    const auto text = std::span(batch.tokens).subspan(row * tokens, tokens);
    const auto image = std::span(batch.images).subspan(row * pixels, pixels);
    out.insert({{text.begin(), text.end()}, {image.begin(), image.end()}});
  }
  return out;
}

LoaderOptions grouped(LoaderOptions options, int micro_batches) {
  for (int tokens = 1; tokens <= options.max_tokens; ++tokens) options.row_cost.push_back(10 + tokens);
  options.micro_batches = micro_batches;
  return options;
}

TEST_F(LoaderTest, GroupsTheRowsThatWereDrawnByTheLengthOfTheirTexts) {
  LoaderOptions options = lively();
  options.batch_size = 12;
  const auto plain = loader(options), by_length = loader(grouped(options, 4));
  std::int64_t read = 0, longest = 0;
  for (int step = 0; step < 10; ++step) {
    const Batch drawn = plain->make(step), batch = by_length->make(step);
    EXPECT_TRUE(content(drawn) == content(batch)) << step;
    EXPECT_EQ(drawn.tokens_of(drawn.all()), options.max_tokens);
    EXPECT_EQ(batch.tokens_of(batch.all()), std::ranges::max(batch.lengths));
    longest += batch.tokens_of(batch.all());
    for (std::int64_t group = 0; group < 4; ++group) {
      const Rows rows{3 * group, 3};
      const auto own = std::span(batch.lengths).subspan(static_cast<std::size_t>(rows.first), 3);
      EXPECT_EQ(batch.tokens_of(rows), std::ranges::max(own));
      read += batch.tokens_of(rows);
    }
  }
  EXPECT_LT(read, 4 * longest) << "texts are so alike that grouping them does nothing";
}

TEST_F(LoaderTest, GivesReplicasTheRowsOfOneGroupedBatch) {
  LoaderOptions options = grouped(lively(), 4);
  const auto whole = loader(options);
  for (const Share share : {Share{0, 2}, Share{1, 2}, Share{3, 4}, Share{0, 4, 3}}) {
    options.share = share;
    const auto own = loader(options);
    for (int step = 0; step < 5; ++step) {
      const Batch all = whole->make(step), part = own->make(step);
      const std::int64_t first = 8 / share.count * share.index;
      ASSERT_EQ(part.size, 8 / share.count * share.runs);
      EXPECT_TRUE(std::ranges::equal(
          part.pictures, std::span(all.pictures).subspan(static_cast<std::size_t>(first), part.pictures.size())));
      EXPECT_EQ(part.tokens_of(part.all()), all.tokens_of({first, part.size}));
    }
  }
}

TEST_F(LoaderTest, RefusesGroupsThatABatchCannotBeDividedInto) {
  for (const auto& [micro_batches, shares, known] : {std::tuple(3, 1, 12), {2, 4, 12}, {4, 4, 11}, {0, 1, 12}}) {
    LoaderOptions options = grouped(lively(), micro_batches);
    options.share.count = shares;
    options.row_cost.resize(static_cast<std::size_t>(known));
    EXPECT_THAT(Loader::create(dataset_, options).error().message(), HasSubstr("cannot be grouped"));
  }
}

TEST_F(LoaderTest, CanBeThrownAwayWhileWorkersAreBusy) {
  LoaderOptions options = lively();
  options.workers = 3;
  for (int i = 0; i < 20; ++i) {
    const auto batches = loader(options);
    if (i % 2 == 0) (void)batches->next();
    batches->seek(i * 5);
  }
}

TEST(Permutation, IsABijectionForAnySize) {
  for (const std::uint64_t size : {1U, 2U, 3U, 17U, 64U, 541U, 1000U}) {
    std::set<std::uint64_t> seen;
    const KeyedPermutation order(size, 9, 4);
    for (std::uint64_t i = 0; i < size; ++i) seen.insert(order(i));
    EXPECT_EQ(seen.size(), size);
    EXPECT_LT(*seen.rbegin(), size);
  }
}

TEST(Permutation, PutsEveryElementEverywhereOverTheEpochs) {
  // Chi-squared of 10 positions over 5,000 epochs, 9 degrees of freedom: 33.7 is exceeded once in ten thousand.
  int counts[10] = {};
  for (std::uint64_t epoch = 0; epoch < 5000; ++epoch) ++counts[KeyedPermutation(10, 1, epoch)(3)];
  double chi = 0;
  for (const int count : counts) chi += (count - 500.0) * (count - 500.0) / 500.0;
  EXPECT_LT(chi, 33.7);
}

}  // namespace
}  // namespace athanor::data
