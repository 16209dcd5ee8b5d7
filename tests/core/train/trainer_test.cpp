#include "core/train/trainer.h"

#include "core/autograd/node.h"
#include "core/forecast/facts.h"
#include "core/forecast/memory_advice.h"
#include "kernels/ops/elementwise/axpby.h"
#include "tests/core/train/tiny.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace athanor::train {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Everything a trainer told and saved.
struct Told {
  std::vector<journal::Payload> events;
  std::vector<std::int64_t> saved;
  std::int64_t clock = 0;
  std::int64_t stop_after = -1;  // steps; never when negative

  template <class Event>
  std::vector<Event> of() const {
    std::vector<Event> out;
    for (const auto& event : events) {
      if (const auto* wanted = std::get_if<Event>(&event)) out.push_back(*wanted);
    }
    return out;
  }
  std::vector<double> losses() const {
    std::vector<double> out;
    for (const auto& figures : of<journal::MetricSamples>()) {
      if (figures.values.front().first == "train/loss") out.push_back(figures.values.front().second);
    }
    return out;
  }
  Ports ports() {
    Ports out;
    out.tell = [this](const journal::Payload& event) { events.push_back(event); };
    out.save = [this](std::int64_t step) { saved.push_back(step); };
    out.stop = [this] { return stop_after >= 0 && static_cast<std::int64_t>(losses().size()) >= stop_after; };
    out.now_ns = [this] { return clock += 1000; };
    return out;
  }
};

Plan short_plan(std::int64_t steps) {
  Plan plan = runner::train_plan(tiny_recipe());
  plan.steps = steps;
  plan.evaluate_every = plan.checkpoint_every = 0;
  return plan;
}

TEST(Trainer, EvaluatesAndSavesInItsRhythmAndAtBothEnds) {
  const runner::Assembly parts = tiny_assembly();
  Told told;
  Plan plan = short_plan(7);
  plan.evaluate_every = 3;
  plan.checkpoint_every = 2;
  EXPECT_EQ(Trainer(parts.parts(), plan, told.ports()).run(0), Outcome::finished);
  EXPECT_THAT(told.saved, ElementsAre(2, 4, 6, 7));
  std::vector<std::int64_t> evaluated;
  for (const auto& evaluation : told.of<journal::Evaluation>()) evaluated.push_back(evaluation.step);
  EXPECT_THAT(evaluated, ElementsAre(0, 3, 6, 7));
  EXPECT_EQ(runner::evaluations(plan, 0), 4);
  EXPECT_EQ(runner::checkpoints(plan, 0), 4);
}

TEST(Trainer, SavesOnceWhenTheEndIsARegularStep) {
  const runner::Assembly parts = tiny_assembly();
  Told told;
  Plan plan = short_plan(4);
  plan.evaluate_every = plan.checkpoint_every = 2;
  (void)Trainer(parts.parts(), plan, told.ports()).run(0);
  EXPECT_THAT(told.saved, ElementsAre(2, 4));
  EXPECT_EQ(runner::evaluations(plan, 0), 3);
  EXPECT_EQ(runner::checkpoints(plan, 0), 2);
  EXPECT_EQ(runner::checkpoints(plan, 2), 1);
}

TEST(Trainer, StopsBetweenStepsWithACheckpointOfWhatWasDone) {
  const runner::Assembly parts = tiny_assembly();
  Told told;
  told.stop_after = 3;
  Trainer trainer(parts.parts(), short_plan(100), told.ports());
  EXPECT_EQ(trainer.run(0), Outcome::stopped);
  EXPECT_EQ(trainer.done(), 3);
  EXPECT_THAT(told.saved, ElementsAre(3));
}

TEST(Trainer, TheLossFalls) {
  const runner::Assembly parts = tiny_assembly();
  Told told;
  (void)Trainer(parts.parts(), short_plan(60), told.ports()).run(0);
  const auto losses = told.losses();
  ASSERT_EQ(losses.size(), 60U);
  EXPECT_LT(losses.back(), losses.front() - 0.3);
}

