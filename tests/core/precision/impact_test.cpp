// What a format does to the loss and to the update of a weight, against what it does in truth.
#include "core/precision/impact.h"

#include "core/autograd/node.h"
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"
#include "core/precision/machine_times.h"
#include "tests/core/engine/support.h"

#include <cmath>

namespace athanor::precision {
namespace {

using test::random_tensor;

constexpr std::int64_t kIn = 24, kOut = 20;

// A layer whose loss is <dy, y>, so that its change is known exactly.
struct Layer {
  explicit Layer(std::int64_t rows, Activation act = Activation::none)
      : x(random_tensor(context, {rows, kIn}, 1)), dy(random_tensor(context, {rows, kOut}, 3)), activation(act) {}

  [[nodiscard]] ImpactProbe probe() { return {context, x, weight, activation, dy, exact()}; }
  ImpactProbe::Product exact() {
    return [this](const Variable& in, const Variable& w) { return ops::linear(context, in, w, {}); };
  }
  // The product times `factor`.
  ImpactProbe::Product scaled(float factor) {
    return [this, factor](const Variable& in, const Variable& w) {
      return ops::scale(context, ops::linear(context, in, w, {}), factor);
    };
  }
  double loss(const ImpactProbe::Product& product) {
    Variable y = product(Variable(x), Variable(weight));
    if (activation != Activation::none) y = ops::activation(context, y, activation);
    const auto values = context.download(y.value()), slopes = context.download(dy);
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      sum += static_cast<double>(values[i]) * static_cast<double>(slopes[i]);
    return sum;
  }

  Context context{test::options()};
  Tensor x, weight = random_tensor(context, {kOut, kIn}, 2), dy;
  Activation activation;
};

TEST(Impact, IsNoneOfTheSameProduct) {
  Layer layer(50);
  const FormatImpact impact = layer.probe().of(layer.exact());
  EXPECT_EQ(impact.loss, 0);
  EXPECT_EQ(impact.update, 0);
}

TEST(Impact, IsWhatTheLossDoes) {
  for (const Activation activation : {Activation::none, Activation::gelu_erf}) {
    Layer layer(50, activation);
    layer.dy = layer.context.clone(layer.exact()(Variable(layer.x), Variable(layer.weight)).value());  // all one way
    const double truth = std::abs(layer.loss(layer.scaled(1.03f)) - layer.loss(layer.exact()));
    EXPECT_NEAR(layer.probe().of(layer.scaled(1.03f)).loss, truth, 1e-4 * truth);
  }
}

TEST(Impact, OfAnErrorThatCancelsIsWhatItsSizeWouldDoElsewhere) {
  Layer layer(50);
  // Alike in two halves, whose slopes are opposed.
  auto x = layer.context.download(layer.x), dy = layer.context.download(layer.dy);
  for (std::size_t i = 0; i < x.size() / 2; ++i) x[x.size() / 2 + i] = x[i];
  for (std::size_t i = 0; i < dy.size() / 2; ++i) dy[dy.size() / 2 + i] = -dy[i];
  layer.x = layer.context.upload(x, layer.x.shape());
  layer.dy = layer.context.upload(dy, layer.dy.shape());
  const auto y = layer.context.download(layer.exact()(Variable(layer.x), Variable(layer.weight)).value());
  double away = 0, steepness = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    away += 1e-4 * static_cast<double>(y[i] * y[i]);
    steepness += static_cast<double>(dy[i] * dy[i]);
  }
  const double anywhere = std::sqrt(away * steepness / static_cast<double>(y.size()));
  EXPECT_NEAR(layer.loss(layer.scaled(1.01f)) - layer.loss(layer.exact()), 0, 1e-3 * anywhere);
  EXPECT_NEAR(layer.probe().of(layer.scaled(1.01f)).loss, anywhere, 1e-3 * anywhere);
}

TEST(Impact, OfTheUpdateIsItsRelativeError) {
  Layer layer(50, Activation::gelu_tanh);
  // y is right, its gradient a twentieth too large.
  const auto product = [&](const Variable& x, const Variable& w) {
    const Variable y = ops::linear(layer.context, x, w, {});
    return record(layer.context, "spoilt", y.value(), {&y}, [](BackwardCall& call) {
      Context& context = call.context();
      const NoGradient scope(context);
      call.give(0, ops::scale(context, Variable(call.output_gradient()), 1.05f).value());
    });
  };
  const FormatImpact impact = layer.probe().of(product);
  EXPECT_EQ(impact.loss, 0);
  EXPECT_NEAR(impact.update, 0.05, 1e-5);
}

TEST(Impact, StandsForRowsThatWereNotTried) {
  Layer all(3 * kProbedRows), some(3 * kProbedRows);
  some.x = some.x.narrow(0, 0, kProbedRows);
  some.dy = some.dy.narrow(0, 0, kProbedRows);
  const double of_some = some.probe().of(some.scaled(1.01f)).loss;
  EXPECT_NEAR(all.probe().of(all.scaled(1.01f)).loss, std::sqrt(3.0) * of_some, 1e-5 * of_some);
}

TEST(Impact, OfWhatIsNotFiniteIsBeyondEveryBudget) {
  Layer layer(8);
  const FormatImpact impact = layer.probe().of(layer.scaled(std::numeric_limits<float>::infinity()));
  EXPECT_TRUE(std::isinf(impact.loss));
  EXPECT_TRUE(std::isinf(impact.update));
}

TEST(TimeProfile, IsThatOfTheNearestSize) {
  EXPECT_EQ(TimeProfile().of(Pass::forward, PassFormat::f8_block, 1e9), published_time(PassFormat::f8_block));
  TimeProfile profile;
  profile.by_size[20] = {{{1, 1, 1, 1.5, 1.6}, {1, 1, 1, 1.7, 1.8}}};
  profile.by_size[30] = {{{1, 1, 1, 0.5, 0.6}, {1, 1, 1, 0.7, 0.8}}};
  EXPECT_EQ(profile.of(Pass::forward, PassFormat::f8_tensor, 1), 1.5);
  EXPECT_EQ(profile.of(Pass::forward, PassFormat::f8_tensor, std::exp2(24.9)), 1.5);
  EXPECT_EQ(profile.of(Pass::backward, PassFormat::f8_block, std::exp2(25.1)), 0.8);
  EXPECT_EQ(profile.of(Pass::backward, PassFormat::f8_block, std::exp2(60)), 0.8);
}

TEST(TimeProfile, IsMeasuredForEveryChoice) {
  Context context(test::options());
  constexpr std::array sizes = {12, 15};
  const TimeProfile profile = measure_times(context, "this machine", sizes);
  EXPECT_EQ(profile.origin, "this machine");
  ASSERT_EQ(profile.by_size.size(), sizes.size());
  for (const auto& [size, times] : profile.by_size)
    for (const auto& of_pass : times) {
      EXPECT_EQ(of_pass[static_cast<std::size_t>(PassFormat::stream)], 1);
      for (const PassFormat format : {PassFormat::f8_tensor, PassFormat::f8_block})
        EXPECT_GT(of_pass[static_cast<std::size_t>(format)], 0) << size;
    }
}

}  // namespace
}  // namespace athanor::precision
