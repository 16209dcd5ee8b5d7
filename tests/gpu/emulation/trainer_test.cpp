// The trainer on the emulated device: recorded steps under every policy of number formats, against steps that are not
// recorded and pass every number by value.
#include "core/train/trainer.h"

#include "core/assembly/calibration.h"
#include "core/assembly/gpus.h"
#include "tests/core/train/tiny.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::runner {

// In place of the build's own, which has none.
std::vector<Gpu> gpus() { return {{"an emulated device", std::int64_t{1} << 34, "0000:00:00.0", 9, 0}}; }
std::string why_no_gpu() { return ""; }

}  // namespace athanor::runner

namespace athanor::train {
namespace {

// Of the real task only the loss: judging the test set takes an emulated device long.
class Unjudged final : public tasks::Task {
 public:
  explicit Unjudged(tasks::Task& real) : real_(real) {}
  Inputs upload(Context& context, const data::Batch& batch, const data::Rows& rows) override {
    return real_.upload(context, batch, rows);
  }
  std::vector<Variable> features(Context& context, const Inputs& inputs) override {
    return real_.features(context, inputs);
  }
  Variable criterion(Context& context, const std::vector<Variable>& features) override {
    return real_.criterion(context, features);
  }
  tasks::Figures state(const Context& context) const override { return real_.state(context); }
  tasks::Judgement judge(Context&) override { return {"test", {}, {}}; }

 private:
  tasks::Task& real_;
};

recipe::Recipe on_device(const std::string& policy, const std::vector<std::string>& more) {
  recipe::Recipe recipe = tiny_recipe();
  for (const char* assignment :
       {"train.device=cuda", "data.batch_size=4", "model.dropout=0.2", "train.clip_norm=0.5", "train.steps=20",
        "train.warmup_steps=5", "precision.decide_every=6", "precision.error_budget=0.1", "precision.high_steps=4"})
    EXPECT_FALSE(recipe::apply_override(recipe, assignment)) << assignment;
  EXPECT_FALSE(recipe::apply_override(recipe, "precision.policy=" + policy));
  for (const std::string& assignment : more) EXPECT_FALSE(recipe::apply_override(recipe, assignment)) << assignment;
  return recipe;
}

// What was told of the steps, times left out, and the weights at the end.
struct Trained {
  std::vector<std::pair<std::string, double>> figures;
  std::vector<std::string> changes;
  std::vector<float> weights;
  std::int64_t replays = 0;
};

class TrainerOnDevice : public ::testing::Test {
 protected:
  TrainerOnDevice() { ::setenv("ATHANOR_HOME", home_.path().c_str(), 1); }

  static Trained train(const recipe::Recipe& recipe, std::int64_t steps, bool record,
                       const std::function<void(runner::Assembly&, std::int64_t done)>& between = {}) {
    runner::store_calibration(runner::machine_key(recipe),
                              {.shapes = {}, .rates = {}, .format_times = precision::TimeProfile{}});
    runner::Assembly assembly = tiny_assembly(recipe);
    Unjudged task(*assembly.task);
    Parts parts = assembly.parts();
    Plan plan = runner::train_plan(recipe);
    plan.steps = steps;
    plan.evaluate_every = plan.checkpoint_every = 0;
    plan.record = record;
    Trained out;
    std::int64_t done = 0;
    Ports ports;
    ports.tell = [&](const journal::Payload& event) {
      if (const auto* samples = std::get_if<journal::MetricSamples>(&event))
        for (const auto& figure : samples->values)
          if (figure.first != "train/samples_per_s" && figure.first != "train/step_ms") out.figures.push_back(figure);
      if (const auto* change = std::get_if<journal::PrecisionChange>(&event))
        out.changes.push_back(change->layer + " " + change->pass + " " + change->to);
    };
    ports.save = [](std::int64_t) {};
    ports.stop = [&] {
      if (between) between(assembly, done);
      ++done;
      return false;
    };
    ports.now_ns = [] { return std::int64_t{0}; };
    Trainer trainer({parts.context, task, parts.loader, parts.parameters, parts.optimizer, parts.precision}, plan,
                    ports);
    trainer.run(0);
    out.replays = trainer.replays();
    for (const Parameter& parameter : assembly.model->named_parameters())
      for (const float value : assembly.context->download(parameter->value)) out.weights.push_back(value);
    return out;
  }

