// A training step that is recorded and replayed has the bits of one that is not. Runs on the emulated device as part of
// ctest, and on a real one by run.sh.
#include "core/tensor/recorded_step.h"

#include "core/autograd/backward.h"
#include "core/models/two_tower/two_tower.h"
#include "core/ops/elementwise.h"
#include "core/ops/loss.h"
#include "core/optim/optimizer.h"
#include "kernels/base/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor {
namespace {

using How = StepRecorder::How;

constexpr int kSteps = 20;
constexpr std::int64_t kBatch = 4;

models::TwoTowerConfig tiny() {
  models::TwoTowerConfig config;
  config.image_px = 8;
  config.stem_channels = {4, 8};
  config.image_width = config.text_width = 8;
  config.image_heads = config.text_heads = 2;
  config.dropout = 0.2f;
  config.vocabulary = 20;
  config.max_tokens = 5;
  config.embedding_dim = 8;
  return config;
}

// A different batch for every step.
struct Numbers {
  std::vector<float> images;
  std::vector<std::int32_t> words, lengths;

  explicit Numbers(int step) {
    const models::TwoTowerConfig config = tiny();
    for (std::int64_t i = 0; i < kBatch * config.image_px * config.image_px * 3; ++i)
      images.push_back(
          static_cast<float>(philox_at(5, static_cast<std::uint32_t>(step), 0, static_cast<std::uint64_t>(i)).word[0]) /
              2147483648.0f -
          1.0f);
    for (std::int64_t i = 0; i < kBatch * config.max_tokens; ++i)
      words.push_back(static_cast<std::int32_t>((i * 7 + step * 3) % config.vocabulary));
    for (std::int64_t i = 0; i < kBatch; ++i)
      lengths.push_back(static_cast<std::int32_t>(1 + (i + step) % config.max_tokens));
  }
};

struct Outcome {
  Tensor loss;
  optim::Optimizer::Queued update;
};

// Bits of the losses and of all parameters at the end.
struct Learnt {
  std::vector<float> losses, parameters;
  [[nodiscard]] bool operator==(const Learnt&) const = default;
};

class Training {
 public:
  explicit Training(optim::Kind kind = optim::Kind::adamw)
      : context({.device = {DeviceKind::cuda, 0}, .seed = 11}),
        model(context, tiny(), 3),
        optimizer(optim::make_optimizer(context, model.named_parameters(), {.kind = kind})),
        recorded(context) {}

  [[nodiscard]] optim::StepOptions options(int step) const {
    return {.learning_rate = 1e-2f / static_cast<float>(1 + step), .max_norm = 0.5f};
  }

