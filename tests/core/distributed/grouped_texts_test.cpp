// Micro-batches that are as long as the longest of their texts: any layout trains on the same ones.
#include "core/comm/group.h"
#include "core/train/trainer.h"
#include "tests/core/distributed/trained.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace athanor {
namespace {

constexpr int kSteps = 12;
constexpr int kMicroBatches = 8;

struct Layout {
  int data = 1, pipeline = 1, tensor = 1;
  const char* schedule = "1f1b";
  const char* shard = "none";
  std::vector<std::int64_t> shares = {};
  [[nodiscard]] std::string text() const {
    return fmt::format("{} x {} x {}, {}, {}, {}", data, pipeline, tensor, schedule, shard, fmt::join(shares, ":"));
  }
};

recipe::Recipe recipe_of(const Layout& layout, bool is_grouped = true, double dropout = 0.1) {
  recipe::Recipe recipe = recipe_for(layout.data, kMicroBatches);
  recipe.set("parallel.pipeline", std::int64_t{layout.pipeline});
  recipe.set("parallel.tensor", std::int64_t{layout.tensor});
  recipe.set("parallel.schedule", std::string(layout.schedule));
  recipe.set("parallel.shard", std::string(layout.shard));
  recipe.set("data.group_by_length", is_grouped);
  recipe.set("model.dropout", dropout);
  EXPECT_TRUE(recipe::validate(recipe).empty());
  return recipe;
}

// What all ranks have together.
Trace train(const Layout& layout, bool is_grouped = true, double dropout = 0.1) {
  Trace all;
  for (const Trace& trace : train_ranks(recipe_of(layout, is_grouped, dropout), kSteps, layout.shares)) {
    if (all.losses.empty()) all.losses = trace.losses, all.norms = trace.norms;
    EXPECT_EQ(trace.losses, all.losses);
    EXPECT_EQ(trace.norms, all.norms);
    for (const auto& [name, numbers] : trace.numbers) {
      std::vector<float>& joined = all.numbers[name];
      joined.resize(numbers.size());
      for (std::size_t i = 0; i < numbers.size(); ++i)
        if (numbers[i] != 0) joined[i] = numbers[i];
    }
  }
  return all;
}

TEST(GroupedTexts, GiveTheBitsOfOneProcessToReplicasAndStages) {
  const Trace alone = train({});
  EXPECT_LT(alone.losses.back(), alone.losses.front());
  const std::vector<Layout> layouts = {
      {.data = 2},
      {.data = 4},
      {.data = 2, .shares = {5, 3}},
      {.data = 4, .shares = {3, 1, 2, 2}},
      {.data = 2, .shard = "optimizer"},
      {.data = 2, .shard = "gradients"},
      {.data = 4, .shard = "parameters"},
      {.pipeline = 2},
      {.pipeline = 2, .schedule = "gpipe"},
      {.pipeline = 2, .schedule = "zb-v"},
      {.pipeline = 4, .schedule = "zb-h1"},
      {.data = 2, .pipeline = 2, .schedule = "interleaved", .shard = "optimizer"},
  };
  for (const Layout& layout : layouts) {
    SCOPED_TRACE(layout.text());
    const Trace trace = train(layout);
    EXPECT_EQ(trace.losses, alone.losses);
    EXPECT_EQ(trace.norms, alone.norms);
    ASSERT_EQ(trace.numbers.size(), alone.numbers.size());
    for (const auto& [name, numbers] : alone.numbers) EXPECT_TRUE(trace.numbers.at(name) == numbers) << name;
  }
}

TEST(GroupedTexts, LetTensorRanksLearnWhatOneProcessLearns) {
  const Trace alone = train({}, true, /*dropout=*/0);
  for (const bool divides_rows : {false, true}) {
    recipe::Recipe recipe = recipe_of({.tensor = 2}, true, /*dropout=*/0);
    recipe.set("parallel.sequence", divides_rows);
    for (const Trace& trace : train_ranks(recipe, kSteps)) {
      ASSERT_EQ(trace.losses.size(), alone.losses.size());
      for (std::size_t step = 0; step < trace.losses.size(); ++step)
        EXPECT_NEAR(trace.losses[step], alone.losses[step], 2e-6 * alone.losses[step]) << "step " << step;
    }
  }
}

// A row's own result does not depend on what is read behind its text, so what is learnt first is the same up to the
// order of sums over other rows.
TEST(GroupedTexts, LearnFromTheSameRowsAsThoseThatAreNot) {
  const Trace grouped = train({}, true, /*dropout=*/0), as_drawn = train({}, false, /*dropout=*/0);
  EXPECT_NEAR(grouped.losses.front(), as_drawn.losses.front(), 1e-6 * as_drawn.losses.front());
  EXPECT_NEAR(grouped.norms.front(), as_drawn.norms.front(), 1e-4 * as_drawn.norms.front());
  EXPECT_NE(grouped.numbers, as_drawn.numbers);
}

// Of what one process does, less is done: every launch that reads texts reads fewer rows.
TEST(GroupedTexts, TakeFewerOperations) {
  class Counter final : public WorkObserver {
   public:
    void on_launch(const char*, const Work& work) noexcept override { flops += work.flops; }
    double flops = 0;
  };
  const auto flops = [](bool is_grouped) {
    auto counter = std::make_shared<Counter>();
    (void)train_ranks(recipe_of({}, is_grouped), 3, {},
                      [&](runner::Assembly& assembly, train::Parts&, train::Plan&, train::Ports&) {
                        assembly.context->set_work_observer(counter.get());
                      });
    return counter->flops;
  };
  EXPECT_LT(flops(true), 0.97 * flops(false));
}

}  // namespace
}  // namespace athanor
