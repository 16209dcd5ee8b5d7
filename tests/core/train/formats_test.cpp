// The loop under number formats below f32: the smoke recipe learns in each, bad steps are skipped or taken back, and
// the journal is enough to repeat a run to the bit.
#include "core/assembly/formats.h"

#include "core/assembly/calibration.h"
#include "core/forecast/dry_run.h"
#include "core/ops/elementwise.h"
#include "core/train/trainer.h"
#include "kernels/base/error.h"
#include "tests/core/train/tiny.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <unistd.h>

namespace athanor::train {
namespace {

using testing::Contains;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Passes everything on, changing losses.
class Meddler final : public tasks::Task {
 public:
  Meddler(tasks::Task& task, std::function<float(int call)> factor) : task_(task), factor_(std::move(factor)) {}
  Inputs upload(Context& context, const data::Batch& batch, const data::Rows& rows) override {
    return task_.upload(context, batch, rows);
  }
  std::vector<Variable> features(Context& context, const Inputs& inputs) override {
    return task_.features(context, inputs);
  }
  Variable criterion(Context& context, const std::vector<Variable>& features) override {
    return ops::scale(context, task_.criterion(context, features), factor_(++calls_));
  }
  tasks::Figures state(const Context& context) const override { return task_.state(context); }
  tasks::Judgement judge(Context& context) override { return task_.judge(context); }

 private:
  tasks::Task& task_;
  std::function<float(int)> factor_;
  int calls_ = 0;
};

struct TestRun {
  explicit TestRun(const recipe::Recipe& recipe) : assembly(tiny_assembly(recipe)), plan(runner::train_plan(recipe)) {
    plan.evaluate_every = plan.checkpoint_every = 0;
  }
  void go(std::int64_t steps, tasks::Task* instead = nullptr) {
    plan.steps = steps;
    Ports ports;
    ports.tell = [this](const journal::Payload& event) { events.push_back(event); };
    ports.save = [this](std::int64_t step) { saved.push_back(step); };
    ports.stop = [] { return false; };
    ports.now_ns = [this] { return clock += 1000; };
    Parts parts = assembly.parts();
    Trainer trainer(instead ? Parts{parts.context, *instead, parts.loader, parts.parameters, parts.optimizer,
                                    parts.precision, nullptr}
                            : parts,
                    plan, ports);
    trainer.run(0);
  }
  template <class Event>
  [[nodiscard]] std::vector<Event> of() const {
    std::vector<Event> out;
    for (const auto& event : events)
      if (const auto* wanted = std::get_if<Event>(&event)) out.push_back(*wanted);
    return out;
  }
  [[nodiscard]] std::vector<double> figures(const std::string& name) const {
    std::vector<double> out;
    for (const auto& samples : of<journal::MetricSamples>())
      for (const auto& [key, value] : samples.values)
        if (key == name) out.push_back(value);
    return out;
  }
  [[nodiscard]] std::vector<float> weights() const {
    std::vector<float> all;
    for (const Parameter& parameter : assembly.model->named_parameters())
      for (const float value : assembly.context->download(parameter->value)) all.push_back(value);
    return all;
  }

