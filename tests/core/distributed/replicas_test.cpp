#include "core/comm/group.h"
#include "core/train/gradient_sum.h"
#include "core/train/trainer.h"
#include "tests/core/distributed/trained.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <mutex>

namespace athanor {
namespace {

TEST(Replicas, OfAnyNumberGiveTheBitsOfOneProcessAfterAHundredSteps) {
  const Trace alone = train_ranks(recipe_for(1, 8), 100).front();
  ASSERT_EQ(alone.losses.size(), 100U);
  EXPECT_LT(alone.losses.back(), alone.losses.front() - 0.3);
  for (const int replicas : {2, 4, 8})
    for (const Trace& trace : train_ranks(recipe_for(replicas, 8), 100))
      EXPECT_TRUE(trace == alone) << replicas << " replicas";
}

TEST(Replicas, ThatAreNoPowerOfTwoGiveTheSameBitsToo) {
  const Trace alone = train_ranks(
                          [] {
                            recipe::Recipe recipe = recipe_for(1, 6);
                            recipe.set("data.batch_size", std::int64_t{36});
                            return recipe;
                          }(),
                          10)
                          .front();
  recipe::Recipe recipe = recipe_for(3, 6);
  recipe.set("data.batch_size", std::int64_t{36});
  for (const Trace& trace : train_ranks(recipe, 10)) EXPECT_TRUE(trace == alone);
}

TEST(Replicas, WithUnequalSharesOfTheMicroBatchesGiveTheSameBits) {
  recipe::Recipe one = recipe_for(1, 12);
  one.set("data.batch_size", std::int64_t{36});
  one.set("model.dropout", 0.25);
  const Trace alone = train_ranks(one, 10).front();
  for (const std::vector<std::int64_t>& shares :
       {std::vector<std::int64_t>{6, 6}, {7, 5}, {1, 11}, {11, 1}, {5, 3, 4}, {1, 1, 10}, {2, 7, 1, 2}}) {
    recipe::Recipe several = one;
    several.set("parallel.data", static_cast<std::int64_t>(shares.size()));
    for (const Trace& trace : train_ranks(several, 10, shares))
      EXPECT_TRUE(trace == alone) << fmt::format("{}", fmt::join(shares, ", "));
  }
}

TEST(Replicas, GiveTheBitsOfOneProcessInNarrowFormatsToo) {
  for (const char* policy : {"bf16", "fp16", "fp8-current"}) {
    recipe::Recipe one = recipe_for(1, 2), two = recipe_for(2, 2);
    for (recipe::Recipe* recipe : {&one, &two}) recipe->set("precision.policy", std::string(policy));
    const Trace alone = train_ranks(one, 10).front();
    EXPECT_EQ(alone.losses.size(), 10U);
    for (const Trace& trace : train_ranks(two, 10)) EXPECT_TRUE(trace == alone) << policy;
  }
}

TEST(MicroBatches, LeaveTheGradientOfTheWholeBatch) {
  // Dropout included: a row draws the same numbers however the batch is cut.
  recipe::Recipe whole = recipe_for(1, 1), parts = recipe_for(1, 4);
  for (recipe::Recipe* recipe : {&whole, &parts}) recipe->set("model.dropout", 0.25);
  const Trace a = train_ranks(whole, 5).front(), b = train_ranks(parts, 5).front();
  for (std::size_t i = 0; i < a.losses.size(); ++i) {
    EXPECT_NEAR(a.losses[i], b.losses[i], 1e-5 * a.losses[i]) << "step " << i + 1;
    EXPECT_NEAR(a.norms[i], b.norms[i], 1e-4 * a.norms[i]) << "step " << i + 1;
  }
}

TEST(GradientSum, AddsNeighboursFirst) {
  // Numbers of which the sum depends on the order: in a row 1 is lost against 2^24, as a tree it is not.
  const std::vector<float> parts = {16777216.0F, 1.0F, 1.0F, 1.0F, 1.0F, 1.0F, 1.0F};
  Context context({});
  const std::vector<Parameter> parameters = {make_parameter("x", context.zeros({1}))};
  train::GradientSum sum;
  for (const float part : parts) {
    parameters[0]->gradient = context.full({1}, part);
    sum.add(context, parameters);
  }
  sum.finish(context, parameters);
  const float tree = ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + parts[6]);
  EXPECT_EQ(parameters[0]->gradient.item(), tree);
  float row = 0;
  for (const float part : parts) row += part;
  EXPECT_NE(row, tree);
}

TEST(GradientSum, OfARunAmidTheTreeKeepsTheNodesThatItCanMake) {
  using testing::ElementsAre;
  using train::SumNode;
  EXPECT_THAT(train::nodes_of({0, 8}), ElementsAre(SumNode{3, 0}));
  EXPECT_THAT(train::nodes_of({1, 3}), ElementsAre(SumNode{0, 1}, SumNode{1, 1}));
  EXPECT_THAT(train::nodes_of({3, 6}), ElementsAre(SumNode{0, 3}, SumNode{2, 1}, SumNode{0, 8}));
}

// Loses its communicator in the middle of a step, once.
class Breaking final : public train::Replicas {
 public:
  [[nodiscard]] int count() const override { return 1; }
  [[nodiscard]] int index() const override { return 0; }
  void gather(Context&, const Tensor&) override {}
  void sum_gradients(Context& context, std::span<const Parameter> parameters) override {
    if (++calls_ != 4) return;
    context.write(parameters.front()->gradient,  // half done
                  std::vector<float>(static_cast<std::size_t>(parameters.front()->gradient.numel()), 7.0F));
    throw Failure(ErrorKind::communication, "sum gradients", "rank 1 has died");
  }

