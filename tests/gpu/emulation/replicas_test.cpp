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
  for (const char* assignment : {"train.device=cuda", "data.batch_size=8", "train.clip_norm=0.5"})
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
Trained train_on(int count, const recipe::Recipe& recipe, const std::vector<std::int64_t>& shares = {}) {
  runner::devices = count;
  const long long before = emulation::nccl_counts().bytes;
  Trained out;
  std::mutex mutex;
  out.ranks =
      train_ranks(recipe, kSteps, shares, [&](runner::Assembly& assembly, train::Parts&, train::Plan&, train::Ports&) {
        const std::lock_guard lock(mutex);
        if (assembly.peers) out.through_host.push_back(assembly.peers->through_host);
      });
  out.carried = emulation::nccl_counts().bytes - before;
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
  EXPECT_THAT(together.through_host, Each("ranks share a GPU"));
  EXPECT_EQ(together.carried, 0);
  for (std::size_t rank = 0; rank < 2; ++rank) EXPECT_TRUE(together.ranks[rank] == apart.ranks[rank]);
}

TEST_F(ReplicasOnDevices, ThatShareTheStateHaveTheBitsOfOneProcess) {
  const Trace alone = train_on(1, on_devices(1)).ranks.front();
  for (const char* level : {"optimizer", "gradients", "parameters"}) {
    const Trained trained = train_on(2, on_devices(2, {fmt::format("parallel.shard={}", level)}));
    EXPECT_GT(trained.carried, 0);
    expect_same(together(trained.ranks), alone, level);
  }
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
  for (const int replicas : {1, 2})
    for (const char* level : {"none", "optimizer", "gradients", "parameters"}) {
      if (replicas == 1 && std::string(level) != "none") continue;
      const recipe::Recipe recipe = on_devices(replicas, {fmt::format("parallel.shard={}", level)});
      runner::devices = replicas;
      const std::int64_t vocabulary = runner::vocabulary_of(recipe, *train::prepared_data());
      const auto predicted = runner::dry_run(recipe, {.vocabulary = vocabulary, .test_pictures = 60}).memory;
      const MemoryStats found = train_on(replicas, recipe).ranks.front().memory;
      const auto near = [](std::size_t bytes, double share) {
        return DoubleNear(static_cast<double>(bytes), share * static_cast<double>(bytes));
      };
      EXPECT_THAT(static_cast<double>(found.peak_bytes), near(predicted.peak_bytes, 1e-4)) << replicas << " " << level;
      EXPECT_THAT(static_cast<double>(found.peak_reserved_bytes), near(predicted.peak_reserved_bytes, 2e-3))
          << replicas << " " << level;
    }
}

}  // namespace
}  // namespace athanor
