#include "core/ops/gemm.h"
#include "core/optim/adamw.h"
#include "core/optim/group_rules.h"
#include "core/optim/optimizer.h"
#include "core/optim/schedule.h"
#include "core/optim/weight_average.h"
#include "tests/core/engine/support.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace athanor::optim {
namespace {

using test::random_numbers;
using test::random_parameter;
using ::testing::ElementsAre;
using ::testing::Pair;

class AdamWTest : public ::testing::Test {
 protected:
  Context context_{test::options()};
  Parameter weight_ = random_parameter(context_, "layer.weight", {4, 5}, 1);
  Parameter bias_ = random_parameter(context_, "layer.bias", {5}, 2);
  AdamWOptions options_{.beta1 = 0.9f, .beta2 = 0.98f, .eps = 1e-8f, .weight_decay = 0.1f};

  void SetUp() override {
    bias_->decays = false;
    bias_->rate = 10;
  }
  void set_gradients(std::uint64_t seed, float scale) {
    weight_->gradient = context_.upload(random_numbers(20, seed, scale), {4, 5});
    bias_->gradient = context_.upload(random_numbers(5, seed + 1, scale), {5});
  }
};

// Loshchilov and Hutter 2019, algorithm 2, in double precision.
struct Oracle {
  std::vector<double> value, m, v;
  void step(const std::vector<float>& gradient, double scale, double rate, double decay, int t) {
    m.resize(value.size());
    v.resize(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      const double g = gradient[i] * scale;
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.98 * v[i] + 0.02 * g * g;
      const double update = (m[i] / (1 - std::pow(0.9, t))) / (std::sqrt(v[i] / (1 - std::pow(0.98, t))) + 1e-8);
      value[i] -= rate * (update + decay * value[i]);
    }
  }
};

TEST_F(AdamWTest, FollowsTheFormula) {
  AdamW optimizer(context_, {weight_, bias_}, options_);
  const auto doubles = [&](const Parameter& parameter) {
    const std::vector<float> numbers = context_.download(parameter->value);
    return std::vector<double>(numbers.begin(), numbers.end());
  };
  Oracle weight{.value = doubles(weight_), .m = {}, .v = {}}, bias{.value = doubles(bias_), .m = {}, .v = {}};
  for (int t = 1; t <= 5; ++t) {
    set_gradients(static_cast<std::uint64_t>(10 * t), 3.0f);
    const std::vector<float> gw = context_.download(weight_->gradient), gb = context_.download(bias_->gradient);
    double squares = 0;
    for (const float g : gw) squares += static_cast<double>(g) * g;
    for (const float g : gb) squares += static_cast<double>(g) * g;
    const double norm = 0.5 * std::sqrt(squares);
    const double scale = 0.5 * std::min(1.0, 1.0 / (norm + 1e-6));
    weight.step(gw, scale, 0.01, 0.1, t);
    bias.step(gb, scale, 0.1, 0.0, t);
    const StepReport report =
        optimizer.step(context_, {.learning_rate = 0.01f, .max_norm = 1.0f, .gradient_scale = 0.5f});
    EXPECT_TRUE(report.applied());
    EXPECT_NEAR(report.gradient_norm, norm, 1e-5);
  }
  EXPECT_EQ(optimizer.step_count(), 5);
  for (std::size_t i = 0; i < weight.value.size(); ++i)
    EXPECT_NEAR(context_.download(weight_->value)[i], weight.value[i], 2e-6);
  for (std::size_t i = 0; i < bias.value.size(); ++i)
    EXPECT_NEAR(context_.download(bias_->value)[i], bias.value[i], 5e-6);
}

TEST_F(AdamWTest, RefusesAGradientThatIsNotFinite) {
  AdamW optimizer(context_, {weight_, bias_}, options_);
  const std::vector<float> before = context_.download(weight_->value);
  set_gradients(3, 1.0f);
  std::vector<float> spoiled = context_.download(bias_->gradient);
  spoiled[1] = std::numeric_limits<float>::quiet_NaN();
  spoiled[2] = std::numeric_limits<float>::infinity();
  context_.write(bias_->gradient, spoiled);
  const StepReport report = optimizer.step(context_, {.learning_rate = 0.1f});
  EXPECT_FALSE(report.applied());
  EXPECT_EQ(report.nonfinite, 2);
  EXPECT_TRUE(std::isfinite(report.gradient_norm));
  EXPECT_EQ(optimizer.step_count(), 0);
  EXPECT_EQ(context_.download(weight_->value), before);
}

TEST_F(AdamWTest, NamesStateAndGroupsByPath) {
  Parameter frozen = random_parameter(context_, "frozen", {2}, 5);
  frozen->trainable = false;
  const AdamW optimizer(context_, {weight_, bias_, frozen}, options_);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : optimizer.named_state()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("layer.weight.m", "layer.weight.v", "layer.bias.m", "layer.bias.v"));
  const std::vector<ParameterGroup> groups = optimizer.groups();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_THAT(groups[0].paths, ElementsAre("layer.weight"));
  EXPECT_FLOAT_EQ(groups[0].weight_decay, 0.1f);
  EXPECT_THAT(groups[1].paths, ElementsAre("layer.bias"));
  EXPECT_FLOAT_EQ(groups[1].weight_decay, 0.0f);
  EXPECT_FLOAT_EQ(groups[1].rate, 10.0f);
}

