#include "core/precision/controller.h"

#include "core/precision/knapsack.h"
#include "kernels/base/philox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::precision {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Every combination, tried.
std::optional<std::pair<double, std::int64_t>> by_trying(const std::vector<std::vector<Option>>& items,
                                                         std::int64_t budget) {
  std::optional<std::pair<double, std::int64_t>> best;
  std::vector<std::size_t> chosen(items.size(), 0);
  while (true) {
    double cost = 0;
    std::int64_t weight = 0;
    for (std::size_t i = 0; i < items.size(); ++i)
      cost += items[i][chosen[i]].cost, weight += items[i][chosen[i]].weight;
    if (weight <= budget && (!best || cost < best->first)) best = {cost, weight};
    std::size_t i = 0;
    while (i < items.size() && ++chosen[i] == items[i].size()) chosen[i++] = 0;
    if (i == items.size()) return best;
  }
}

TEST(Knapsack, IsAsGoodAsTryingEverything) {
  for (std::uint64_t round = 0; round < 200; ++round) {
    std::uint32_t drawn = 0;
    const auto draw = [&](std::uint32_t below) { return philox_at(round, 0, 0, drawn++).word[0] % below; };
    std::vector<std::vector<Option>> items(1 + draw(6));
    for (auto& options : items)
      for (std::uint32_t i = 0; i <= draw(4); ++i) options.push_back({static_cast<double>(draw(50)), draw(20)});
    const std::int64_t budget = draw(60);
    const auto want = by_trying(items, budget);
    const auto got = choose_options(items, budget);
    ASSERT_EQ(got.has_value(), want.has_value());
    if (!got) continue;
    double cost = 0;
    std::int64_t weight = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      cost += items[i][(*got)[i]].cost;
      weight += items[i][(*got)[i]].weight;
    }
    EXPECT_EQ(cost, want->first);
    EXPECT_LE(weight, budget);
  }
}

TEST(Knapsack, CellsNeverHideAnExcess) {
  EXPECT_EQ(cells_of(0.0, 1.0, 10), 0);
  EXPECT_EQ(cells_of(1e-9, 1.0, 10), 1);
  EXPECT_EQ(cells_of(1.0, 1.0, 10), 10);
  EXPECT_EQ(cells_of(1.01, 1.0, 10), 11);
  EXPECT_EQ(cells_of(std::numeric_limits<double>::quiet_NaN(), 1.0, 10), 11);
}

LayerMeasurement measured(std::size_t layer, double noise, double work = 1) {
  LayerMeasurement out{.layer = layer, .work = work};
  for (auto& coding : out.statistics)
    for (ClassStatistics& s : coding) s = {.amax = 1, .rms = 1e-6, .noise = noise};
  return out;
}

Controller::Formats all(std::size_t layers, PassFormat format) {
  return Controller::Formats(layers, std::array{format, format});
}

TEST(Controller, GoesDownAfterTwoVotesAndUpAfterOne) {
  Controller controller({.error_budget = 0.1}, 1);
  Controller::Formats now = all(1, PassFormat::stream);
  EXPECT_THAT(controller.decide({measured(0, 1e-4)}, now), IsEmpty()) << "one vote is not enough to go down";
  const auto down = controller.decide({measured(0, 1e-4)}, now);
  ASSERT_THAT(down, SizeIs(2)) << "both passes of the only layer";
  EXPECT_EQ(down[0].to, PassFormat::f8_tensor) << "the cheapest that fits";
  EXPECT_THAT(down[0].reason, HasSubstr("budget 0.1"));
  EXPECT_FALSE(down[0].statistics.empty());
  now = all(1, PassFormat::f8_tensor);
  const auto up = controller.decide({measured(0, 1.0)}, now);
  ASSERT_THAT(up, SizeIs(2)) << "one vote suffices to go up";
  EXPECT_EQ(up[0].to, PassFormat::stream);
}

TEST(Controller, AnInterruptedVoteStartsAnew) {
  Controller controller({.error_budget = 0.1}, 1);
  const Controller::Formats now = all(1, PassFormat::stream);
  EXPECT_THAT(controller.decide({measured(0, 1e-4)}, now), IsEmpty());
  EXPECT_THAT(controller.decide({measured(0, 1.0)}, now), IsEmpty()) << "for staying";
  EXPECT_THAT(controller.decide({measured(0, 1e-4)}, now), IsEmpty());
}

TEST(Controller, AVoteUpIsNoneForGoingDown) {
  constexpr std::size_t kLayers = 40;
  Controller controller({.error_budget = 0.01}, kLayers);
  const Controller::Formats now = all(kLayers, PassFormat::f8_block);
  std::vector<LayerMeasurement> bad, good;
  for (std::size_t i = 0; i < kLayers; ++i) {
    bad.push_back(measured(i, 1.0));
    good.push_back(measured(i, 1e-5));
    for (ClassStatistics& s : good.back().statistics[static_cast<std::size_t>(Coding::block)]) s.noise = 1e-6;
  }
  EXPECT_THAT(controller.decide(bad, now), SizeIs(8)) << "of the others the votes stay open";
  EXPECT_THAT(controller.decide(good, now), IsEmpty()) << "the first vote for the cheaper format";
  EXPECT_THAT(controller.decide(good, now), SizeIs(8));
}

