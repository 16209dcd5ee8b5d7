#include "core/comm/group.h"
#include "core/train/trainer.h"
#include "tests/core/train/tiny.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <mutex>

namespace athanor {
namespace {

// What a training run leaves: its losses and gradient norms, and the bits of all weights and optimizer state.
struct Trace {
  std::vector<double> losses, norms;
  double sent_bytes = 0;  // in the last step
  std::map<std::string, std::vector<float>> numbers;
  bool operator==(const Trace& other) const {
    return losses == other.losses && norms == other.norms && numbers == other.numbers;
  }
};

recipe::Recipe recipe_for(int replicas, int micro_batches, const char* format = "fp32") {
  recipe::Recipe recipe = train::tiny_recipe();
  recipe.set("parallel.data", std::int64_t{replicas});
  recipe.set("parallel.micro_batches", std::int64_t{micro_batches});
  recipe.set("parallel.gradient_format", std::string(format));
  recipe.set("train.threads", std::int64_t{1});
  return recipe;
}

Trace train_here(const recipe::Recipe& recipe, std::int64_t steps, comm::Group* group) {
  const runner::Assembly parts = runner::assemble(recipe, train::prepared_data(), {}, group);
  train::Plan plan = runner::train_plan(recipe);
  plan.steps = steps;
  plan.evaluate_every = plan.checkpoint_every = 0;
  Trace out;
  train::Ports ports;
  ports.tell = [&](const journal::Payload& event) {
    const auto* figures = std::get_if<journal::MetricSamples>(&event);
    if (figures == nullptr) return;
    for (const auto& [name, value] : figures->values) {
      if (name == "train/loss") out.losses.push_back(value);
      if (name == "train/gradient_norm") out.norms.push_back(value);
      if (name == "comm/sent_bytes") out.sent_bytes = value;
    }
  };
  ports.save = [](std::int64_t) {};
  ports.stop = [] { return false; };
  ports.now_ns = [clock = std::int64_t{0}]() mutable { return clock += 1000; };
  (void)train::Trainer(parts.parts(), plan, ports).run(0);
  for (const Parameter& parameter : parts.model->named_parameters())
    out.numbers[parameter->path] = parts.context->download(parameter->value);
  for (const auto& [name, tensor] : parts.optimizer->named_state()) out.numbers[name] = parts.context->download(tensor);
  return out;
}

std::vector<Trace> train_replicas(const recipe::Recipe& recipe, std::int64_t steps) {
  const int count = static_cast<int>(recipe.integer("parallel.data"));
  if (count == 1) return {train_here(recipe, steps, nullptr)};
  std::vector<Trace> out(static_cast<std::size_t>(count));
  comm::run_threads(count, {}, [&](comm::Group& group) {
    out[static_cast<std::size_t>(group.world().rank())] = train_here(recipe, steps, &group);
  });
  return out;
}

TEST(Replicas, OfAnyNumberGiveTheBitsOfOneProcessAfterAHundredSteps) {
  const Trace alone = train_replicas(recipe_for(1, 8), 100).front();
  ASSERT_EQ(alone.losses.size(), 100U);
  EXPECT_LT(alone.losses.back(), alone.losses.front() - 0.3);
  for (const int replicas : {2, 4, 8})
    for (const Trace& trace : train_replicas(recipe_for(replicas, 8), 100))
      EXPECT_TRUE(trace == alone) << replicas << " replicas";
}

TEST(Replicas, ThatAreNoPowerOfTwoGiveTheSameBitsToo) {
  const Trace alone = train_replicas(
                          [] {
                            recipe::Recipe recipe = recipe_for(1, 6);
                            recipe.set("data.batch_size", std::int64_t{36});
                            return recipe;
                          }(),
                          10)
                          .front();
  recipe::Recipe recipe = recipe_for(3, 6);
  recipe.set("data.batch_size", std::int64_t{36});
  for (const Trace& trace : train_replicas(recipe, 10)) EXPECT_TRUE(trace == alone);
}

TEST(MicroBatches, LeaveTheGradientOfTheWholeBatch) {
  // Dropout included: a row draws the same numbers however the batch is cut.
  recipe::Recipe whole = recipe_for(1, 1), parts = recipe_for(1, 4);
  for (recipe::Recipe* recipe : {&whole, &parts}) recipe->set("model.dropout", 0.25);
  const Trace a = train_replicas(whole, 5).front(), b = train_replicas(parts, 5).front();
  for (std::size_t i = 0; i < a.losses.size(); ++i) {
    EXPECT_NEAR(a.losses[i], b.losses[i], 1e-5 * a.losses[i]) << "step " << i + 1;
    EXPECT_NEAR(a.norms[i], b.norms[i], 1e-4 * a.norms[i]) << "step " << i + 1;
  }
}

TEST(MicroBatches, AreAddedAsATreeAndNotInARow) {
  // Were the order of no consequence, the tests of equal bits above would show nothing.
  const Trace eight = train_replicas(recipe_for(1, 8), 3).front();
  const Trace four = train_replicas(recipe_for(1, 4), 3).front();
  EXPECT_NE(eight.numbers, four.numbers);
}

TEST(Replicas, StayEqualWithGradientsInFewerBits) {
  const double plain = train_replicas(recipe_for(2, 2), 60).front().losses.back();
  for (const char* format : {"bf16", "fp8", "int8"}) {
    const auto traces = train_replicas(recipe_for(2, 2, format), 60);
    EXPECT_TRUE(traces[0] == traces[1]) << format;
    EXPECT_LT(traces[0].losses.back(), traces[0].losses.front() - 0.3) << format;
    EXPECT_NEAR(traces[0].losses.back(), plain, 0.05 * plain) << format;
  }
}

TEST(Replicas, TellWhatTheySendInAStep) {
  const Trace trace = train_replicas(recipe_for(4, 4), 3).front();
  double parameters = 0;
  for (const auto& [name, numbers] : trace.numbers) parameters += static_cast<double>(numbers.size()) / 3;  // and m, v
  const double gradients = 2 * 3.0 / 4 * 4 * parameters;
  EXPECT_GT(trace.sent_bytes, gradients);
  EXPECT_LT(trace.sent_bytes, 1.1 * gradients);  // rows of the batch and frames
  EXPECT_EQ(train_replicas(recipe_for(1, 4), 3).front().sent_bytes, 0);
}

TEST(Replicas, StopAfterTheSameStepWhicheverIsAsked) {
  const recipe::Recipe recipe = recipe_for(2, 2);
  std::vector<std::int64_t> done(2), saved(2, -1);
  comm::run_threads(2, {}, [&](comm::Group& group) {
    const auto rank = static_cast<std::size_t>(group.world().rank());
    const runner::Assembly parts = runner::assemble(recipe, train::prepared_data(), {}, &group);
    train::Plan plan = runner::train_plan(recipe);
    train::Ports ports;
    int asked = 0;
    ports.tell = [](const journal::Payload&) {};
    ports.save = [&](std::int64_t step) { saved[rank] = step; };
    ports.stop = [&] { return rank == 1 && ++asked > 3; };
    ports.now_ns = [] { return std::int64_t{0}; };
    train::Trainer trainer(parts.parts(), plan, ports);
    EXPECT_EQ(trainer.run(0), train::Outcome::stopped);
    done[rank] = trainer.done();
  });
  EXPECT_THAT(done, testing::ElementsAre(3, 3));
  EXPECT_THAT(saved, testing::ElementsAre(3, -1));  // only the first one saves
}

}  // namespace
}  // namespace athanor
