// A small network trained under each policy: the formats it computes in, what is kept between steps, and that a run can
// be gone on with and repeated to the bit.
#include "core/precision/session.h"

#include "core/autograd/backward.h"
#include "core/nn/layers.h"
#include "core/optim/adamw.h"
#include "tests/core/engine/support.h"

#include <cmath>
#include <limits>
#include <memory>

namespace athanor::precision {
namespace {

using test::failure_text;
using test::random_numbers;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::int64_t kRows = 64, kWidth = 32;

// blocks.<0..3> with residuals, then a head: learns a fixed random map.
class Net {
 public:
  Net(Context& context, std::uint64_t seed = 3) {
    const nn::Scope scope(context, parameters_, seed);
    for (int i = 0; i < 4; ++i)
      blocks_.emplace_back(scope.child("blocks").child(i), nn::LinearConfig{.in = kWidth, .out = kWidth});
    norm_ = std::make_unique<nn::LayerNorm>(scope.child("norm"), kWidth);
    head_ = std::make_unique<nn::Linear>(scope.child("head"), nn::LinearConfig{.in = kWidth, .out = kWidth});
  }
  [[nodiscard]] Variable forward(Context& context, Variable x) const {
    for (const nn::Linear& block : blocks_)
      x = block.forward(context, x, {.activation = Activation::gelu_tanh, .residual = x});
    return head_->forward(context, norm_->forward(context, x));
  }
  [[nodiscard]] const nn::ParameterSet& parameters() const { return parameters_; }

 private:
  nn::ParameterSet parameters_;
  std::vector<nn::Linear> blocks_;
  std::unique_ptr<nn::LayerNorm> norm_;
  std::unique_ptr<nn::Linear> head_;
};

struct Rig {
  explicit Rig(const Settings& settings, int threads = 1, const DeviceTraits& device = {})
      : context({.threads = threads}),
        net(context),
        session(context, settings, net.parameters(), device),
        optimizer(context, net.parameters().all(), {}) {}

  // The mean square distance to what is to be learnt, of step `done`.
  double step(float lie = 0.0f) {
    session.begin_step(done);
    const auto numbers = random_numbers(kRows * kWidth, 1000 + static_cast<std::uint64_t>(done));
    const Variable y = net.forward(context, context.upload(numbers, {kRows, kWidth}));
    EXPECT_EQ(y.value().dtype(), DType::f32) << "heads end in f32";
    std::vector<float> gradient = context.download(y.value());
    double loss = lie;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const float away = gradient[i] - numbers[i / kWidth * kWidth + (i * 7 + 3) % kWidth];
      loss += static_cast<double>(away * away) / static_cast<double>(gradient.size());
      gradient[i] = 2.0f * away / static_cast<float>(gradient.size()) * session.loss_scale();
    }
    backward(context, y, context.upload(gradient, y.shape()));
    const optim::StepReport report =
        optimizer.step(context, {.learning_rate = 3e-3f, .gradient_scale = 1.0f / session.loss_scale()});
    optimizer.clear_gradients();
    ++done;
    if (!report.applied()) {
      ++overflows;
      EXPECT_TRUE(session.count_overflow());
      return loss;
    }
    for (RecordedChange& change : session.end_step(done, loss)) log.push_back(std::move(change));
    return loss;
  }
  std::vector<double> steps(int count) {
    std::vector<double> losses;
    for (int i = 0; i < count; ++i) losses.push_back(step());
    return losses;
  }
  [[nodiscard]] std::vector<float> weights() const {
    std::vector<float> all;
    for (const Parameter& parameter : net.parameters().all())
      for (const float value : context.download(parameter->value)) all.push_back(value);
    return all;
  }

  Context context;
  Net net;
  Session session;
  optim::AdamW optimizer;
  std::int64_t done = 0;
  int overflows = 0;
  std::vector<RecordedChange> log;
};

double mean_of_last(const std::vector<double>& losses, int count) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += losses[losses.size() - 1 - static_cast<std::size_t>(i)] / count;
  return sum;
}

Settings settings(Policy policy) {
  Settings out{.policy = policy};
  out.dynamic = {.error_budget = 0.05, .loss_budget = 0.02, .every = 4, .spike = 6, .high_steps = 10};
  out.loss_scale.start = 1024;
  return out;
}

TEST(Session, EveryPolicyLearnsNearlyAsWellAsF32) {
  const double wide = mean_of_last(Rig(settings(Policy::fp32)).steps(150), 10);
  for (const Policy policy : {Policy::tf32, Policy::fp16, Policy::bf16, Policy::fp8_delayed, Policy::fp8_current,
                              Policy::fp8_block, Policy::dynamic}) {
    SCOPED_TRACE(to_string(policy));
    Rig rig(settings(policy));
    const std::vector<double> losses = rig.steps(150);
    EXPECT_LT(mean_of_last(losses, 10), 0.5 * losses.front());
    EXPECT_NEAR(mean_of_last(losses, 10), wide, 0.15 * wide);
    EXPECT_EQ(rig.overflows, 0);
  }
}