TEST_F(AdamWTest, GoesOnWithTheSameBitsFromSavedState) {
  AdamW first(context_, {weight_, bias_}, options_);
  const auto take = [&](AdamW& optimizer, int t) {
    set_gradients(static_cast<std::uint64_t>(t), 1.0f);
    static_cast<void>(optimizer.step(context_, {.learning_rate = 0.01f, .max_norm = 1.0f}));
  };
  take(first, 1);
  take(first, 2);
  const std::vector<float> values = context_.download(weight_->value), bias = context_.download(bias_->value);
  std::vector<std::vector<float>> state;
  for (const auto& [name, tensor] : first.named_state()) state.push_back(context_.download(tensor));
  take(first, 3);
  const std::vector<float> undisturbed = context_.download(weight_->value);

  AdamW second(context_, {weight_, bias_}, options_);
  context_.write(weight_->value, values);
  context_.write(bias_->value, bias);
  const auto named = second.named_state();
  for (std::size_t i = 0; i < named.size(); ++i) context_.write(named[i].second, state[i]);
  second.set_step_count(2);
  take(second, 3);
  EXPECT_EQ(context_.download(weight_->value), undisturbed);
}

// Three steps, of which the last is taken again from what was saved after the second.
std::vector<float> resumed_by(Context& context, const std::function<std::unique_ptr<Optimizer>()>& make,
                              const Parameter& parameter, std::vector<float>& undisturbed) {
  const auto take = [&](Optimizer& optimizer, std::uint64_t t) {
    parameter->gradient = context.upload(random_numbers(parameter->value.numel(), t, 0.3f), parameter->value.shape());
    EXPECT_TRUE(optimizer.step(context, {.learning_rate = 1e-3f, .max_norm = 1.0f}).applied());
  };
  const auto first = make();
  take(*first, 1);
  take(*first, 2);
  const std::vector<float> values = context.download(parameter->value);
  std::vector<std::vector<float>> state;
  for (const auto& [name, tensor] : first->named_state()) state.push_back(context.download(tensor));
  take(*first, 3);
  undisturbed = context.download(parameter->value);
  EXPECT_NE(undisturbed, values);

  const auto second = make();
  context.write(parameter->value, values);
  const auto named = second->named_state();
  for (std::size_t i = 0; i < named.size(); ++i) context.write(named[i].second, state[i]);
  second->set_step_count(2);
  take(*second, 3);
  return context.download(parameter->value);
}