TEST(Trainer, ThreadsOfTheLoaderChangeNoBit) {
  std::vector<std::vector<double>> losses;
  for (const std::int64_t workers : {0, 1, 3}) {
    recipe::Recipe recipe = tiny_recipe();
    recipe.set("data.workers", workers);
    const runner::Assembly parts = tiny_assembly(recipe);
    Told told;
    (void)Trainer(parts.parts(), short_plan(5), told.ports()).run(0);
    losses.push_back(told.losses());
  }
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_EQ(losses[0], losses[2]);
}

TEST(Trainer, ThreadsThatComputeChangeNoBit) {
  std::vector<std::vector<double>> losses;
  for (const std::int64_t threads : {1, 2}) {
    recipe::Recipe recipe = tiny_recipe();
    recipe.set("train.threads", threads);
    const runner::Assembly parts = tiny_assembly(recipe);
    Told told;
    (void)Trainer(parts.parts(), short_plan(5), told.ports()).run(0);
    losses.push_back(told.losses());
  }
  EXPECT_EQ(losses[0], losses[1]);
}

TEST(Trainer, ANumberThatIsNotFiniteIsNamedAndNoWeightChanges) {
  const runner::Assembly parts = tiny_assembly();
  const Parameter poisoned = parts.model->parameters().find("text_tower.head.weight");
  auto values = parts.context->download(poisoned->value);
  values[3] = std::numeric_limits<float>::quiet_NaN();
  parts.context->write(poisoned->value, values);
  const Parameter other = parts.model->parameters().find("image_tower.head.weight");
  const auto before = parts.context->download(other->value);

  Told told;
  try {
    (void)Trainer(parts.parts(), short_plan(5), told.ports()).run(0);
    FAIL() << "the step was taken";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::numeric);
    EXPECT_THAT(
        failure.error().cause,
        AllOf(HasSubstr("the loss is nan"), HasSubstr("nan first appears in y[0, 0] of linear at text_tower.head"),
              HasSubstr("of the forward pass, whose input w = text_tower.head.weight is not finite either")));
  }
  EXPECT_EQ(parts.context->download(other->value), before);
  const auto faults = told.of<journal::FaultSeen>();
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].step, 1);
  EXPECT_THAT(told.saved, ElementsAre());
  EXPECT_TRUE(told.losses().empty());
}

TEST(Trainer, AFaultThatCannotBeToldDoesNotHideTheFirstOne) {
  const runner::Assembly parts = tiny_assembly();
  const Parameter poisoned = parts.model->parameters().find("text_tower.head.weight");
  parts.context->write(poisoned->value, std::vector<float>(static_cast<std::size_t>(poisoned->value.numel()),
                                                           std::numeric_limits<float>::quiet_NaN()));
  Told told;
  Ports ports = told.ports();
  ports.tell = [](const journal::Payload& event) {
    if (std::holds_alternative<journal::FaultSeen>(event)) throw Failure(ErrorKind::io, "append", "the disk is full");
  };
  try {
    (void)Trainer(parts.parts(), short_plan(5), ports).run(0);
    FAIL() << "the step was taken";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::numeric);
  }
}

TEST(Contrastive, AnUndecidedModelHasTheLossOfABatchOnTheTestSetToo) {
  const runner::Assembly parts = tiny_assembly();
  for (const char* path : {"image_tower.head.weight", "text_tower.head.weight"}) {
    const Parameter head = parts.model->parameters().find(path);
    parts.context->write(head->value, std::vector<float>(static_cast<std::size_t>(head->value.numel()), 0.0F));
  }
  const tasks::Judgement judged = parts.task->judge(*parts.context);
  const auto loss = std::ranges::find(judged.metrics, "loss", &std::pair<std::string, double>::first);
  ASSERT_NE(loss, judged.metrics.end());
  // Every batch is as large as one of training, so the two curves can be drawn over one another.
  EXPECT_NEAR(loss->second, std::log(32.0), 1e-5);
}