TEST(Session, PoliciesDifferInTheirBits) {
  std::vector<std::vector<float>> seen;
  for (const Policy policy :
       {Policy::fp32, Policy::fp16, Policy::bf16, Policy::fp8_delayed, Policy::fp8_current, Policy::fp8_block}) {
    Rig rig(settings(policy));
    (void)rig.steps(3);
    for (const auto& other : seen) EXPECT_NE(rig.weights(), other) << to_string(policy);
    seen.push_back(rig.weights());
  }
}

TEST(Session, Tf32IsForTheProductsOfItsOwnPolicyAndEndsWithIt) {
  const DeviceTraits device{.cuda = true, .major = 9};
  Context context({});
  const Net net(context);
  for (const Policy policy : {Policy::fp32, Policy::tf32, Policy::bf16}) {
    const Session session(context, settings(policy), net.parameters(), device);
    EXPECT_EQ(context.exec().tf32, policy == Policy::tf32) << to_string(policy);
  }
  const Session session(context, settings(Policy::tf32), net.parameters(), {});
  EXPECT_FALSE(context.exec().tf32) << "on a processor there is none";
}

TEST(Session, TheBitsDoNotDependOnThreads) {
  for (const Policy policy : {Policy::fp16, Policy::fp8_delayed, Policy::fp8_block, Policy::dynamic}) {
    Rig one(settings(policy), 1), two(settings(policy), 2);
    (void)one.steps(14), (void)two.steps(14);
    EXPECT_EQ(one.weights(), two.weights()) << to_string(policy);
  }
}

TEST(Session, GoesOnFromItsStateWithTheSameBits) {
  for (const Policy policy : {Policy::fp16, Policy::fp8_delayed, Policy::dynamic}) {
    SCOPED_TRACE(to_string(policy));
    Rig whole(settings(policy)), first(settings(policy)), second(settings(policy));
    (void)whole.steps(21);
    (void)first.steps(10);
    for (std::size_t i = 0; i < first.net.parameters().all().size(); ++i)
      second.context.copy(first.net.parameters().all()[i]->value, second.net.parameters().all()[i]->value);
    const auto from = first.optimizer.named_state(), to = second.optimizer.named_state();
    for (std::size_t i = 0; i < from.size(); ++i) second.context.copy(from[i].second, to[i].second);
    second.optimizer.set_step_count(first.optimizer.step_count());
    second.done = first.done;
    second.session.restore(first.session.state());
    EXPECT_EQ(second.session.state(), first.session.state());
    (void)second.steps(11);
    EXPECT_EQ(second.weights(), whole.weights());
  }
}

TEST(Session, RefusesTheStateOfAnotherPolicyOrModel) {
  Rig bf16(settings(Policy::bf16)), dynamic(settings(Policy::dynamic));
  const auto refusal = [&](const std::string& state) { return failure_text([&] { dynamic.session.restore(state); }); };
  EXPECT_THAT(refusal(bf16.session.state()), HasSubstr("follow the policy bf16"));
  EXPECT_THAT(refusal("{"), HasSubstr("cannot be read"));
  EXPECT_THAT(refusal(R"({"policy":"dynamic","layers":{}})"), HasSubstr("do not speak of blocks.0"));
}

TEST(Session, ARefusedStateChangesNothing) {
  Rig rig(settings(Policy::dynamic));
  (void)rig.steps(40);
  ASSERT_GT(rig.session.fp8_share(), 0);
  const std::string before = rig.session.state(), wide = Rig(settings(Policy::dynamic)).session.state();
  const auto spoilt = [&](const std::string& what, const std::string& with) {
    std::string state = wide;
    const auto place = state.rfind(what);
    EXPECT_NE(place, std::string::npos) << what;
    return state.replace(place, what.size(), with);
  };
  for (const std::string& state :
       {spoilt(R"("votes":[)", R"("votes":["two",)"), spoilt(R"("loss_scale":[)", R"("loss_scale":["wide",)"),
        spoilt(R"("loss":[)", R"("loss":[{},)"), spoilt(R"("high_until":)", R"("high_until":"later","x":)"),
        spoilt(R"("policy":"dynamic")", R"("policy":7)"), std::string("[]"), std::string("null")}) {
    EXPECT_THAT(failure_text([&] { rig.session.restore(state); }), HasSubstr("checkpoint's number formats")) << state;
    EXPECT_EQ(rig.session.state(), before) << state;
  }
}

