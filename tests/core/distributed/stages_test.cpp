// A two-tower model trained as a recipe says over the ranks of a pipeline, with and without replicas, has the bits of
// one process.
#include "core/comm/group.h"
#include "core/train/trainer.h"
#include "tests/core/distributed/trained.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace athanor {
namespace {

recipe::Recipe cut_recipe(int data, int pipeline, int micro_batches, const char* schedule = "1f1b") {
  recipe::Recipe recipe = recipe_for(data, micro_batches);
  recipe.set("parallel.pipeline", std::int64_t{pipeline});
  recipe.set("parallel.schedule", std::string(schedule));
  return recipe;
}

// What all ranks of a run have of it together.
Trace train(const recipe::Recipe& recipe, std::int64_t steps) {
  Trace all;
  for (const Trace& trace : train_ranks(recipe, steps)) {
    if (all.losses.empty()) all.losses = trace.losses, all.norms = trace.norms, all.evaluations = trace.evaluations;
    EXPECT_EQ(trace.losses, all.losses);
    EXPECT_EQ(trace.norms, all.norms);
    for (const auto& [name, numbers] : trace.numbers) {
      const auto [place, is_new] = all.numbers.try_emplace(name, numbers);
      EXPECT_TRUE(is_new || place->second == numbers) << name << " differs between ranks";
    }
  }
  return all;
}

void expect_same(const Trace& trace, const Trace& alone) {
  EXPECT_EQ(trace.losses, alone.losses);
  EXPECT_EQ(trace.norms, alone.norms);
  EXPECT_EQ(trace.evaluations, alone.evaluations);
  ASSERT_EQ(trace.numbers.size(), alone.numbers.size());
  for (const auto& [name, numbers] : alone.numbers) EXPECT_TRUE(trace.numbers.at(name) == numbers) << name;
}

class Stages : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Schedules, Stages,
                         testing::Values("gpipe", "1f1b", "interleaved", "zb-h1", "zb-h2", "zb-v", "v-half", "v-min",
                                         "search"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(Stages, GiveTheBitsOfOneProcessAfterAHundredSteps) {
  static const Trace alone = train(cut_recipe(1, 1, 4), 100);
  ASSERT_EQ(alone.losses.size(), 100U);
  EXPECT_LT(alone.losses.back(), alone.losses.front() - 0.3);
  expect_same(train(cut_recipe(1, 2, 4, GetParam()), 100), alone);
}

TEST(StagesOfReplicas, GiveTheBitsOfOneProcess) {
  const Trace alone = train(cut_recipe(1, 1, 8), 20);
  for (const char* schedule : {"1f1b", "zb-v"}) {
    SCOPED_TRACE(schedule);
    expect_same(train(cut_recipe(2, 2, 8, schedule), 20), alone);
  }
}

// The replicas of a rank, with what is asked of them noted among what else the rank does.
class NotedReplicas final : public train::Replicas {
 public:
  NotedReplicas(train::Replicas& replicas, std::string& notes) : replicas_(replicas), notes_(notes) {}
  [[nodiscard]] int count() const override { return replicas_.count(); }
  [[nodiscard]] int index() const override { return replicas_.index(); }
  void gather(Context& context, const Tensor& whole) override { replicas_.gather(context, whole); }
  void complete(Context& context, const Parameter& parameter) override {
    notes_ += 'c';
    replicas_.complete(context, parameter);
  }
  void sum_gradients(Context& context, std::span<const Parameter> parameters) override {
    notes_ += 's';
    replicas_.sum_gradients(context, parameters);
  }

 private:
  train::Replicas& replicas_;
  std::string& notes_;
};

TEST(StagesOfReplicas, HandOverTheGradientsOfAStageWhileTheirRankIsStillAtWorkOnAnother) {
  struct Noted {
    std::unique_ptr<NotedReplicas> replicas;
    std::unique_ptr<distributed::PipelinePass> pass;
  };
  std::mutex mutex;
  std::vector<std::shared_ptr<std::string>> ranks;
  (void)train_ranks(
      cut_recipe(2, 2, 8, "zb-v"), 1, {},
      [&](runner::Assembly& assembly, train::Parts& parts, train::Plan&, train::Ports& ports) {
        const auto noted = std::make_shared<Noted>();
        const auto notes = std::make_shared<std::string>();
        runner::Peers& peers = *assembly.peers;
        noted->replicas = std::make_unique<NotedReplicas>(*peers.replicas, *notes);
        noted->pass = std::make_unique<distributed::PipelinePass>(
            distributed::PipelineParts{*assembly.context, *assembly.task, assembly.model->named_parameters(),
                                       *peers.mesh.pipeline, noted->replicas.get()},
            assembly.stages->plan);
        parts.pass = noted->pass.get();
        const auto before = ports.tell;
        ports.tell = [before, noted, notes](const journal::Payload& event) {
          before(event);
          using enum journal::SpanKind;
          const auto* span = std::get_if<journal::Span>(&event);
          if (span && (span->kind == backward || span->kind == weight_gradient)) *notes += 'w';
        };
        const std::lock_guard lock(mutex);
        ranks.push_back(notes);
      });
  ASSERT_EQ(ranks.size(), 4U);
  // Work, the gradients of one stage, more work, those of the other, and only then the sums are waited for.
  for (const auto& notes : ranks) EXPECT_THAT(*notes, testing::ContainsRegex("wc+w+c+s"));
}

// Sums over parts of a matrix have another order than those of one process, so bits differ; ranks that have the same
// parts have the same bits.
TEST(StagesOfTensorRanks, LearnWhatOneProcessLearnsInThreeDimensions) {
  const Trace alone = train(cut_recipe(1, 1, 4), 10);
  recipe::Recipe recipe = cut_recipe(2, 2, 4, "zb-v");
  recipe.set("parallel.tensor", std::int64_t{2});
  ASSERT_TRUE(recipe::validate(recipe).empty());
  const std::vector<Trace> ranks = train_ranks(recipe, 10);
  ASSERT_EQ(ranks.size(), 8U);
  for (const Trace& trace : ranks) {
    ASSERT_EQ(trace.losses.size(), alone.losses.size());
    for (std::size_t step = 0; step < trace.losses.size(); ++step) {
      EXPECT_EQ(trace.losses[step], ranks.front().losses[step]);
      EXPECT_NEAR(trace.losses[step], alone.losses[step], 2e-6 * alone.losses[step]) << "step " << step;
      EXPECT_NEAR(trace.norms[step], alone.norms[step], 2e-5 * alone.norms[step]) << "step " << step;
    }
  }
}

TEST(Stages, NameTheRankAndTheRowsWhoseNumbersAreNotFinite) {
  recipe::Recipe recipe = cut_recipe(1, 2, 4);
  recipe.set("train.learning_rate", 1.0e30);
  recipe.set("train.warmup_steps", std::int64_t{0});
  recipe.set("train.clip_norm", 0.0);
  try {
    (void)train_ranks(recipe, 20);
    FAIL() << "it has learnt";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::numeric) << failure.what();
    EXPECT_THAT(failure.error().cause, testing::ContainsRegex("rank [01]: .*rows [0-9]+ to [0-9]+"));
  }
}

TEST(Stages, CountWhatJudgingSendsWithNoStep) {
  for (const Trace& trace : train_ranks(cut_recipe(1, 2, 4), 3)) {
    ASSERT_EQ(trace.sent.size(), 3U);
    EXPECT_GT(trace.sent[1], 0);
    EXPECT_NEAR(trace.sent[0], trace.sent[1], 0.02 * trace.sent[1]);
    EXPECT_EQ(trace.sent[2], trace.sent[1]);
  }
}

TEST(Stages, GiveTheBitsOfOneProcessInNarrowFormatsToo) {
  for (const char* policy : {"bf16", "fp16"}) {
    SCOPED_TRACE(policy);
    recipe::Recipe recipe = cut_recipe(1, 1, 4);
    recipe.set("precision.policy", std::string(policy));
    const Trace alone = train(recipe, 10);
    recipe.set("parallel.pipeline", std::int64_t{3});
    expect_same(train(recipe, 10), alone);
  }
}

}  // namespace
}  // namespace athanor
