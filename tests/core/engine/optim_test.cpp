#include "core/optim/adamw.h"
#include "core/optim/schedule.h"
#include "core/optim/weight_average.h"
#include "tests/core/engine/support.h"

#include <cmath>
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