TEST(Contrastive, TheLossOnTheTestSetIsTheTrainingLossOfItsBatches) {
  for (const char* kind : {"softmax", "sigmoid"}) {
    SCOPED_TRACE(kind);
    recipe::Recipe recipe = tiny_recipe();
    recipe.set("train.loss", std::string(kind));
    recipe.set("data.batch_size", std::int64_t{91});  // as many as there are test pictures: one batch
    const runner::Assembly parts = tiny_assembly(recipe);
    const auto test = value_or_throw(data::EvaluationSet::create(parts.dataset, [&] {
      data::LoaderOptions options = runner::loader_options(recipe);
      options.selection = runner::test_selection(recipe);
      return options;
    }()));
    ASSERT_EQ(test.size(), 91);
    const tasks::Judgement judged = parts.task->judge(*parts.context);
    parts.context->set_training(false);
    const Variable expected = parts.task->loss(*parts.context, test.batch(0));
    const auto loss = std::ranges::find(judged.metrics, "loss", &std::pair<std::string, double>::first);
    ASSERT_NE(loss, judged.metrics.end());
    EXPECT_NEAR(loss->second, parts.context->download(expected.value()).front(), 1e-5);
  }
}

TEST(Contrastive, TheSigmoidJudgesEveryPairAlone) {
  recipe::Recipe recipe = tiny_recipe();
  recipe.set("train.loss", std::string("sigmoid"));
  recipe.set("model.initial_bias", -3.0);
  const runner::Assembly parts = tiny_assembly(recipe);
  // Without contrast only the bias speaks.
  parts.context->write(parts.model->logit_scale()->value, std::vector<float>{-60.0F});
  const data::Batch batch = parts.loader->make(0);
  double expected = 0;
  for (const auto a : batch.concepts)
    for (const auto b : batch.concepts)
      expected += std::log1p(std::exp(a == b ? 3.0 : -3.0)) / static_cast<double>(batch.concepts.size());
  EXPECT_NEAR(parts.context->download(parts.task->loss(*parts.context, batch).value()).front(), expected, 1e-4);
  EXPECT_THAT(parts.task->state(*parts.context), Contains(std::pair<std::string, double>("logit_bias", -3.0)));
  EXPECT_FALSE(tiny_assembly().model->parameters().find("logit_bias")) << "the softmax has no use for one";
}

// The task of the recipe, with a loss that something happens to.
class AlteredTask final : public tasks::Task {
 public:
  using Alter = std::function<Variable(Context&, Variable)>;
  AlteredTask(tasks::Task& real, Alter alter) : real_(real), alter_(std::move(alter)) {}
  Inputs upload(Context& context, const data::Batch& batch, const data::Rows& rows) override {
    return real_.upload(context, batch, rows);
  }
  std::vector<Variable> features(Context& context, const Inputs& inputs) override {
    return real_.features(context, inputs);
  }
  Variable criterion(Context& context, const std::vector<Variable>& features) override {
    return alter_(context, real_.criterion(context, features));
  }
  tasks::Figures state(const Context& context) const override { return real_.state(context); }
  tasks::Judgement judge(Context& context) override { return real_.judge(context); }

 private:
  tasks::Task& real_;
  Alter alter_;
};

// The Failure of a run whose loss is altered.
Error failure_of(const runner::Assembly& parts, AlteredTask::Alter alter, Told& told) {
  AlteredTask task(*parts.task, std::move(alter));
  try {
    (void)Trainer({*parts.context, task, *parts.loader, parts.model->named_parameters(), *parts.optimizer},
                  short_plan(5), told.ports())
        .run(0);
  } catch (const Failure& failure) {
    return failure.error();
  }
  return {};
}

TEST(Trainer, AGradientThatIsNotFiniteIsTracedToTheLaunchThatMadeIt) {
  const runner::Assembly parts = tiny_assembly();
  const auto break_gradient = [](Context& context, Variable loss) -> Variable {
    return record(context, "broken", loss.value(), {&loss}, [](BackwardCall& call) {
      const Tensor dy = call.output_gradient();
      Tensor dx = call.context().empty_like(dy);
      call.context().launch(
          "axpby", kernels::axpby,
          kernels::AxpbyArgs{.alpha = std::numeric_limits<float>::infinity(), .x = dy.view(), .y = dx.view()});
      call.give(0, std::move(dx));
    });
  };
  Told told;
  const Error error = failure_of(parts, break_gradient, told);
  EXPECT_EQ(error.kind, ErrorKind::numeric);
  EXPECT_THAT(error.cause, AllOf(HasSubstr("the gradient of"), HasSubstr("inf first appears in y[0] of axpby"),
                                 HasSubstr("of the backward pass, from inputs that are finite")));
  EXPECT_EQ(told.of<journal::FaultSeen>().size(), 1U);
  for (const Parameter& parameter : parts.model->named_parameters()) EXPECT_FALSE(parameter->gradient.present());
}