  // By the path that waits for the device and passes every number by value.
  float plain_step(int step) {
    begin(step);
    const Variable loss = forward();
    backward(context, loss);
    report = optimizer->step(context, options(step));
    optimizer->clear_gradients();
    return context.download(loss.value()).front();
  }
  float recorded_step(int step, const std::optional<StepKey>& key = StepKey{1}) {
    begin(step);
    optimizer->prepare(context, options(step));
    const Outcome& left = recorded.run(key, [&] {
      optimizer->clear_gradients();
      const Variable loss = forward();
      backward(context, loss);
      return Outcome{loss.value(), optimizer->queue(context, options(0), loss.value())};
    });
    report = optimizer->finish(context, options(step), left.update);
    const float loss = context.download(left.loss).front();
    optimizer->clear_gradients();
    return loss;
  }
  [[nodiscard]] std::vector<float> parameters() const {
    std::vector<float> all;
    for (const Parameter& parameter : model.named_parameters()) {
      const auto values = context.download(parameter->value);
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }

  Context context;
  models::TwoTower model;
  std::unique_ptr<optim::Optimizer> optimizer;
  RecordedStep<Outcome> recorded;
  optim::StepReport report;
  std::function<Variable(Variable)> alter = [](Variable loss) { return loss; };

 private:
  void begin(int step) {
    const Numbers numbers(step);
    const std::int64_t px = tiny().image_px;
    context.set_step(static_cast<std::uint32_t>(step));
    const std::vector<Tensor> fresh = {
        context.upload(std::span<const float>(numbers.images), {kBatch, px, px, 3}),
        context.upload(std::span<const std::int32_t>(numbers.words), {kBatch, tiny().max_tokens}),
        context.upload(std::span<const std::int32_t>(numbers.lengths), {kBatch})};
    if (inputs_.empty()) inputs_ = fresh;
    for (std::size_t i = 0; i < fresh.size(); ++i)
      if (fresh[i].storage() != inputs_[i].storage()) context.copy(fresh[i], inputs_[i]);
  }
  Variable forward() {
    const auto out = model.forward(context, inputs_[0], inputs_[1], inputs_[2]);
    return alter(ops::contrastive_loss(context, out.image_BD, out.text_BD, out.logit_scale));
  }

  std::vector<Tensor> inputs_;
};

Learnt plainly(optim::Kind kind, int steps = kSteps) {
  Training run(kind);
  Learnt out;
  for (int step = 0; step < steps; ++step) out.losses.push_back(run.plain_step(step));
  out.parameters = run.parameters();
  return out;
}

TEST(RecordedStep, HasTheBitsOfAPlainOneWithDropoutAndClipping) {
  for (const auto kind : {optim::Kind::adamw, optim::Kind::lamb, optim::Kind::sgd}) {
    SCOPED_TRACE(optim::kKindNames[static_cast<int>(kind)]);
    const int steps = kind == optim::Kind::adamw ? kSteps : 6;
    Training run(kind);
    Learnt got;
    int replays = 0;
    for (int step = 0; step < steps; ++step) {
      got.losses.push_back(run.recorded_step(step));
      EXPECT_TRUE(run.report.gradient_norm > 0.5) << "clipping has nothing to do";
      replays += run.recorded.how() == How::replayed;
    }
    got.parameters = run.parameters();
    EXPECT_EQ(replays, steps - StepRecorder::kWarmUps - 1);
    EXPECT_EQ(run.optimizer->step_count(), steps);
    EXPECT_TRUE(got == plainly(kind, steps));
  }
}

TEST(RecordedStep, IsOneLaunchOfAsManyAsTheStepHas) {
  Training run;
  for (int step = 0; step < 4; ++step) static_cast<void>(run.recorded_step(step));
  EXPECT_TRUE(run.recorded.how() == How::replayed);
  EXPECT_TRUE(run.recorded.recorder().launches() > 100u);
  EXPECT_TRUE(run.recorded.recorder().refusal().empty());
}

TEST(RecordedStep, BeginsAnewWithAnotherKey) {
  Training run, plain;
  std::vector<How> seen;
  Learnt got, want;
  std::size_t with_dropout = 0;
  // Without dropout the launches are others.
  for (int step = 0; step < 10; ++step) {
    if (step == 5) with_dropout = run.recorded.recorder().launches();
    for (Training* each : {&run, &plain}) each->context.set_training(step < 5);
    got.losses.push_back(run.recorded_step(step, StepKey{step < 5 ? 1u : 2u}));
    seen.push_back(run.recorded.how());
    want.losses.push_back(plain.plain_step(step));
  }
  got.parameters = run.parameters();
  want.parameters = plain.parameters();
  const std::vector<How> twice = {How::plain, How::plain, How::recorded, How::replayed, How::replayed,
                                  How::plain, How::plain, How::recorded, How::replayed, How::replayed};
  EXPECT_TRUE(seen == twice);
  EXPECT_TRUE(run.recorded.recorder().launches() < with_dropout);
  EXPECT_TRUE(got == want);
}

TEST(RecordedStep, IsNotDisturbedByWorkBetweenStepsNorDisturbsIt) {
  Training run;
  Learnt got;
  std::vector<Tensor> kept;
  std::size_t disturbed = 0;
  for (int step = 0; step < 8; ++step) {
    got.losses.push_back(run.recorded_step(step));
    for (const Tensor& tensor : kept)
      for (const float value : run.context.download(tensor)) disturbed += value != 1e30f;
    // As an evaluation takes memory, and a copy that is kept: of sizes that the step has, too.
    if (step % 2 == 0) kept.clear();
    for (const Parameter& parameter : run.model.named_parameters())
      kept.push_back(run.context.full(parameter->value.shape(), 1e30f));
  }
  got.parameters = run.parameters();
  EXPECT_TRUE(run.recorded.how() == How::replayed);
  EXPECT_EQ(disturbed, 0u);
  EXPECT_TRUE(got == plainly(optim::Kind::adamw, 8));
}

TEST(RecordedStep, SharesItsMemoryWithStepsThatAreNotRecorded) {
  Training run;
  Learnt got;
  std::vector<std::size_t> reserved;
  for (int step = 0; step < 7; ++step) {
    const bool plain = step == 4;
    got.losses.push_back(run.recorded_step(step, plain ? std::nullopt : std::optional(StepKey{1})));
    EXPECT_TRUE(step < 3 || run.recorded.how() == (plain ? How::plain : How::replayed));
    reserved.push_back(run.context.memory().reserved_bytes);
  }
  got.parameters = run.parameters();
  EXPECT_EQ(reserved[6], reserved[3]);
  EXPECT_TRUE(got == plainly(optim::Kind::adamw, 7));
}

TEST(RecordedStep, GivesItsMemoryUpWhereItRunsShortAndRecordsAnew) {
  Training run;
  Learnt got;
  std::vector<How> seen;
  for (int step = 0; step < 8; ++step) {
    got.losses.push_back(run.recorded_step(step));
    seen.push_back(run.recorded.how());
    if (step != 3) continue;
    run.context.allocator().trim();
    run.context.allocator().set_limit(run.context.memory().reserved_bytes);
    const Tensor more = run.context.full({1024}, 1.0f);  // only what the step has set apart is left
    run.context.allocator().set_limit(0);
  }
  got.parameters = run.parameters();
  const std::vector<How> want = {How::plain, How::plain, How::recorded, How::replayed,
                                 How::plain, How::plain, How::recorded, How::replayed};
  EXPECT_TRUE(seen == want);
  EXPECT_TRUE(got == plainly(optim::Kind::adamw, 8));
}

TEST(RecordedStep, IsDonePlainlyWhereItReadsFromTheDevice) {
  Training run;
  Learnt got;
  for (int step = 0; step < 8; ++step) {
    run.alter = [&run](Variable loss) {
      static_cast<void>(run.context.download(loss.value()));
      return loss;
    };
    got.losses.push_back(run.recorded_step(step));
    EXPECT_TRUE(run.recorded.how() == How::plain);
  }
  got.parameters = run.parameters();
  EXPECT_TRUE(run.recorded.recorder().refusal().find("reach the host") != std::string::npos);
  EXPECT_TRUE(got == plainly(optim::Kind::adamw, 8));
}

TEST(RecordedStep, ChangesNothingWhereANumberIsNotFinite) {
  Training run;
  for (int step = 0; step < 4; ++step) static_cast<void>(run.recorded_step(step));
  Parameter head;
  for (const Parameter& parameter : run.model.named_parameters())
    if (parameter->path == "image_tower.head.weight") head = parameter;
  const std::vector<float> good = run.context.download(head->value);
  const std::vector<float> before = run.parameters();
  std::vector<float> bad = good;
  bad[0] = std::numeric_limits<float>::quiet_NaN();
  run.context.write(head->value, bad);
  EXPECT_TRUE(std::isnan(run.recorded_step(4)));
  EXPECT_TRUE(run.recorded.how() == How::replayed);
  EXPECT_TRUE(!run.report.applied());
  EXPECT_EQ(run.optimizer->step_count(), 4);
  run.context.write(head->value, good);
  EXPECT_TRUE(run.parameters() == before);
  static_cast<void>(run.recorded_step(5));
  EXPECT_TRUE(run.report.applied());
  EXPECT_EQ(run.optimizer->step_count(), 5);
}

// The tests above would see a number that is part of a launch: here the learning rate is one.
TEST(RecordedStep, ShowsANumberThatIsPartOfALaunch) {
  Training run;
  Context& context = run.context;
  const Tensor x = context.full({8}, 1.0f), y = context.full({8}, 0.0f);
  RecordedStep<int> recorded(context);
  std::vector<float> seen;
  for (int step = 0; step < 5; ++step) {
    static_cast<void>(recorded.run(StepKey{7}, [&] {
      context.copy(ops::scale(context, Variable(x), static_cast<float>(step)).value(), y);
      return 0;
    }));
    seen.push_back(context.download(y).front());
  }
  const std::vector<float> baked = {0, 1, 2, 2, 2};
  EXPECT_TRUE(seen == baked);
}

}  // namespace
}  // namespace athanor