  static void expect_same(const Trained& recorded, const Trained& plain) {
    EXPECT_EQ(plain.replays, 0);
    EXPECT_EQ(recorded.figures, plain.figures);
    EXPECT_EQ(recorded.changes, plain.changes);
    EXPECT_TRUE(recorded.weights == plain.weights) << "the weights differ";
  }

  testing_support::TemporaryFolder home_;
};

TEST_F(TrainerOnDevice, ReplaysTwentyStepsWithDropoutAndClippingToTheBit) {
  const recipe::Recipe recipe = on_device("fp32", {});
  const Trained recorded = train(recipe, 20, true);
  EXPECT_EQ(recorded.replays, 20 - StepRecorder::kWarmUps - 1);
  expect_same(recorded, train(recipe, 20, false));
}

TEST_F(TrainerOnDevice, ReplaysInBf16WithNarrowMasters) {
  const recipe::Recipe recipe = on_device("bf16", {"precision.master=bf16_stochastic"});
  const Trained recorded = train(recipe, 8, true);
  EXPECT_EQ(recorded.replays, 5);
  expect_same(recorded, train(recipe, 8, false));
}

// The scale is halved by the overflows at the beginning and doubled later: each time other launches.
TEST_F(TrainerOnDevice, FollowsALossScaleThatChanges) {
  const recipe::Recipe recipe = on_device("fp16", {"precision.loss_scale=1073741824", "precision.loss_scale_growth=5"});
  const Trained recorded = train(recipe, 24, true);
  EXPECT_GT(recorded.replays, 0);
  std::set<double> scales;
  for (const auto& [name, value] : recorded.figures)
    if (name == "train/loss_scale") scales.insert(value);
  EXPECT_GT(scales.size(), 2u);
  expect_same(recorded, train(recipe, 24, false));
}

TEST_F(TrainerOnDevice, KeepsTheHistoriesOfDelayedScaling) {
  const recipe::Recipe recipe = on_device("fp8-delayed", {"precision.key_blocks=0"});
  const Trained recorded = train(recipe, 8, true);
  EXPECT_GT(recorded.replays, 2);
  expect_same(recorded, train(recipe, 8, false));
}

TEST_F(TrainerOnDevice, RecordsAnewWhenTheDynamicPolicyChangesAFormat) {
  const recipe::Recipe recipe = on_device("dynamic", {"precision.key_blocks=0"});
  const Trained recorded = train(recipe, 18, true);
  EXPECT_FALSE(recorded.changes.empty()) << "no format was changed";
  EXPECT_GT(recorded.replays, 2);
  expect_same(recorded, train(recipe, 18, false));
}

TEST_F(TrainerOnDevice, RefusesALossThatIsNotFiniteAsItWouldPlainly) {
  const recipe::Recipe recipe = on_device("fp32", {});
  const auto fails = [&](bool record) {
    try {
      (void)train(recipe, 10, record, [](runner::Assembly& parts, std::int64_t done) {
        if (done != 6) return;
        const Parameter head = parts.model->parameters().find("image_tower.head.weight");
        parts.context->write(head->value, std::vector<float>(static_cast<std::size_t>(head->value.numel()),
                                                             std::numeric_limits<float>::quiet_NaN()));
      });
    } catch (const Failure& failure) {
      return failure.error();
    }
    return Error{};
  };
  const Error recorded = fails(true), plain = fails(false);
  EXPECT_EQ(recorded.kind, ErrorKind::numeric);
  EXPECT_EQ(recorded.cause, plain.cause);
  EXPECT_NE(recorded.cause.find("image_tower.head.weight"), std::string::npos) << recorded.cause;
}

}  // namespace
}  // namespace athanor::train