TEST(Dynamic, GoesLowKeepsAnAuditTrailAndRepeatsToTheBit) {
  Rig run(settings(Policy::dynamic));
  (void)run.steps(60);
  ASSERT_THAT(run.log, Not(IsEmpty()));
  EXPECT_GT(run.session.fp8_share(), 0.5);
  for (const RecordedChange& change : run.log) {
    EXPECT_EQ(change.step % 4, 0) << "between steps, every fourth only";
    EXPECT_THAT(change.layer, HasSubstr("blocks."));
    EXPECT_NE(change.from, change.to);
    EXPECT_FALSE(change.reason.empty());
    const std::string last = change.pass == "forward" ? "loss.change" : "weight.update_error";
    EXPECT_EQ(change.statistics.back().first, last);
    EXPECT_GT(change.statistics.back().second, 0) << "was measured";
    EXPECT_LT(change.statistics.back().second, change.pass == "forward" ? 0.02 : 0.5);
  }
  Rig again(settings(Policy::dynamic));
  again.session.replay(run.log);
  (void)again.steps(60);
  EXPECT_EQ(again.weights(), run.weights());
  EXPECT_EQ(again.log.size(), run.log.size());
  // Without the log the bits are others: it is what decides.
  Rig idle(settings(Policy::dynamic));
  idle.session.replay({});
  (void)idle.steps(60);
  EXPECT_NE(idle.weights(), run.weights());
}

TEST(Dynamic, RefusesBeforeItsFirstStepToRepeatWhatThisModelCannot) {
  const std::vector<RecordedChange> sound = {{4, "blocks.1", "forward", "bf16", "fp8-block", "cheaper", {}}};
  for (const auto& [layer, format] : {std::pair{"blocks.9", "fp8-block"}, std::pair{"blocks.1", "fp3"}}) {
    Rig rig(settings(Policy::dynamic));
    rig.session.replay(sound);
    EXPECT_THAT(failure_text([&] {
                  rig.session.replay({sound.front(), {8, layer, "forward", "bf16", format, "cheaper", {}}});
                }),
                HasSubstr("Use the recipe that the run was made with"))
        << layer << " " << format;
  }
}

TEST(Dynamic, MeasuringChangesNoBit) {
  Settings never = settings(Policy::dynamic);
  never.dynamic.error_budget = 1e-9;  // nothing fits: measured, but never changed
  Rig measured(never), plain(settings(Policy::bf16));
  (void)measured.steps(12), (void)plain.steps(12);
  EXPECT_THAT(measured.log, IsEmpty());
  EXPECT_EQ(measured.weights(), plain.weights());
}

TEST(Dynamic, AnEmergencyBringsEverythingBackForAWhile) {
  Rig rig(settings(Policy::dynamic));
  const auto losses = rig.steps(40);
  ASSERT_GT(rig.session.fp8_share(), 0);
  EXPECT_FALSE(rig.session.is_alarming(losses.back()));
  EXPECT_TRUE(rig.session.is_alarming(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(rig.session.is_alarming(100 * losses.back()));
  const auto changes = rig.session.emergency(rig.done, "the loss left its range");
  EXPECT_FALSE(changes.empty());
  for (const RecordedChange& change : changes) EXPECT_EQ(change.to, "bf16");
  EXPECT_EQ(rig.session.fp8_share(), 0);
  EXPECT_FALSE(rig.session.is_alarming(100 * losses.back())) << "nothing is left to bring back";
  rig.log.clear();
  (void)rig.steps(10);
  EXPECT_EQ(rig.session.fp8_share(), 0) << "high for as many steps as asked";
  (void)rig.steps(20);
  EXPECT_GT(rig.session.fp8_share(), 0) << "and lower again afterwards";
}

TEST(LossScaling, SurvivesAnOverflow) {
  Settings high = settings(Policy::fp16);
  high.loss_scale = {.start = 4294967296.0, .floor = 1, .growth_interval = 1000, .hysteresis = 1};
  Rig rig(high);
  const auto losses = rig.steps(60);
  EXPECT_GT(rig.overflows, 0) << "a gradient times 2^32 is beyond f16";
  EXPECT_LT(rig.session.loss_scale(), 4294967296.0f);
  EXPECT_LT(losses.back(), losses.front());
  for (const float weight : rig.weights()) ASSERT_TRUE(std::isfinite(weight));
}

TEST(Session, ADryContextAsksForAsMuchMemory) {
  for (const Policy policy : {Policy::fp8_delayed, Policy::dynamic}) {
    SCOPED_TRACE(to_string(policy));
    const auto peak = [policy](bool dry) {
      Context context({.dry = dry});
      Net net(context);
      Settings wanted = settings(policy);
      wanted.dynamic.every = 2;
      Session session(context, wanted, net.parameters(), {});
      for (int i = 0; i < 2; ++i) {
        session.begin_step(i);
        const Variable y = net.forward(context, context.zeros({kRows, kWidth}));
        backward(context, y, context.zeros(y.shape()));
        for (const Parameter& parameter : net.parameters().all()) parameter->gradient = {};
        (void)session.end_step(i + 1, 1.0);
      }
      return context.memory().peak_bytes;
    };
    // Without magnitudes there are no delayed scales, so that a few bytes more are asked for.
    EXPECT_GE(peak(true), peak(false));
    EXPECT_LT(peak(true), peak(false) + peak(false) / 100);
  }
}

}  // namespace
}  // namespace athanor::precision
