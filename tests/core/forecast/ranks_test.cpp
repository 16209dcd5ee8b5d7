// What is predicted of each rank, held against runs of all of them.
#include "core/comm/group.h"
#include "core/forecast/dry_run.h"
#include "core/train/trainer.h"
#include "tests/core/train/tiny.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace athanor::runner {
namespace {

// What a rank had at most, and sent in its last step but one: a step without evaluation.
struct Seen {
  MemoryStats memory;
  double sent_bytes = 0;
  std::optional<std::int64_t> exchange_bytes;  // where gradients go coded
};

Seen train_here(const recipe::Recipe& recipe, comm::Group* group) {
  Assembly parts =
      assemble(recipe, train::prepared_data(), {}, group ? std::optional<int>(group->world().rank()) : std::nullopt);
  if (group) join(parts, recipe, *group);
  train::Plan plan = train_plan(recipe);
  plan.steps = 4;
  plan.evaluate_every = plan.checkpoint_every = 0;
  Seen out;
  train::Ports ports;
  ports.tell = [&](const journal::Payload& event) {
    const auto* figures = std::get_if<journal::MetricSamples>(&event);
    if (figures == nullptr || figures->step != 3) return;
    for (const auto& [name, value] : figures->values)
      if (name == "comm/sent_bytes") out.sent_bytes = value;
  };
  ports.save = [](std::int64_t) {};
  ports.stop = [] { return false; };
  ports.now_ns = [clock = std::int64_t{0}]() mutable { return clock += 1000; };
  (void)train::Trainer(parts.parts(), plan, ports).run(0);
  out.memory = parts.context->memory();
  if (parts.peers && parts.peers->replicas && parts.peers->replicas->coded())
    out.exchange_bytes = parts.peers->replicas->coded()->held_bytes();
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

struct Case {
  std::int64_t data, micro_batches;
  const char* format = "fp32";
  std::int64_t width = 16, batch = 32;
  const char* policy = "fp32";
  std::int64_t pipeline = 1;
  const char* schedule = "1f1b";
  std::int64_t depth = 1;
  const char* shard = "none";
};

// Names of tests are words.
std::string name_of(const Case& c) {
  std::string out = std::to_string(c.data) + "x" + std::to_string(c.micro_batches) + "_" + c.format + "_" +
                    std::to_string(c.width) + "_" + c.policy + "_" + std::to_string(c.pipeline) + "_" + c.schedule +
                    "_" + c.shard;
  std::ranges::replace(out, '-', '_');
  return out;
}

class RankPredictions : public testing::TestWithParam<Case> {
 protected:
  static recipe::Recipe recipe() {
    const Case& wanted = GetParam();
    recipe::Recipe recipe = train::tiny_recipe();
    recipe.set("parallel.data", wanted.data);
    recipe.set("parallel.micro_batches", wanted.micro_batches);
    recipe.set("parallel.gradient_format", std::string(wanted.format));
    recipe.set("precision.policy", std::string(wanted.policy));
    recipe.set("model.image_width", wanted.width);
    recipe.set("model.text_width", wanted.width);
    recipe.set("data.batch_size", wanted.batch);
    recipe.set("train.threads", std::int64_t{1});
    recipe.set("parallel.pipeline", wanted.pipeline);
    recipe.set("parallel.schedule", std::string(wanted.schedule));
    recipe.set("parallel.shard", std::string(wanted.shard));
    recipe.set("model.image_depth", wanted.depth);
    recipe.set("model.text_depth", wanted.depth);
    return recipe;
  }
};

TEST_P(RankPredictions, AreTheBytesThatEachRankHoldsAndSends) {
  const recipe::Recipe recipe = RankPredictions::recipe();
  const auto dataset = train::prepared_data();
  const DrySizes sizes{vocabulary_of(recipe, *dataset),
                       static_cast<std::int64_t>(dataset->select(test_selection(recipe))->size())};
  const std::vector<Seen> seen = train_ranks(recipe);
  for (std::size_t rank = 0; rank < seen.size(); ++rank) {
    const DryRun dry = dry_run(recipe, sizes, static_cast<int>(rank));
    const auto measured = static_cast<double>(seen[rank].memory.peak_reserved_bytes);
    EXPECT_NEAR(static_cast<double>(dry.memory.peak_reserved_bytes), measured, 0.02 * measured) << "rank " << rank;
    for (const MemoryTag tag : {MemoryTag::parameters, MemoryTag::optimizer})
      EXPECT_EQ(dry.memory.of(tag), seen[rank].memory.of(tag)) << to_string(tag);
    if (const auto& kept = seen[rank].exchange_bytes) {
      EXPECT_EQ(dry.exchange_bytes, *kept) << "rank " << rank;
    }
    std::int64_t sent = 0;
    for (const AxisCost& cost : dry.axes) sent += cost.sent.payload_bytes + cost.sent.overhead_bytes;
    EXPECT_EQ(static_cast<double>(sent), seen[rank].sent_bytes) << "rank " << rank;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, RankPredictions,
    testing::Values(Case{1, 1}, Case{1, 4}, Case{1, 8, "fp32", 64}, Case{2, 2}, Case{2, 4}, Case{2, 8, "fp32", 64},
                    Case{4, 4}, Case{4, 8}, Case{3, 6, "fp32", 48, 36}, Case{2, 2, "bf16", 128}, Case{2, 4, "fp8", 128},
                    Case{4, 4, "int8", 256}, Case{3, 3, "fp8", 512, 36}, Case{2, 2, "fp32", 512, 64},
                    Case{2, 2, "fp32", 64, 64, "bf16"}, Case{4, 4, "fp8", 64, 64, "fp16"},
                    Case{1, 4, "fp32", 64, 32, "fp32", 2, "1f1b"}, Case{1, 8, "fp32", 64, 32, "fp32", 2, "gpipe", 2},
                    Case{1, 4, "fp32", 64, 32, "fp32", 2, "zb-v", 2}, Case{1, 8, "fp32", 64, 32, "fp32", 4, "zb-h1", 3},
                    Case{1, 6, "fp32", 64, 36, "fp32", 3, "interleaved", 3},
                    Case{2, 8, "fp32", 64, 64, "fp32", 2, "1f1b", 2}, Case{2, 8, "fp8", 128, 64, "bf16", 2, "v-min", 2},
                    Case{2, 2, "fp32", 64, 32, "fp32", 1, "1f1b", 1, "optimizer"},
                    Case{4, 8, "fp32", 128, 32, "fp32", 1, "1f1b", 1, "optimizer"},
                    Case{2, 4, "fp8", 256, 32, "fp32", 1, "1f1b", 1, "optimizer"},
                    Case{2, 2, "fp32", 512, 32, "fp32", 1, "1f1b", 1, "gradients"},
                    Case{3, 6, "fp32", 128, 36, "bf16", 1, "1f1b", 1, "gradients"},
                    Case{2, 8, "fp32", 64, 64, "fp32", 2, "1f1b", 2, "gradients"}),
    [](const testing::TestParamInfo<Case>& tested) { return name_of(tested.param); });

}  // namespace
}  // namespace athanor::runner