TEST(Controller, ChangesAtMostATenthOfTheLayersMostWorkFirst) {
  constexpr std::size_t kLayers = 40;
  Controller controller({.error_budget = 0.1}, kLayers);
  std::vector<LayerMeasurement> layers;
  for (std::size_t i = 0; i < kLayers; ++i) layers.push_back(measured(i, 1e-4, static_cast<double>(1 + i)));
  const Controller::Formats now = all(kLayers, PassFormat::stream);
  (void)controller.decide(layers, now);
  const auto changes = controller.decide(layers, now);
  ASSERT_THAT(changes, SizeIs(8)) << "both passes of four layers";
  for (const Change& change : changes) EXPECT_GE(change.layer, kLayers - 4);
}

TEST(Controller, SpendsTheBudgetWhereItBuysMost) {
  Controller controller({.error_budget = 0.02}, 2);
  const Controller::Formats now = all(2, PassFormat::stream);
  // The first layer loses a hundred times as much as the second.
  const std::vector<LayerMeasurement> layers = {measured(0, 1e-2), measured(1, 1e-4)};
  std::vector<Change> changes;
  for (int i = 0; i < 4; ++i) {
    const auto more = controller.decide(layers, now);
    changes.insert(changes.end(), more.begin(), more.end());
  }
  ASSERT_FALSE(changes.empty());
  for (const Change& change : changes) EXPECT_EQ(change.layer, 1U);
}

TEST(Controller, KeepsHighWhatTheLossFeels) {
  Controller controller({.error_budget = 0.1, .loss_budget = 0.01}, 2);
  const Controller::Formats now = all(2, PassFormat::stream);
  std::vector<LayerMeasurement> layers = {measured(0, 1e-4), measured(1, 1e-4)};
  // Forward, one changes the loss by five hundredths, the other by a thousandth; backward, one update is all wrong.
  for (LayerMeasurement& layer : layers) {
    layer.impacts.emplace();
    for (const PassFormat format : {PassFormat::f8_tensor, PassFormat::f8_block})
      (*layer.impacts)[static_cast<std::size_t>(format)] = {.loss = layer.layer == 0 ? 0.05 : 0.001,
                                                            .update = layer.layer == 0 ? 0.01 : 1.0};
  }
  std::vector<Change> changes;
  for (int i = 0; i < 4; ++i) {
    const auto more = controller.decide(layers, now);
    changes.insert(changes.end(), more.begin(), more.end());
  }
  ASSERT_FALSE(changes.empty());
  bool forward = false, backward = false;
  for (const Change& change : changes) {
    EXPECT_EQ(change.layer, change.pass == Pass::forward ? 1U : 0U);
    (change.pass == Pass::forward ? forward : backward) = true;
    EXPECT_THAT(change.reason, HasSubstr("0.01 of the loss"));
  }
  EXPECT_TRUE(forward && backward);
  EXPECT_EQ(changes[0].statistics.back().first,
            changes[0].pass == Pass::forward ? "loss.change" : "weight.update_error");
}

TEST(Controller, GoesLowOnlyWhereThatIsFasterOnThisMachine) {
  DynamicSettings settings{.error_budget = 0.1};
  settings.times.by_size[10] = {{{1, 1, 1, 1.2, 1.3}, {1, 1, 1, 1.2, 1.3}}};
  settings.times.by_size[30] = {{{1, 1, 1, 0.6, 0.7}, {1, 1, 1, 0.6, 0.7}}};
  for (const double rows : {1.0, 1048576.0}) {
    Controller controller(settings, 1);
    LayerMeasurement layer = measured(0, 1e-4, 1024);
    layer.rows = rows;
    (void)controller.decide({layer}, all(1, PassFormat::stream));
    EXPECT_THAT(controller.decide({layer}, all(1, PassFormat::stream)), SizeIs(rows > 1 ? 2 : 0)) << rows;
  }
}

TEST(Controller, KeepsOutOfFp8WhatIsNotFinite) {
  Controller controller({.error_budget = 1.0}, 1);
  LayerMeasurement layer = measured(0, 1e-4);
  layer.statistics[0][0].nonfinite = 1;
  EXPECT_THAT(controller.decide({layer}, all(1, PassFormat::stream)), IsEmpty());
  EXPECT_THAT(controller.decide({layer}, all(1, PassFormat::stream)), IsEmpty());
  EXPECT_THAT(controller.decide({layer}, all(1, PassFormat::f8_tensor)), SizeIs(2));
}

TEST(Controller, TakesF16ForwardWhereTheBudgetIsTightAndTheRangeBounded) {
  LayerMeasurement layer = measured(0, 1e-2);
  for (auto& coding : layer.statistics)
    for (ClassStatistics& s : coding) s.rms = 0.1;
  // bf16 alone is 3.2e-3 forward and backward; f16 forward leaves room.
  Controller controller({.error_budget = 0.003}, 1);
  const auto changes = controller.decide({layer}, all(1, PassFormat::stream));
  ASSERT_THAT(changes, SizeIs(1)) << "upwards, so at once";
  EXPECT_EQ(changes[0].pass, Pass::forward);
  EXPECT_EQ(changes[0].to, PassFormat::f16);
}

TEST(SpikeDetector, KnowsALossOutOfProportion) {
  SpikeDetector detector(6);
  for (int i = 0; i < 100; ++i) {
    const double loss = 2.0 - i * 0.005 + 0.05 * std::sin(i * 1.7);
    EXPECT_FALSE(detector.is_spike(loss)) << i;
    detector.count(loss);
  }
  EXPECT_FALSE(detector.is_spike(1.7));
  EXPECT_TRUE(detector.is_spike(4.0));
  EXPECT_FALSE(detector.is_spike(0.5)) << "lower is never an alarm";
}

}  // namespace
}  // namespace athanor::precision