TEST(Optimizers, GoOnWithTheSameBitsFromSavedStateInEveryFormat) {
  using kernels::MasterRounding;
  std::vector<Options> all(3);
  all[1].kind = Kind::lamb;
  all[2].kind = Kind::sgd;
  for (const auto rounding : {MasterRounding::stochastic, MasterRounding::compensated})
    for (const DType moments : {DType::f32, DType::bf16}) {
      Options options;
      options.rounding = rounding;
      options.moments = moments;
      all.push_back(options);
    }
  for (std::size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(i);
    Context context(test::options());
    const Parameter weight = random_parameter(context, "layer.weight", {40, 7}, 1);
    weight->product = true;
    if (i >= 3) narrow_masters(context, {weight});
    std::vector<float> undisturbed;
    const auto make = [&] { return make_optimizer(context, {weight}, all[i]); };
    EXPECT_EQ(resumed_by(context, make, weight, undisturbed), undisturbed);
  }
}

TEST(Optimizers, AQueuedStepMovesAsOneThatWaitsDoes) {
  for (const Kind kind : {Kind::adamw, Kind::lamb, Kind::sgd}) {
    SCOPED_TRACE(kKindNames[static_cast<std::size_t>(kind)]);
    std::vector<std::vector<float>> learnt;
    for (const bool queued : {false, true}) {
      Context context(test::options());
      const Parameter weight = random_parameter(context, "layer.weight", {40, 7}, 1);
      weight->rate = 0.3f;
      const auto optimizer = make_optimizer(context, {weight}, {.kind = kind});
      const Tensor good = context.full({1}, 1.0f), bad = context.full({1}, std::numeric_limits<float>::quiet_NaN());
      for (int step = 0; step < 5; ++step) {
        weight->gradient = context.upload(random_numbers(280, 7 + static_cast<std::uint64_t>(step)), {40, 7});
        const StepOptions options{
            .learning_rate = 0.1f / static_cast<float>(1 + step), .max_norm = 1.0f, .gradient_scale = 0.5f};
        StepReport report;
        if (queued) {
          optimizer->prepare(context, options);
          const auto without = optimizer->queue(context, {.max_norm = 1.0f}, bad);
          (void)optimizer->finish(context, options, without);
          report = optimizer->finish(context, options, optimizer->queue(context, {.max_norm = 1.0f}, good));
        } else {
          report = optimizer->step(context, options);
        }
        EXPECT_GT(report.gradient_norm, 1.0);
        EXPECT_EQ(optimizer->step_count(), step + 1) << "a loss that is not finite must not count";
      }
      learnt.push_back(context.download(weight->value));
    }
    EXPECT_EQ(learnt[0], learnt[1]);
  }
}

// The third step is clipped, the fourth not finite.
TEST(Optimizers, AStepTakenAheadEndsAsOneThatWaitsDoes) {
  for (const Kind kind : {Kind::adamw, Kind::lamb, Kind::sgd}) {
    SCOPED_TRACE(kKindNames[static_cast<std::size_t>(kind)]);
    std::vector<std::vector<float>> left;
    for (const bool is_ahead : {false, true}) {
      Context context(test::options());
      const Parameter weight = random_parameter(context, "layer.weight", {40, 7}, 1);
      const auto optimizer = make_optimizer(context, {weight}, {.kind = kind});
      const std::size_t held = context.memory().of(MemoryTag::optimizer);
      for (int step = 0; step < 6; ++step) {
        weight->gradient = context.upload(random_numbers(280, 7 + static_cast<std::uint64_t>(step)), {40, 7});
        if (step == 3) weight->gradient.host<float>()[5] = std::numeric_limits<float>::infinity();
        const StepOptions options{.learning_rate = 0.1f, .max_norm = step == 2 ? 1.0f : 100.0f, .gradient_scale = 0.5f};
        StepReport report;
        if (is_ahead) {
          optimizer->step_ahead(context, options);
          report = optimizer->settle(context);
        } else {
          report = optimizer->step(context, options);
        }
        EXPECT_EQ(report.clipped, step == 2);
        EXPECT_EQ(report.applied(), step != 3);
        EXPECT_EQ(optimizer->step_count(), step < 3 ? step + 1 : step);
        EXPECT_EQ(context.memory().of(MemoryTag::optimizer), held);
        left.push_back(context.download(weight->value));
        for (const auto& [name, tensor] : optimizer->named_state()) left.push_back(context.download(tensor));
      }
    }
    const auto half = left.begin() + static_cast<std::ptrdiff_t>(left.size() / 2);
    EXPECT_TRUE(std::equal(left.begin(), half, half));
  }
}