TEST(Trainer, WhatDoesNotHappenAgainIsSaidSo) {
  const runner::Assembly parts = tiny_assembly();
  int calls = 0;
  const auto once = [&](Context& context, Variable loss) -> Variable {
    if (++calls > 1) return loss;
    return context.full({1}, std::numeric_limits<float>::quiet_NaN());
  };
  Told told;
  EXPECT_THAT(failure_of(parts, once, told).cause, HasSubstr("it did not happen again when the step was repeated"));
  EXPECT_EQ(calls, 2);
}

TEST(Trainer, NamesTheOwnersOfTheMemoryWhenThereIsNone) {
  const runner::Assembly parts = tiny_assembly();
  parts.context->allocator().set_limit(parts.context->memory().reserved_bytes + (std::size_t{1} << 20));
  Told told;
  Ports ports = told.ports();
  ports.memory_remedy = [](const std::vector<TagOwners>& owners) {
    return runner::memory_advice(tiny_recipe(), owners);
  };
  try {
    (void)Trainer(parts.parts(), short_plan(5), ports).run(1);
    FAIL() << "a step fitted into a mebibyte";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::out_of_memory);
    EXPECT_THAT(failure.error().cause,
                AllOf(HasSubstr("in use"), HasSubstr("limit"), HasSubstr("in detail: activations"),
                      HasSubstr("image_tower.stem"), HasSubstr("optimizer"), HasSubstr("text_tower.words.weight")));
    EXPECT_THAT(failure.error().remedy, AllOf(HasSubstr("data.batch_size (now 32)"), HasSubstr("model.stem")));
  }
  const auto faults = told.of<journal::FaultSeen>();
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].kind, "out_of_memory");
  EXPECT_THAT(faults[0].cause, HasSubstr("image_tower.stem"));
}

TEST(MemoryAdvice, NamesTheFieldsThatDecide) {
  const recipe::Recipe recipe = tiny_recipe();
  const auto advice = [&](MemoryTag tag, const std::string& owner) {
    return runner::memory_advice(recipe, {{.tag = tag, .bytes = 9, .owners = {{owner, 5}}}});
  };
  EXPECT_EQ(advice(MemoryTag::activations, "text_tower.blocks.0.mlp.up (linear)"),
            "Lower data.batch_size (now 32), or model.text_width (now 16) or data.max_tokens (now 12)");
  EXPECT_EQ(advice(MemoryTag::optimizer, "image_tower.blocks.0.mlp.up.weight"),
            "Lower model.image_width (now 16) or model.image_depth (now 1)");
  EXPECT_EQ(advice(MemoryTag::gradients, "logit_scale"),
            "Lower model.image_width (now 16) or model.text_width (now 16)");
}

TEST(Contrastive, ABrokenModelEarnsNothing) {
  const runner::Assembly parts = tiny_assembly();
  const Parameter head = parts.model->parameters().find("image_tower.head.bias");
  parts.context->write(head->value, std::vector<float>(static_cast<std::size_t>(head->value.numel()),
                                                       std::numeric_limits<float>::quiet_NaN()));
  const tasks::Judgement judged = parts.task->judge(*parts.context);
  EXPECT_THAT(judged.metrics, Contains(std::pair<std::string, double>("t2i_r10", 0)));
  EXPECT_THAT(judged.metrics, Contains(std::pair<std::string, double>("i2t_r10", 0)));
}

TEST(Contrastive, JudgingLeavesModeAndRecordingAsTheyWere) {
  const runner::Assembly parts = tiny_assembly();
  const auto first = parts.task->judge(*parts.context);
  EXPECT_TRUE(parts.context->training());
  EXPECT_TRUE(parts.context->recording());
  EXPECT_EQ(first.metrics, parts.task->judge(*parts.context).metrics);
}

}  // namespace
}  // namespace athanor::train