  runner::Assembly assembly;
  Plan plan;
  std::vector<journal::Payload> events;
  std::vector<std::int64_t> saved;
  std::int64_t clock = 0;
};

recipe::Recipe with(const std::string& policy, const std::vector<std::string>& more = {}) {
  recipe::Recipe recipe = tiny_recipe();
  EXPECT_FALSE(recipe::apply_override(recipe, "precision.policy=" + policy));
  EXPECT_FALSE(recipe::apply_override(recipe, "train.learning_rate=0.02"));
  EXPECT_FALSE(recipe::apply_override(recipe, "train.steps=120"));  // so that few steps show
  for (const std::string& assignment : more) EXPECT_FALSE(recipe::apply_override(recipe, assignment)) << assignment;
  return recipe;
}

const std::vector<std::string> kEager = {"precision.decide_every=4", "precision.error_budget=0.1",
                                         "precision.high_steps=8"};

double mean_of_last(const std::vector<double>& values, std::size_t count) {
  double sum = 0;
  for (std::size_t i = values.size() - count; i < values.size(); ++i) sum += values[i] / static_cast<double>(count);
  return sum;
}

constexpr int kSteps = 120;

TEST(Formats, TheSmokeRecipeLearnsUnderEveryPolicy) {
  TestRun wide(with("fp32"));
  wide.go(kSteps);
  const double reached = mean_of_last(wide.figures("train/loss"), 10);
  for (const char* policy : precision::kPolicyNames) {
    SCOPED_TRACE(policy);
    TestRun run(with(policy, kEager));
    run.go(kSteps);
    const auto losses = run.figures("train/loss");
    ASSERT_THAT(losses, SizeIs(kSteps));
    EXPECT_LT(mean_of_last(losses, 10), losses.front() - 0.1);
    EXPECT_NEAR(mean_of_last(losses, 10), reached, 0.1);
  }
}

TEST(Formats, TheSigmoidLossLearnsInF32AndBelow) {
  for (const char* policy : {"fp32", "bf16"}) {
    TestRun run(with(policy, {"train.loss=sigmoid"}));
    run.go(kSteps);
    const auto losses = run.figures("train/loss");
    EXPECT_LT(mean_of_last(losses, 10), 0.5 * losses.front()) << policy;
    EXPECT_NE(run.figures("train/logit_bias").back(), -10.0) << "it learns";
  }
}

TEST(Formats, Bf16MastersLearnAndTellTheShareOfLostUpdates) {
  for (const char* master : {"bf16_stochastic", "bf16_kahan"}) {
    SCOPED_TRACE(master);
    TestRun run(with("bf16", {std::string("precision.master=") + master, "precision.moments=bf16"}));
    run.go(kSteps);
    const auto losses = run.figures("train/loss");
    EXPECT_LT(mean_of_last(losses, 10), losses.front() - 0.1);
    EXPECT_THAT(run.figures("train/lost_update_share"), SizeIs(kSteps));
  }
}

TEST(Formats, AnOverflowSkipsTheStepAndNotTheSamples) {
  TestRun run(with("fp16", {"precision.loss_scale=4294967296.0"}));
  run.go(30);
  const auto scales = run.figures("train/loss_scale");
  ASSERT_THAT(scales, SizeIs(30)) << "every batch counts as a step";
  EXPECT_LT(scales.back(), scales.front());
  const auto applied = run.assembly.optimizer->step_count();
  EXPECT_LT(applied, 30);
  EXPECT_GT(applied, 10);
  const auto rates = run.figures("train/learning_rate");
  EXPECT_EQ(rates[1], rates[0]) << "a skipped step does not advance the schedule";
  for (const float weight : run.weights()) ASSERT_TRUE(std::isfinite(weight));
}

TEST(Formats, WhenNoScaleHelpsTheTensorIsNamedAndTheStateSaved) {
  TestRun run(with("fp16", {"precision.loss_scale=2.0"}));
  Meddler hopeless(*run.assembly.task, [](int) { return 1e30F; });
  try {
    run.go(30, &hopeless);
    FAIL() << "went on";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::numeric);
    EXPECT_THAT(failure.error().cause, HasSubstr("tower."));
    EXPECT_THAT(failure.error().remedy, HasSubstr("set precision.policy to bf16"));
  }
  EXPECT_THAT(run.saved, SizeIs(1));
  EXPECT_THAT(run.of<journal::FaultSeen>(), SizeIs(1));
}

TEST(Formats, DynamicLeavesATrailThatRepeatsTheRunToTheBit) {
  TestRun run(with("dynamic", kEager));
  run.go(60);
  const auto changes = run.of<journal::PrecisionChange>();
  ASSERT_THAT(changes, Not(IsEmpty()));
  for (const auto& change : changes) {
    EXPECT_EQ(change.step % 4, 0);
    EXPECT_THAT(change.layer, HasSubstr("tower."));
    EXPECT_FALSE(change.reason.empty());
    EXPECT_THAT(change.statistics, Not(IsEmpty()));
  }
  EXPECT_GT(run.figures("train/fp8_share").back(), 0);
  std::vector<precision::RecordedChange> log;
  for (const auto& c : changes) log.push_back({c.step, c.layer, c.pass, c.from, c.to, c.reason, c.statistics});
  TestRun again(with("dynamic", kEager));
  again.assembly.precision->replay(log);
  again.go(60);
  EXPECT_EQ(again.weights(), run.weights());
}

TEST(Formats, ASpikeBringsTheCopyBackAndEverythingIntoBf16) {
  TestRun run(with("dynamic", kEager));
  Meddler spike(*run.assembly.task, [](int call) { return call == 43 ? 50.0F : 1.0F; });
  run.go(60, &spike);
  const auto recoveries = run.of<journal::Recovery>();
  ASSERT_THAT(recoveries, SizeIs(1));
  EXPECT_EQ(recoveries[0].step, 40) << "the last decision before step 43";
  EXPECT_THAT(run.of<journal::Alert>(), Contains(Field(&journal::Alert::rule, "precision/emergency")));
  int at_recovery = 0;
  for (const auto& change : run.of<journal::PrecisionChange>())
    at_recovery += change.to == "bf16" && change.reason == run.of<journal::Alert>().front().text;
  EXPECT_GT(at_recovery, 0);
  const auto losses = run.figures("train/loss");
  EXPECT_THAT(losses, SizeIs(62)) << "steps 41 and 42 were taken twice";
  EXPECT_EQ(run.assembly.optimizer->step_count(), 60);
}

TEST(Formats, WhatWasResolvedIsToldWithItsReasons) {
  TestRun run(with("fp8-block"));
  const auto told = runner::decisions(run.assembly.precision->resolution(), 0);
  EXPECT_EQ(told.front().requested, "fp8-block");
  EXPECT_THAT(told.front().actual, HasSubstr("layers multiply in fp8-block"));
  EXPECT_THAT(told, Contains(Field(&journal::PrecisionDecision::reason, "heads stay high")));
  TestRun tf32(with("tf32"));
  const auto fallen = runner::decisions(tf32.assembly.precision->resolution(), 0);
  EXPECT_THAT(fallen.front().reason, HasSubstr("CUDA devices only"));
}

TEST(Formats, APlanCountsTheCopyThatDynamicMayGoBackTo) {
  const auto parameters = [](const char* policy) {
    return runner::dry_run(with(policy), {.vocabulary = 100, .test_pictures = 4}).memory.of(MemoryTag::parameters);
  };
  EXPECT_EQ(parameters("dynamic"), 2 * parameters("bf16"));
}

TEST(Formats, APlanTellsWhatEachParameterTakes) {
  const auto bytes = [](const char* policy, const std::vector<std::string>& more = {}) {
    return runner::whole_model(with(policy, more), 100).bytes_per_parameter;
  };
  EXPECT_EQ(bytes("fp32"), 16);
  EXPECT_EQ(bytes("dynamic"), 16) << "its copy is no part of training a parameter";
  EXPECT_LT(bytes("bf16", {"precision.moments=bf16"}), 12.5);
  EXPECT_LT(bytes("bf16", {"precision.master=bf16_stochastic"}), bytes("bf16", {"precision.master=bf16_kahan"}));
}

TEST(Formats, TimesOfAMachineAreKept) {
  const std::filesystem::path home =
      std::filesystem::temp_directory_path() / fmt::format("athanor-times-{}", ::getpid());
  const char* before = std::getenv("ATHANOR_HOME");
  const std::string old = before ? before : "";
  ::setenv("ATHANOR_HOME", home.c_str(), 1);
  EXPECT_FALSE(runner::load_calibration("a machine").format_times);
  runner::MachineCalibration known;
  known.format_times = precision::TimeProfile{"a machine", {}};
  known.format_times->by_size[24] = {{{1, 1, 0, 0.75, 0.875}, {1, 1, 0, 0.5, 0.625}}};
  runner::store_calibration("a machine", known);
  runner::store_calibration("a machine", {.shapes = {{"a shape", {.step_s = 1}}}, .rates = {}, .format_times = {}});
  const auto found = runner::load_calibration("a machine");
  EXPECT_EQ(found.format_times, known.format_times);
  EXPECT_EQ(found.shapes.size(), 1U) << "each is kept beside the other";
  std::filesystem::remove_all(home);
  before ? ::setenv("ATHANOR_HOME", old.c_str(), 1) : ::unsetenv("ATHANOR_HOME");
}

TEST(Formats, TheRecipeKnowsEveryPolicy) {
  const recipe::Field* field = recipe::find_field("precision.policy");
  ASSERT_NE(field, nullptr);
  for (const char* policy : precision::kPolicyNames) EXPECT_THAT(field->choices, Contains(policy));
  EXPECT_EQ(field->choices.size(), precision::kPolicyNames.size());
}

}  // namespace
}  // namespace athanor::train