 private:
  int calls_ = 0;
};

TEST(Replicas, LostInTheMiddleOfASumLeaveNothingOfItToTheStepThatIsTakenAgain) {
  const recipe::Recipe recipe = recipe_for(1, 2);
  const Trace alone = train_ranks(recipe, 10).front();
  const runner::Assembly assembly = runner::assemble(recipe, train::prepared_data());
  Breaking breaking;
  train::Parts parts = assembly.parts();
  parts.replicas = &breaking;
  train::Plan plan = runner::train_plan(recipe);
  plan.steps = 10;
  plan.evaluate_every = plan.checkpoint_every = 0;
  train::Ports ports;
  ports.tell = [](const journal::Payload&) {};
  ports.save = [](std::int64_t) {};
  ports.stop = [] { return false; };
  ports.now_ns = [] { return std::int64_t{0}; };
  train::Trainer first(parts, plan, ports);
  EXPECT_THROW((void)first.run(0), Failure);
  EXPECT_EQ(first.done(), 3);
  (void)train::Trainer(parts, plan, ports).run(first.progress());
  for (const Parameter& parameter : assembly.model->named_parameters())
    EXPECT_EQ(assembly.context->download(parameter->value), alone.numbers.at(parameter->path)) << parameter->path;
}

TEST(Replicas, LostWhileOneWorksAloneLeaveNothingUndone) {
  const recipe::Recipe recipe = recipe_for(1, 2);
  const runner::Assembly assembly = runner::assemble(recipe, train::prepared_data());
  train::Plan plan = runner::train_plan(recipe);
  plan.steps = 4;
  plan.evaluate_every = plan.checkpoint_every = 0;
  std::vector<std::int64_t> evaluated, saved;
  train::Ports ports;
  ports.tell = [&](const journal::Payload& event) {
    if (const auto* evaluation = std::get_if<journal::Evaluation>(&event)) evaluated.push_back(evaluation->step);
  };
  ports.save = [&](std::int64_t step) { saved.push_back(step); };
  ports.stop = [] { return false; };
  ports.now_ns = [] { return std::int64_t{0}; };
  // As a rank finds it that was at the last step when another one was lost.
  train::Trainer trainer(assembly.parts(), plan, ports);
  EXPECT_EQ(trainer.run(train::Progress{.done = 4, .evaluated = 0, .saved = -1}), train::Outcome::finished);
  EXPECT_THAT(evaluated, testing::ElementsAre(4));
  EXPECT_THAT(saved, testing::ElementsAre(4));
}

TEST(Replicas, NameTheRankAndTheRowsOfWhichNumbersAreNotFinite) {
  const recipe::Recipe recipe = recipe_for(2, 4);
  std::vector<std::string> causes(2);
  comm::run_threads(2, {}, [&](comm::Group& group) {
    const auto rank = static_cast<std::size_t>(group.world().rank());
    runner::Assembly parts = runner::assemble(recipe, train::prepared_data(), {}, group.world().rank());
    runner::join(parts, recipe, group);
    if (rank == 1) {  // as a fault of its memory would
      const Parameter poisoned = parts.model->parameters().find("text_tower.head.weight");
      auto values = parts.context->download(poisoned->value);
      values[3] = std::numeric_limits<float>::infinity();
      parts.context->write(poisoned->value, values);
    }
    train::Ports ports;
    ports.tell = [&](const journal::Payload& event) {
      if (const auto* fault = std::get_if<journal::FaultSeen>(&event)) causes[rank] = fault->cause;
    };
    ports.save = [](std::int64_t) {};
    ports.stop = [] { return false; };
    ports.now_ns = [] { return std::int64_t{0}; };
    train::Plan plan = runner::train_plan(recipe);
    plan.evaluate_every = plan.checkpoint_every = 0;
    EXPECT_THROW((void)train::Trainer(parts.parts(), plan, ports).run(train::Progress{0, 0, -1}), Failure);
  });
  const auto quarter = recipe.integer("data.batch_size") / 4;
  for (const std::string& cause : causes) {
    EXPECT_THAT(cause, testing::HasSubstr("rank 1: "));
    EXPECT_THAT(cause, testing::HasSubstr(fmt::format("for rows {} to {} of the batch", 2 * quarter, 3 * quarter - 1)));
  }
}

TEST(Replicas, StayEqualWithGradientsInFewerBits) {
  const Trace plain = train_ranks(recipe_for(2, 2), 60).front();
  for (const char* format : {"bf16", "fp8", "int8"}) {
    const auto traces = train_ranks(recipe_for(2, 2, format), 60);
    EXPECT_TRUE(traces[0] == traces[1]) << format;
    EXPECT_LT(traces[0].losses.back(), traces[0].losses.front() - 0.3) << format;
    EXPECT_NEAR(traces[0].losses.back(), plain.losses.back(), 0.05 * plain.losses.back()) << format;
    EXPECT_NE(traces[0].numbers, plain.numbers) << format;
    EXPECT_LT(traces[0].sent_bytes, 0.9 * plain.sent_bytes) << format;
  }
}

TEST(Replicas, ForgetWhatCodingTookAwayInAStepThatWasNotTaken) {
  comm::run_threads(2, {}, [](comm::Group& group) {
    Context context({});
    distributed::ReplicaGroup replicas(group.world(), comm::WireFormat::fp8);
    const std::int64_t count = 100'000;
    const Parameter parameter = make_parameter("w", context.zeros({count}));
    const auto exchange = [&](std::int64_t done, float scale) {
      context.set_step(static_cast<std::uint32_t>(done));
      replicas.gather(context, context.zeros({2}));
      std::vector<float> numbers(static_cast<std::size_t>(count));
      for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = scale * std::sin(static_cast<float>(i));
      parameter->gradient = context.upload(std::span<const float>(numbers), {count});
      replicas.sum_gradients(context, std::span(&parameter, 1));
    };
    const auto kept = [&] { return replicas.coded()->residuals().at("w").sender; };
    exchange(0, 1.0F);
    const std::vector<float> after_one = kept();
    exchange(1, 3.0F);
    EXPECT_NE(kept(), after_one);
    replicas.undo_step(1);
    EXPECT_EQ(kept(), after_one);
  });
}

TEST(Replicas, TellWhatTheySendInAStep) {
  const Trace trace = train_ranks(recipe_for(4, 4), 3).front();
  double parameters = 0;
  for (const auto& [name, numbers] : trace.numbers) parameters += static_cast<double>(numbers.size()) / 3;  // and m, v
  const double gradients = 2 * 3.0 / 4 * 4 * parameters;
  EXPECT_GT(trace.sent_bytes, gradients);
  EXPECT_LT(trace.sent_bytes, 1.1 * gradients);  // rows of the batch and frames
  EXPECT_EQ(train_ranks(recipe_for(1, 4), 3).front().sent_bytes, 0);
}

TEST(Replicas, AreNotAwaitedByTheFirstAfterItsOwnWorkForLongerThanTheDeadline) {
  std::atomic<bool> has_given_up = false;
  comm::GroupOptions options;
  options.timeout = std::chrono::seconds(2);
  EXPECT_THROW(comm::run_threads(2, options,
                                 [&](comm::Group& group) {
                                   distributed::RunWorld world(group);
                                   if (group.world().rank() == 1) {  // hangs
                                     has_given_up.wait(false);
                                     return;
                                   }
                                   try {
                                     world.meet();
                                   } catch (const Failure&) {
                                     has_given_up = true;
                                     has_given_up.notify_all();
                                     throw;
                                   }
                                 }),
               Failure);
}

TEST(Replicas, StopAfterTheSameStepWhicheverIsAsked) {
  const recipe::Recipe recipe = recipe_for(2, 2);
  std::vector<std::int64_t> done(2), saved(2);
  comm::run_threads(2, {}, [&](comm::Group& group) {
    const auto rank = static_cast<std::size_t>(group.world().rank());
    runner::Assembly parts = runner::assemble(recipe, train::prepared_data(), {}, group.world().rank());
    runner::join(parts, recipe, group);
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
  EXPECT_THAT(saved, testing::ElementsAre(3, 3));
}

}  // namespace
}  // namespace athanor