TEST_F(AdamWTest, SettlesNothingThatWasNotTakenAhead) {
  AdamW optimizer(context_, {weight_, bias_}, options_);
  EXPECT_NE(test::failure_text([&] { (void)optimizer.settle(context_); }), "");
}

TEST(Optimizers, NameTheirStateAndWhatTheyCost) {
  Context context(test::options());
  const Parameter weight = random_parameter(context, "layer.weight", {40, 8}, 1);
  weight->product = true;
  const auto names = [&](const Options& options) {
    std::vector<std::string> out;
    for (const auto& [name, tensor] : make_optimizer(context, {weight}, options)->named_state()) out.push_back(name);
    return out;
  };
  const auto bytes = [&](const Options& options) {
    return make_optimizer(context, {weight}, options)->bytes_per_parameter();
  };
  EXPECT_THAT(names({.kind = Kind::lamb}), ElementsAre("layer.weight.m", "layer.weight.v"));
  EXPECT_THAT(names({.kind = Kind::sgd}), ElementsAre("layer.weight.momentum"));
  EXPECT_TRUE(names({.kind = Kind::sgd, .momentum = 0.0f}).empty());
  EXPECT_EQ(bytes({}), 16.0);  // value, gradient and two moments
  EXPECT_EQ(bytes({.moments = DType::bf16}), 12.0);
  narrow_masters(context, {weight});
  EXPECT_EQ(bytes({}), 14.0);
  const Options compensated{.moments = DType::bf16, .rounding = kernels::MasterRounding::compensated};
  EXPECT_EQ(bytes(compensated), 12.0);
  EXPECT_THAT(names(compensated), ElementsAre("layer.weight.m", "layer.weight.v", "layer.weight.compensation"));
  EXPECT_THAT(test::failure_text([&] { (void)make_optimizer(context, {weight}, {.kind = Kind::sgd}); }),
              ::testing::HasSubstr("layer.weight is a master in bf16"));
  EXPECT_EQ(kind_named("lamb"), Kind::lamb);
  EXPECT_THAT(test::failure_text([] { (void)kind_named("adam"); }), ::testing::HasSubstr("there is none named adam"));
}

