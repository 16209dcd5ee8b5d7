#include "core/forecast/dry_run.h"
#include "core/train/nonfinite.h"
#include "tests/core/distributed/trained.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

namespace athanor {
namespace {

// Large enough that single arrays are cut, with clipping at work in every step.
recipe::Recipe recipe_of(int replicas, int micro_batches, const char* shard, const char* format = "fp32") {
  recipe::Recipe recipe = recipe_for(replicas, micro_batches, format);
  recipe.set("parallel.shard", std::string(shard));
  recipe.set("model.text_width", std::int64_t{32});
  recipe.set("train.clip_norm", 0.2);
  return recipe;
}

class Sharded : public testing::TestWithParam<const char*> {};

TEST_P(Sharded, StateLeavesTheBitsOfOneProcessAfterAHundredSteps) {
  for (const char* optimizer : {"adamw", "sgd"}) {
    const auto with = [&](int replicas, int micro_batches, const char* shard) {
      recipe::Recipe recipe = recipe_of(replicas, micro_batches, shard);
      recipe.set("train.optimizer", std::string(optimizer));
      if (micro_batches % 3 == 0) recipe.set("data.batch_size", std::int64_t{36});
      return recipe;
    };
    const Trace alone = train_ranks(with(1, 4, "none"), 100).front();
    ASSERT_EQ(alone.losses.size(), 100U);
    EXPECT_GT(alone.norms.back(), 0.2);  // clipped
    for (const int replicas : {2, 4})
      expect_same(together(train_ranks(with(replicas, 4, GetParam()), 100)), alone,
                  fmt::format("{} on {} replicas: ", optimizer, replicas));
    expect_same(together(train_ranks(with(3, 3, GetParam()), 100)), train_ranks(with(1, 3, "none"), 100).front(),
                fmt::format("{} on 3 replicas: ", optimizer));
  }
}

TEST_P(Sharded, StateIsRefusedByAllReplicasWhereAGradientIsNotFinite) {
  recipe::Recipe recipe = recipe_of(2, 2, GetParam());
  recipe.set("train.learning_rate", 1.0e30);
  recipe.set("train.warmup_steps", std::int64_t{0});
  recipe.set("train.clip_norm", 0.0);
  EXPECT_THROW((void)train_ranks(recipe, 20), Failure);
}

INSTANTIATE_TEST_SUITE_P(Levels, Sharded, testing::Values("optimizer", "gradients", "parameters"),
                         [](const auto& level) { return std::string(level.param); });

TEST(ShardedUpdate, LooksForWhatIsNotFiniteAmongParametersThatAreInParts) {
  const recipe::Recipe recipe = recipe_of(2, 2, "parameters");
  comm::run_threads(2, {}, [&](comm::Group& group) {
    runner::Assembly parts = runner::assemble(recipe, train::prepared_data(), {}, group.world().rank());
    runner::join(parts, recipe, group);
    const std::vector<Parameter>& parameters = parts.model->named_parameters();
    const auto in_parts = [](const Parameter& parameter) { return parameter->value.vacant(); };
    EXPECT_TRUE(std::ranges::any_of(parameters, in_parts));
    EXPECT_EQ(train::first_nonfinite_value(*parts.context, parameters), "");
  });
}

TEST(ShardedUpdate, CombinesWithGradientsInFewerBits) {
  for (const char* format : {"bf16", "fp8", "int8"})
    expect_same(together(train_ranks(recipe_of(2, 2, "optimizer", format), 20)),
                train_ranks(recipe_of(2, 2, "none", format), 20).front(), format);
}

std::int64_t peak(const recipe::Recipe& recipe, MemoryTag tag) {
  const runner::DryRun dry = runner::dry_run(recipe, {.vocabulary = 1000, .test_pictures = 0});
  return static_cast<std::int64_t>(dry.memory.most_by_tag[static_cast<std::size_t>(tag)]);
}

TEST(ShardedUpdate, HoldsThePartOfTheMemoryThatItsLevelPromises) {
  constexpr std::int64_t kUnitBytes = 4 * parallel::kFlatUnit;
  for (const int replicas : {2, 4}) {
    const auto with = [&](const char* shard) {
      recipe::Recipe recipe = recipe_of(replicas, replicas, shard);
      recipe.set("model.text_width", std::int64_t{256});
      recipe.set("model.text_depth", std::int64_t{16});
      return recipe;
    };
    const std::int64_t state = peak(with("none"), MemoryTag::optimizer);
    const std::int64_t gradients = peak(with("none"), MemoryTag::gradients);
    EXPECT_GT(gradients, 30'000'000);
    // m and v of a unit more than the even share.
    EXPECT_LE(peak(with("optimizer"), MemoryTag::optimizer), state / replicas + 2 * kUnitBytes + 4096);
    EXPECT_LE(peak(with("gradients"), MemoryTag::optimizer), state / replicas + 2 * kUnitBytes + 4096);
    // Of parameters, which the beginning makes whole: what is left between steps, and what is at work when most is.
    const auto parameters = [&](const char* shard) {
      return runner::dry_run(with(shard), {.vocabulary = 1000, .test_pictures = 0}).memory;
    };
    const auto tag = static_cast<std::size_t>(MemoryTag::parameters);
    const auto all = static_cast<std::int64_t>(parameters("none").by_tag[tag]);
    const MemoryStats cut = parameters("parameters");
    EXPECT_LE(static_cast<std::int64_t>(cut.by_tag[tag]), all / replicas + kUnitBytes + (1 << 18));
    EXPECT_LE(static_cast<std::int64_t>(cut.by_tag_at_peak[tag]), all / replicas + kUnitBytes + (7 << 20));
    EXPECT_LE(peak(with("parameters"), MemoryTag::gradients), gradients / replicas + kUnitBytes + (6 << 20));
    // Beside the share what waits to be sent, and the array at work.
    EXPECT_LE(peak(with("gradients"), MemoryTag::gradients), gradients / replicas + kUnitBytes + (6 << 20));
  }
}

}  // namespace
}  // namespace athanor
