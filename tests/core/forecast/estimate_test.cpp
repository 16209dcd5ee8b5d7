// The sums that predictions of several ranks are made of.
#include "core/assembly/assembly.h"
#include "core/forecast/facts.h"
#include "core/forecast/layouts.h"
#include "core/forecast/ranks.h"
#include "core/observe/process.h"
#include "tests/core/train/tiny.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::runner {
namespace {

using testing::ElementsAre;

constexpr DrySizes kSizes{.vocabulary = 500, .test_pictures = 32};

recipe::Recipe with(const std::vector<std::string>& assignments) {
  recipe::Recipe recipe = train::tiny_recipe();
  recipe.set("train.threads", std::int64_t{1});
  for (const std::string& assignment : assignments)
    EXPECT_FALSE(recipe::apply_override(recipe, assignment)) << assignment;
  return recipe;
}

recipe::Prediction filled(const recipe::Recipe& recipe, const RankSetting& setting,
                          const std::function<void(const DryRun&, int)>& see = {}) {
  const DryWorld world = dry_world(recipe, kSizes);
  recipe::Prediction out;
  fill_ranks(out, world, dry_run(world), setting, see);
  return out;
}

std::int64_t share_of(const recipe::Prediction& prediction, std::string_view owner) {
  for (const recipe::MemoryShare& share : prediction.memory)
    if (share.owner == owner) return share.bytes;
  return 0;
}

std::vector<std::string> names_of(const recipe::Prediction& prediction) {
  std::vector<std::string> out;
  for (const recipe::RankNeed& need : prediction.ranks) out.push_back(need.ranks);
  return out;
}

TEST(FillRanks, SumsUpTheRankThatNeedsMostAndAllOfThem) {
  const recipe::Recipe recipe =
      with({"parallel.data=2", "parallel.pipeline=2", "parallel.micro_batches=4", "model.text_width=64"});
  const RankSetting setting{.data_bytes = 1000, .copies = 2, .keeps_state = true, .program_bytes = 5000};
  double flops = 0;
  std::int64_t saved = 0, most = 0, all = 0;
  int ranks = 0;
  const recipe::Prediction told = filled(recipe, setting, [&](const DryRun& dry, int count) {
    flops += count * dry.step_flops();
    saved += count * dry.checkpoint_bytes;
    ranks += count;
    const std::int64_t bytes = static_cast<std::int64_t>(dry.memory.peak_reserved_bytes) + 1000 + 5000 +
                               dry.exchange_bytes + 2 * dry.checkpoint_bytes + dry.kept_bytes;
    most = std::max(most, bytes);
    all += count * bytes;
  });
  EXPECT_EQ(ranks, 4);
  EXPECT_EQ(told.flops_per_step, flops);
  EXPECT_EQ(told.checkpoint_bytes, saved);
  EXPECT_EQ(told.peak_memory_bytes, most);
  EXPECT_EQ(memory_of_all(told), all);
  EXPECT_EQ(share_of(told, "program"), 5000);
  std::int64_t shares = 0, wire = 0;
  for (const recipe::MemoryShare& share : told.memory) shares += share.bytes;
  for (const recipe::AxisTraffic& axis : told.wire) wire += axis.bytes;
  EXPECT_EQ(shares, told.peak_memory_bytes);
  EXPECT_EQ(wire, told.bytes_on_wire_per_step);
  EXPECT_EQ(std::accumulate(told.ranks.begin(), told.ranks.end(), 0,
                            [](int sum, const recipe::RankNeed& need) { return sum + need.count; }),
            4);
}

TEST(FillRanks, CountEachStateOnceInTheCheckpointThatAllWrite) {
  const auto checkpoint = [](const std::vector<std::string>& more) { return filled(with(more), {}).checkpoint_bytes; };
  const std::int64_t one = checkpoint({});
  EXPECT_GT(one, 0);
  EXPECT_EQ(checkpoint({"parallel.data=2", "parallel.micro_batches=2"}), one);
  EXPECT_EQ(checkpoint({"parallel.data=4", "parallel.micro_batches=4", "parallel.shard=parameters"}), one);
  EXPECT_EQ(checkpoint({"parallel.tensor=2"}), one);
  EXPECT_EQ(checkpoint({"parallel.pipeline=2", "parallel.micro_batches=2"}), one);
  EXPECT_EQ(checkpoint({"parallel.data=2", "parallel.tensor=2", "parallel.pipeline=2", "parallel.micro_batches=4"}),
            one);
}

TEST(FillRanks, TellOfRanksWithTheSameNeedsTogether) {
  EXPECT_THAT(names_of(filled(with({}), {})), ElementsAre("0"));
  // The first judges alone and saves; the last has the shortest pieces.
  const recipe::Prediction six =
      filled(with({"parallel.data=6", "data.batch_size=36", "parallel.micro_batches=6"}), {.copies = 1});
  EXPECT_EQ(names_of(six).front(), "0");
  EXPECT_GE(six.ranks[1].count, 4);
  // Of two replicas of two shards the first replica saves, and its first shard more.
  const recipe::Prediction cube =
      filled(with({"parallel.data=2", "parallel.tensor=2", "parallel.micro_batches=2"}), {.copies = 1});
  EXPECT_EQ(names_of(cube).front(), "0");
  EXPECT_EQ(names_of(cube)[1], "1");
}

TEST(FillRanks, KeepInMemoryWhatRanksShareUnlessTheRecipeSaysOtherwise) {
  const RankSetting run{.keeps_state = true};
  const std::vector<std::string> shared = {"parallel.tensor=2"};
  EXPECT_GT(share_of(filled(with(shared), run), "checkpoint"), 0);
  EXPECT_EQ(share_of(filled(with({"parallel.tensor=2", "checkpoint.in_memory=false"}), run), "checkpoint"), 0);
  EXPECT_EQ(share_of(filled(with(shared), {}), "checkpoint"), 0) << "a measurement keeps nothing";
  EXPECT_EQ(share_of(filled(with({"parallel.data=2", "parallel.micro_batches=2"}), run), "checkpoint"), 0);
}

TEST(Bubble, IsNoneOfOneStageAndShrinksWithMicroBatches) {
  const auto bubble = [](const std::vector<std::string>& more) {
    const recipe::Recipe recipe = with(more);
    return predict_schedule(dry_world(recipe, kSizes)).bubble;
  };
  EXPECT_EQ(bubble({}), 0);
  const std::string stages = "parallel.pipeline=2";
  const double few = bubble({stages, "parallel.micro_batches=2"}), many = bubble({stages, "parallel.micro_batches=16"});
  EXPECT_GT(few, many);
  EXPECT_GT(many, 0);
  EXPECT_LT(few, 1);
  // A replica's micro-batches count, not those of all.
  EXPECT_NEAR(bubble({stages, "parallel.data=2", "parallel.micro_batches=4"}), few, 1e-12);
}

TEST(Waiting, IsOfTheBubbleOrOfTheCoresThatRanksShareWhicheverIsLonger) {
  const recipe::Recipe alone = with({});
  EXPECT_EQ(waiting(alone, 0), 1);
  EXPECT_NEAR(waiting(alone, 0.5), 2, 1e-12);
  const recipe::Recipe many = with({"parallel.data=32", "data.batch_size=32", "parallel.micro_batches=32"});
  const double crowd = 32.0 / observe::machine().cores;
  EXPECT_NEAR(waiting(many, 0), std::max(1.0, crowd), 1e-12);
  EXPECT_NEAR(waiting(many, 0.999), std::max(1000.0, crowd), 1e-6);
}

TEST(ExchangeSeconds, AreTheBytesAndMessagesOfAllAxesByWhatTheLinkTakesForEach) {
  const std::vector<recipe::AxisTraffic> wire = {{"data", 1000, 3}, {"tensor", 500, 10}};
  EXPECT_DOUBLE_EQ(exchange_seconds(wire, {.seconds_per_byte = 1e-3, .seconds_per_message = 0.1}), 1.5 + 1.3);
  EXPECT_EQ(exchange_seconds({}, {.seconds_per_byte = 1, .seconds_per_message = 1}), 0);
}

}  // namespace
}  // namespace athanor::runner