// A linear map learnt from bf16 activations: what rounding to nearest loses, the other two keep.
TEST(Optimizers, LearnOnWithNarrowMastersWhereRoundingToNearestStandsStill) {
  using kernels::MasterRounding;
  const auto error_of = [](const Options& options, double& lost) {
    Context context(test::options());
    const Parameter weight = make_parameter("w", context.full({4, 16}, 1.0f));
    weight->product = true;
    narrow_masters(context, {weight});
    const auto optimizer = make_optimizer(context, {weight}, options);
    const Tensor x = context.upload_as(DType::bf16, random_numbers(64 * 16, 5), {64, 16});
    for (int step = 0; step < 300; ++step) {
      // The wanted weight is 0.9: the gradient is the difference.
      const std::vector<float> values = context.download(weight->value);
      std::vector<float> gradient(values.size());
      for (std::size_t i = 0; i < values.size(); ++i) gradient[i] = values[i] - 0.9f;
      weight->gradient = context.upload(gradient, {4, 16});
      const StepReport report = optimizer->step(context, {.learning_rate = 5e-4f, .count_lost = true});
      lost = report.lost_share();
    }
    const Variable y = ops::linear(context, x, weight, {});
    EXPECT_EQ(y.value().dtype(), DType::bf16);
    double sum = 0;
    for (const float value : context.download(weight->value)) sum += std::abs(static_cast<double>(value) - 0.9);
    return sum / 64;
  };
  const auto options = [](MasterRounding rounding) {
    Options out;
    out.weight_decay = 0.0f;
    out.rounding = rounding;
    return out;
  };
  double lost = 0;
  EXPECT_GT(error_of(options(MasterRounding::nearest), lost), 0.09);
  EXPECT_EQ(lost, 1.0);
  EXPECT_LT(error_of(options(MasterRounding::stochastic), lost), 0.02);
  EXPECT_LT(error_of(options(MasterRounding::compensated), lost), 0.02);
  EXPECT_LT(lost, 0.5);
}

TEST_F(AdamWTest, GivesPartsRatesOfTheirOwn) {
  const Parameter other = random_parameter(context_, "head.weight", {2}, 5);
  const std::vector<Parameter> all{weight_, bias_, other};
  apply_group_rules(all, parse_group_rules(" layer = 0.5, *.weight=0.1 "));
  EXPECT_FLOAT_EQ(weight_->rate, 0.05f);
  EXPECT_FLOAT_EQ(bias_->rate, 5.0f);
  EXPECT_FLOAT_EQ(other->rate, 0.1f);
  EXPECT_TRUE(parse_group_rules("  ").empty());
  for (const char* text : {"layer", "layer=", "=1", "layer=-1", "layer=fast", "layer=1,,head=2", "layer=nan"})
    EXPECT_THAT(test::failure_text([&] { (void)parse_group_rules(text); }), ::testing::HasSubstr("equals sign"))
        << text;
  EXPECT_THAT(test::failure_text([&] {
                apply_group_rules(all, {{"layer", 2.0f}, {"layers", 2.0f}});
              }),
              ::testing::HasSubstr("no parameter of the model lies at layers"));
  EXPECT_FLOAT_EQ(bias_->rate, 5.0f);
}

TEST_F(AdamWTest, WeightAverageFollowsAndSwaps) {
  WeightAverage average(context_, {weight_});
  const std::vector<float> first = context_.download(weight_->value);
  std::vector<float> second(20, 1.0f);
  context_.write(weight_->value, second);
  average.update(context_, 0.999f);  // the first update's decay is 1/10
  average.swap();
  const std::vector<float> averaged = context_.download(weight_->value);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(averaged[i], 0.1f * first[i] + 0.9f, 1e-6);
  average.swap();
  EXPECT_EQ(context_.download(weight_->value), second);
  EXPECT_EQ(average.named_state()[0].first, "layer.weight.average");
}

TEST(CosineSchedule, RisesAndFalls) {
  const CosineSchedule schedule{.peak = 2, .warmup_steps = 4, .total_steps = 10, .final_share = 0.1};
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0), 0.5);
  for (int step = 1; step < 4; ++step) EXPECT_GT(learning_rate(schedule, step), learning_rate(schedule, step - 1));
  EXPECT_NEAR(learning_rate(schedule, 5), 1, 1e-12);
  for (int step = 5; step < 9; ++step) EXPECT_LT(learning_rate(schedule, step), learning_rate(schedule, step - 1));
  EXPECT_NEAR(learning_rate(schedule, 9), 0.2, 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 1000), 0.2, 1e-12);
  EXPECT_DOUBLE_EQ(learning_rate({.peak = 3, .warmup_steps = 0, .total_steps = 1}, 0), 3);
}

}  // namespace
}  // namespace athanor::optim
