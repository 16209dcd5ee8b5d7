// What is predicted of each rank, held against runs of all of them.
#include "core/forecast/ranks.h"

#include "core/assembly/holder.h"
#include "core/comm/group.h"
#include "core/data/captions.h"
#include "core/distributed/state_copy.h"
#include "core/forecast/dry_run.h"
#include "core/parallel/simulate.h"
#include "core/train/trainer.h"
#include "tests/core/train/tiny.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::runner {
namespace {

using BytesByAxis = std::map<std::string, double>;

// What a rank had at most, and sent in its last step but one: a step without evaluation.
struct Seen {
  MemoryStats memory;
  BytesByAxis sent;
  std::optional<std::int64_t> exchange_bytes;  // where gradients go coded
  std::int64_t written_bytes = 0;              // of what it holds, for a checkpoint
  std::int64_t residual_bytes = 0;             // of what coding took away, of it
  std::int64_t kept_bytes = 0;                 // of what it holds, in memory that outlives it
  bool is_shared = false;                      // each writes its own
};

constexpr std::int64_t kNumber = sizeof(float);

// Of the one axis that there is, or of each.
BytesByAxis sent_in(const journal::MetricSamples& figures, const parallel::Mesh& mesh) {
  BytesByAxis out;
  double sum = 0;
  for (const auto& [name, value] : figures.values) {
    if (name == "comm/sent_bytes") sum = value;
    for (const char* axis : {"data", "tensor", "pipeline"})
      if (name == std::string("comm/") + axis + "_bytes") out[axis] = value;
  }
  if (out.empty() && parallel::world_size(mesh) > 1)
    out[mesh.data > 1 ? "data" : mesh.tensor > 1 ? "tensor" : "pipeline"] = sum;
  return out;
}

void see_state(Assembly& parts, Seen& out) {
  out.is_shared = parts.is_shared();
  for (const train::Held& held : parts.peers ? written_by(parts) : held_by(parts))
    out.written_bytes += kNumber * volume(held.box.extent);
  std::int64_t numbers = 0;
  for (const train::Held& held : held_by(parts)) numbers += held.tensor.numel();
  out.kept_bytes = out.is_shared ? distributed::StateCopy::bytes_for(numbers) : 0;
  if (!parts.peers || !parts.peers->replicas || parts.peers->replicas->coded() == nullptr) return;
  out.exchange_bytes = parts.peers->replicas->coded()->held_bytes();
  for (const auto& [name, residual] : parts.peers->replicas->coded()->residuals(4))
    out.residual_bytes += kNumber * static_cast<std::int64_t>(residual.sender.size() + residual.owner.size());
}

Seen train_here(const recipe::Recipe& recipe, comm::Group* group, std::int64_t steps = 4) {
  Assembly parts =
      assemble(recipe, train::prepared_data(), {}, group ? std::optional<int>(group->world().rank()) : std::nullopt);
  if (group) join(parts, recipe, *group);
  train::Plan plan = train_plan(recipe);
  plan.steps = steps;
  plan.evaluate_every = plan.checkpoint_every = 0;
  plan.ahead_after = 0;  // from the first step on, as is predicted
  Seen out;
  train::Ports ports;
  ports.tell = [&](const journal::Payload& event) {
    const auto* figures = std::get_if<journal::MetricSamples>(&event);
    if (figures != nullptr && figures->step == 3) out.sent = sent_in(*figures, mesh_of(recipe));
  };
  ports.save = [](std::int64_t) {};
  ports.stop = [] { return false; };
  ports.now_ns = [clock = std::int64_t{0}]() mutable { return clock += 1000; };
  (void)train::Trainer(parts.parts(), plan, ports).run(0);
  out.memory = parts.context->memory();
  see_state(parts, out);
  return out;
}

std::vector<Seen> train_ranks(const recipe::Recipe& recipe) {
  const int count = parallel::world_size(mesh_of(recipe));
  if (count == 1) return {train_here(recipe, nullptr)};
  std::vector<Seen> out(static_cast<std::size_t>(count));
  comm::run_threads(count, {}, [&](comm::Group& group) {
    out[static_cast<std::size_t>(group.world().rank())] = train_here(recipe, &group);
  });
  return out;
}

// What rank 0 writes where it writes alone, or each its own.
std::int64_t copied(const std::vector<Seen>& seen, std::size_t rank) {
  std::int64_t bytes = seen[rank].written_bytes;
  for (std::size_t other = 0; other < seen.size(); ++other)
    if (seen[rank].is_shared ? other == rank : rank == 0) bytes += seen[other].residual_bytes;
  return bytes;
}

constexpr std::array<std::string_view, 3> kOfTowers = {"width", "depth", "heads"};

// "data=2 train.optimizer=sgd": what has no section is of parallel, or of both towers.
recipe::Recipe recipe_of(const std::string& words) {
  recipe::Recipe recipe = train::tiny_recipe();
  const auto set = [&recipe](const std::string& assignment) {
    const auto fault = recipe::apply_override(recipe, assignment);
    EXPECT_FALSE(fault) << assignment;
  };
  for (const char* usual :
       {"train.threads=1", "train.clip_norm=0", "data.batch_size=32", "model.image_width=16", "model.text_width=16"})
    set(usual);
  std::istringstream stream(words);
  for (std::string word; stream >> word;) {
    if (std::ranges::find(kOfTowers, word.substr(0, word.find('='))) != kOfTowers.end()) {
      set("model.image_" + word);
      set("model.text_" + word);
    } else {
      set(word.find('.') < word.find('=') ? word : "parallel." + word);
    }
  }
  return recipe;
}

TEST(DividedLoss, IsLessWorkTheMoreReplicasThereAre) {
  const auto flops = [](int replicas) {
    recipe::Recipe recipe = recipe_of("data.batch_size=2048 micro_batches=4 model.embedding_dim=256");
    recipe.set("parallel.data", std::int64_t{replicas});
    const DryRun dry = dry_run(recipe, {1000, 1000});
    double sum = 0;
    for (const char* op : {"contrastive_loss", "contrastive_loss_grad"})
      for (const auto& [size, count] : dry.step.at(op)) sum += count.flops;
    return sum;
  };
  const double one = flops(1);
  // Own rows and columns are 2 / N - 1 / N^2 of the logits, forward and backward; of both products a gradient takes 1 /
  // N.
  EXPECT_DOUBLE_EQ(flops(2), one * (2 * 0.75 + 2 * 0.5) / 4);
  EXPECT_DOUBLE_EQ(flops(4), one * (2 * 0.4375 + 2 * 0.25) / 4);
}

TEST(SchedulePredictions, LeaveOutOfTheBubbleWhatStepsThatAreTakenAheadGain) {
  const auto dataset = train::prepared_data();
  for (const char* schedule : {"1f1b", "zb-h2"}) {
    const recipe::Recipe recipe = recipe_of(std::string("pipeline=2 micro_batches=4 depth=8 schedule=") + schedule);
    const DryWorld world = dry_world(recipe, {vocabulary_of(recipe, *dataset), 10});
    ASSERT_EQ(world.stages->steps_ahead, schedule == std::string("zb-h2"));
    const auto waiting = value_or_throw(parallel::simulate(world.stages->plan.schedule, world.stages->costs()));
    const recipe::SchedulePrediction predicted = predict_schedule(world);
    const double bubble = predicted.bubble;
    // Every op that computes has its bar, and together they are what the ranks are busy.
    std::size_t ops = 0;
    for (const auto& rank : world.stages->plan.schedule.ranks)
      ops += static_cast<std::size_t>(
          std::ranges::count_if(rank, [](const parallel::Op& op) { return parallel::is_compute(op.kind); }));
    EXPECT_EQ(predicted.bars.size(), ops);
    double busy = 0;
    for (const recipe::ScheduleBar& bar : predicted.bars) busy += bar.end - bar.begin;
    EXPECT_NEAR(busy / 2, waiting.efficiency, 1e-9);
    if (world.stages->steps_ahead) {
      EXPECT_LT(bubble, 1 - waiting.efficiency - 0.01);
    } else {
      EXPECT_EQ(bubble, 1 - waiting.efficiency);
    }
  }
}

// The first batches are rehearsed; later ones have other texts, and now and then a longer one.
TEST(GroupedTexts, NeedTheMemoryThatTheirFirstBatchesNeed) {
  for (const char* words :
       {"micro_batches=4", "data=2 micro_batches=8 width=64", "pipeline=2 micro_batches=8 width=64 schedule=zb-v"}) {
    SCOPED_TRACE(words);
    recipe::Recipe recipe = recipe_of(std::string("data.group_by_length=true data.max_tokens=32 ") + words);
    const auto dataset = train::prepared_data();
    DrySizes sizes{vocabulary_of(recipe, *dataset),
                   static_cast<std::int64_t>(dataset->select(test_selection(recipe))->size())};
    sizes.text_lengths = value_or_throw(data::text_lengths(*dataset, loader_options(recipe)));
    sizes.row_cost = row_costs(recipe);
    const DryRun dry = dry_run(dry_world(recipe, sizes));
    Seen seen;
    const int count = parallel::world_size(mesh_of(recipe));
    if (count == 1) {
      seen = train_here(recipe, nullptr, 40);
    } else {
      comm::run_threads(count, {}, [&](comm::Group& group) {
        Seen own = train_here(recipe, &group, 40);
        if (group.world().rank() == 0) seen = std::move(own);
      });
    }
    const auto measured = static_cast<double>(seen.memory.peak_reserved_bytes);
    EXPECT_NEAR(static_cast<double>(dry.memory.peak_reserved_bytes), measured, 0.05 * measured);
    EXPECT_EQ(dry.memory.of(MemoryTag::parameters), seen.memory.of(MemoryTag::parameters));
    EXPECT_LT(dry.step_flops(), 0.97 * dry_run(recipe, {sizes.vocabulary, sizes.test_pictures}).step_flops());
  }
}

class RankPredictions : public testing::TestWithParam<const char*> {};

TEST_P(RankPredictions, AreTheBytesThatEachRankHoldsSendsAndSaves) {
  const recipe::Recipe recipe = recipe_of(GetParam());
  const auto dataset = train::prepared_data();
  const DryWorld world = dry_world(
      recipe,
      {vocabulary_of(recipe, *dataset), static_cast<std::int64_t>(dataset->select(test_selection(recipe))->size())});
  const std::vector<Seen> seen = train_ranks(recipe);
  for (std::size_t rank = 0; rank < seen.size(); ++rank) {
    SCOPED_TRACE("rank " + std::to_string(rank));
    const DryRun dry = dry_run(world, static_cast<int>(rank));
    const auto measured = static_cast<double>(seen[rank].memory.peak_reserved_bytes);
    EXPECT_NEAR(static_cast<double>(dry.memory.peak_reserved_bytes), measured, 0.02 * measured);
    RecordProperty("rank_" + std::to_string(rank), std::to_string(dry.memory.peak_reserved_bytes) + " predicted, " +
                                                       std::to_string(seen[rank].memory.peak_reserved_bytes) +
                                                       " measured");
    for (const MemoryTag tag : {MemoryTag::parameters, MemoryTag::optimizer})
      EXPECT_EQ(dry.memory.of(tag), seen[rank].memory.of(tag)) << to_string(tag);
    if (const auto& kept = seen[rank].exchange_bytes) {
      EXPECT_EQ(dry.exchange_bytes, *kept);
    }
    EXPECT_EQ(dry.checkpoint_bytes, copied(seen, rank));
    EXPECT_EQ(dry.kept_bytes, seen[rank].kept_bytes);
    BytesByAxis sent;
    for (const AxisCost& cost : dry.axes)
      sent[to_string(cost.axis)] = static_cast<double>(cost.sent.payload_bytes + cost.sent.overhead_bytes);
    EXPECT_EQ(sent, seen[rank].sent);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, RankPredictions,
    testing::Values(
        "data=1", "micro_batches=4", "micro_batches=8 width=64", "train.optimizer=sgd width=64",
        // replicas
        "data=2 micro_batches=2", "data=2 micro_batches=4", "data=2 micro_batches=8 width=64", "data=4 micro_batches=4",
        "data=4 micro_batches=8", "data=3 micro_batches=6 width=48 data.batch_size=36",
        "data=2 micro_batches=2 width=512 data.batch_size=64",
        "data=2 micro_batches=2 width=64 data.batch_size=64 precision.policy=bf16",
        // a loss that they divide
        "data=2 micro_batches=2 data.batch_size=576", "data=3 micro_batches=6 data.batch_size=540",
        "data=4 micro_batches=4 data.batch_size=576 train.loss=sigmoid",
        "data=4 micro_batches=8 data.batch_size=576 gradient_format=fp8 width=128 precision.policy=bf16",
        "data=2 micro_batches=2 data.batch_size=576 shard=parameters",
        "data=2 pipeline=2 micro_batches=4 data.batch_size=576 width=64",
        "tensor=2 data=2 micro_batches=2 data.batch_size=576 width=64",
        // fewer bits on the wire
        "data=2 micro_batches=2 gradient_format=bf16 width=128", "data=2 micro_batches=4 gradient_format=fp8 width=128",
        "data=4 micro_batches=4 gradient_format=int8 width=256",
        "data=3 micro_batches=3 gradient_format=fp8 width=512 data.batch_size=36",
        "data=4 micro_batches=4 gradient_format=fp8 width=64 data.batch_size=64 precision.policy=fp16",
        // stages
        "pipeline=2 micro_batches=4 width=64", "pipeline=2 micro_batches=8 width=64 depth=2 schedule=gpipe",
        "pipeline=2 micro_batches=4 width=64 depth=2 schedule=zb-v",
        "pipeline=4 micro_batches=8 width=64 depth=3 schedule=zb-h1",
        "pipeline=3 micro_batches=6 width=64 depth=3 schedule=interleaved data.batch_size=36",
        "pipeline=2 micro_batches=4 width=128 depth=2 schedule=v-half",
        // steps that are taken ahead
        "pipeline=2 micro_batches=4 width=32 depth=8 schedule=zb-h2",
        "pipeline=2 micro_batches=1 width=256 depth=4 schedule=zb-h2",
        "data=2 pipeline=2 micro_batches=8 width=32 depth=8 schedule=zb-h2 shard=optimizer data.batch_size=64",
        // replicas of stages
        "data=2 pipeline=2 micro_batches=8 width=64 depth=2 data.batch_size=64",
        "data=2 pipeline=2 micro_batches=8 width=128 depth=2 data.batch_size=64 schedule=v-min gradient_format=fp8 "
        "precision.policy=bf16",
        "data=2 pipeline=2 micro_batches=4 width=256 gradient_format=int8",
        "data=3 pipeline=2 micro_batches=6 width=128 gradient_format=bf16 data.batch_size=36 schedule=gpipe",
        // shares of the state
        "data=2 micro_batches=2 width=64 shard=optimizer", "data=4 micro_batches=8 width=128 shard=optimizer",
        "data=2 micro_batches=4 width=256 shard=optimizer gradient_format=fp8",
        "data=2 pipeline=2 micro_batches=4 width=128 shard=optimizer gradient_format=bf16",
        "data=2 micro_batches=2 width=512 shard=gradients",
        "data=3 micro_batches=6 width=128 shard=gradients data.batch_size=36 precision.policy=bf16",
        "data=2 pipeline=2 micro_batches=8 width=64 depth=2 shard=gradients data.batch_size=64",
        "data=2 micro_batches=2 width=64 shard=parameters", "data=2 micro_batches=4 width=256 shard=parameters",
        "data=4 micro_batches=4 width=512 shard=parameters",
        "data=3 micro_batches=3 width=128 shard=parameters data.batch_size=36",
        "data=2 micro_batches=2 width=256 depth=3 shard=parameters precision.policy=bf16",
        // matrices that ranks divide, and the vocabulary with them
        "tensor=2 width=64", "tensor=4 width=64 micro_batches=2 heads=4", "tensor=2 width=256 micro_batches=4 depth=2",
        "tensor=2 width=128 precision.policy=bf16", "tensor=2 width=64 sequence=true",
        "tensor=4 width=128 micro_batches=2 depth=2 heads=4 sequence=true",
        "tensor=3 width=48 heads=3 data.batch_size=36",
        // replicas and stages of them
        "tensor=2 data=2 micro_batches=2 width=64", "tensor=2 data=2 micro_batches=4 width=256 gradient_format=fp8",
        "tensor=2 data=3 micro_batches=3 width=128 data.batch_size=36",
        "tensor=2 data=2 micro_batches=2 width=64 sequence=true", "tensor=2 pipeline=2 micro_batches=4 width=64",
        "tensor=2 pipeline=2 micro_batches=4 width=128 depth=2 schedule=zb-v",
        "tensor=2 data=2 pipeline=2 micro_batches=4 width=64",
        "tensor=2 data=2 pipeline=2 micro_batches=8 width=128 depth=2 schedule=zb-v",
        "tensor=2 data=2 pipeline=2 micro_batches=4 width=256 gradient_format=int8"),
    [](const testing::TestParamInfo<const char*>& tested) {
      std::string name = tested.param;
      std::ranges::replace_if(
          name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

}  // namespace
}  // namespace athanor::runner
