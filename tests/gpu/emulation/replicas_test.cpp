// Ranks that train one model, each on an emulated device: with the bits of one process, whether they share a device or
// have one each, between which the emulated NCCL carries what they exchange.
#include "core/assembly/gpus.h"
#include "core/forecast/dry_run.h"
#include "tests/core/distributed/trained.h"
#include "tests/gpu/emulation/nccl.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <sstream>

namespace athanor::runner {
namespace {

int devices = 8;

}  // namespace

// In place of the build's own, which has none.
std::vector<Gpu> gpus() {
  std::vector<Gpu> all;
  for (int i = 0; i < devices; ++i)
    all.push_back({"an emulated device", std::int64_t{1} << 34, fmt::format("{}", i), 9, 0});
  return all;
}
std::string why_no_gpu() { return ""; }

}  // namespace athanor::runner

namespace athanor {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;

constexpr std::int64_t kSteps = 2;

recipe::Recipe on_devices(int replicas, const std::vector<std::string>& more = {}) {
  recipe::Recipe recipe = recipe_for(replicas, 4);
  for (const char* assignment : {"train.device=cuda", "data.batch_size=4", "train.clip_norm=0.5"})
    EXPECT_FALSE(recipe::apply_override(recipe, assignment)) << assignment;
  for (const std::string& assignment : more) EXPECT_FALSE(recipe::apply_override(recipe, assignment)) << assignment;
  return recipe;
}

struct Trained {
  std::vector<Trace> ranks;
  long long carried = 0;  // bytes, by NCCL
  std::vector<std::string> through_host;
};

// Takes this many devices for the ranks.
Trained train_on(int count, const recipe::Recipe& recipe, const std::vector<std::int64_t>& shares = {},
                 std::int64_t steps = kSteps) {
  runner::devices = count;
  const auto before = emulation::nccl_counts();
  Trained out;
  std::mutex mutex;
  out.ranks =
      train_ranks(recipe, steps, shares, [&](runner::Assembly& assembly, train::Parts&, train::Plan&, train::Ports&) {
        const std::lock_guard lock(mutex);
        if (assembly.peers) out.through_host.push_back(assembly.peers->through_host);
      });
  out.carried = emulation::nccl_counts().bytes - before.bytes;
  EXPECT_EQ(emulation::nccl_counts().aborted, before.aborted) << "a link did not end with its other ends";
  return out;
}

class ReplicasOnDevices : public ::testing::Test {
 protected:
  ~ReplicasOnDevices() override { EXPECT_EQ(emulation::nccl_counts().ends, 0) << "an end of a link is left"; }
};

TEST_F(ReplicasOnDevices, HaveTheBitsOfOneProcess) {
  const Trace alone = train_on(1, on_devices(1)).ranks.front();
  ASSERT_EQ(alone.losses.size(), static_cast<std::size_t>(kSteps));
  for (const int replicas : {2, 4}) {
    const Trained trained = train_on(replicas, on_devices(replicas));
    EXPECT_THAT(trained.through_host, Each(""));
    EXPECT_GT(trained.carried, 0);
    for (const Trace& trace : trained.ranks) EXPECT_TRUE(trace == alone) << replicas << " replicas";
  }
  for (const std::vector<std::int64_t>& shares : {std::vector<std::int64_t>{1, 3}})
    for (const Trace& trace : train_on(2, on_devices(2), shares).ranks) EXPECT_TRUE(trace == alone) << "unequal shares";
}

TEST_F(ReplicasOnDevices, ThatShareOneGoThroughTheHostAndSaySo) {
  const Trained apart = train_on(2, on_devices(2)), together = train_on(1, on_devices(2));
  EXPECT_THAT(together.through_host, Each("ranks share a GPU, or one has none"));
  EXPECT_EQ(together.carried, 0);
  for (std::size_t rank = 0; rank < 2; ++rank) EXPECT_TRUE(together.ranks[rank] == apart.ranks[rank]);
}

TEST_F(ReplicasOnDevices, ThatShareTheStateHaveTheBitsOfOneProcess) {
  const Trace alone = train_on(1, on_devices(1)).ranks.front();
  for (const char* level : {"optimizer", "gradients", "parameters"}) {
    const recipe::Recipe recipe = on_devices(2, {fmt::format("parallel.shard={}", level)});
    const Trained apart = train_on(2, recipe), shared = train_on(1, recipe);
    EXPECT_GT(apart.carried, 0);
    EXPECT_EQ(shared.carried, 0);
    expect_same(together(apart.ranks), alone, level);
    expect_same(together(shared.ranks), alone, level);
  }
}

// Of layers with several large arrays, more than are there at once.
TEST_F(ReplicasOnDevices, PutLargeParametersTogetherWhileTheyAreAtWork) {
  const std::vector<std::string> large = {"model.text_width=96", "model.text_depth=3"};
  const Trace alone = train_on(1, on_devices(1, large)).ranks.front();
  recipe::Recipe recipe = on_devices(2, large);
  recipe.set("parallel.shard", std::string("parameters"));
  expect_same(together(train_on(2, recipe).ranks), alone, "parameters");
}

TEST_F(ReplicasOnDevices, ThatHavePartsOfLayersHaveTheBitsOfThoseThatGoThroughTheHost) {
  for (const char* precision : {"fp32", "bf16"}) {
    const recipe::Recipe recipe =
        on_devices(1, {"parallel.tensor=2", fmt::format("precision.policy={}", precision), "parallel.sequence=true"});
    const Trained apart = train_on(2, recipe), together = train_on(1, recipe);
    EXPECT_GT(apart.carried, 0);
    EXPECT_EQ(together.carried, 0);
    for (std::size_t rank = 0; rank < 2; ++rank) EXPECT_TRUE(together.ranks[rank] == apart.ranks[rank]) << precision;
  }
}

// Stages on a device each, and on one that they share; with replicas, too.
TEST_F(ReplicasOnDevices, ThatAreStagesHaveTheBitsOfOneProcess) {
  const Trace alone = train_on(1, on_devices(1)).ranks.front();
  for (const char* schedule : {"1f1b", "zb-v"}) {
    const recipe::Recipe recipe = on_devices(1, {"parallel.pipeline=2", fmt::format("parallel.schedule={}", schedule)});
    const Trained apart = train_on(2, recipe), shared = train_on(1, recipe);
    EXPECT_GT(apart.carried, 0);
    EXPECT_EQ(shared.carried, 0);
    expect_same(together(apart.ranks), alone, schedule);
    expect_same(together(shared.ranks), alone, schedule);
  }
  expect_same(together(train_on(4, on_devices(2, {"parallel.pipeline=2"})).ranks), alone, "of two replicas");
}

TEST_F(ReplicasOnDevices, TakeStepsAheadWithTheSameBits) {
  constexpr std::int64_t kMore = 4;
  const Trace alone = train_on(1, on_devices(1), {}, kMore).ranks.front();
  runner::devices = 2;
  const auto ranks = train_ranks(on_devices(1, {"parallel.pipeline=2", "parallel.schedule=zb-v"}), kMore, {},
                                 [](runner::Assembly&, train::Parts& parts, train::Plan& plan, train::Ports&) {
                                   parts.steps_ahead = true;
                                   plan.ahead_after = 0;
                                 });
  for (const Trace& trace : ranks) EXPECT_GT(trace.ahead.taken, 0);
  expect_same(together(ranks), alone, "ahead");
}

// Coded on the host; rows of the batch still go from device to device.
TEST_F(ReplicasOnDevices, SendGradientsInNarrowFormatsThroughTheHost) {
  recipe::Recipe recipe = on_devices(2);
  recipe.set("parallel.gradient_format", std::string("fp8"));
  const Trained apart = train_on(2, recipe), together = train_on(1, recipe);
  EXPECT_GT(apart.carried, 0);
  for (std::size_t rank = 0; rank < 2; ++rank) EXPECT_TRUE(together.ranks[rank] == apart.ranks[rank]);
}

// What is put together for NCCL lies on the device, too. The probes of an evaluation are not rehearsed.
TEST_F(ReplicasOnDevices, TakeTheMemoryThatWasPredicted) {
  const auto near = [](std::size_t bytes, double share) {
    return DoubleNear(static_cast<double>(bytes), share * static_cast<double>(bytes));
  };
  for (const char* layout : {"data=1", "data=2", "data=2 shard=optimizer", "data=2 shard=gradients",
                             "data=2 shard=parameters", "pipeline=2", "data=2 pipeline=2", "tensor=2 sequence=true"}) {
    SCOPED_TRACE(layout);
    recipe::Recipe recipe = on_devices(1);
    std::istringstream words(layout);
    for (std::string word; words >> word;) EXPECT_FALSE(recipe::apply_override(recipe, "parallel." + word)) << word;
    if (recipe.integer("parallel.tensor") > 1) recipe.set("precision.policy", std::string("bf16"));
    const int ranks = parallel::world_size(runner::mesh_of(recipe));
    runner::devices = ranks;
    const runner::DrySizes sizes{.vocabulary = runner::vocabulary_of(recipe, *train::prepared_data()),
                                 .test_pictures = 60};
    std::vector<MemoryStats> predicted;
    for (int rank = 0; rank < ranks; ++rank) predicted.push_back(runner::dry_run(recipe, sizes, rank).memory);
    const Trained trained = train_on(ranks, recipe, {}, 3);
    for (std::size_t rank = 0; rank < predicted.size(); ++rank) {
      const MemoryStats& found = trained.ranks[rank].memory;
      EXPECT_THAT(static_cast<double>(found.peak_bytes), near(predicted[rank].peak_bytes, 1e-4)) << rank;
      EXPECT_THAT(static_cast<double>(found.peak_reserved_bytes), near(predicted[rank].peak_reserved_bytes, 6e-3))
          << rank;
    }
  }
}

}  // namespace
}  // namespace athanor
