// Cutting a model into stages and a batch into shares, against every other way where those can be counted.
#include "core/parallel/partition.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>

namespace athanor::parallel {
namespace {

std::vector<LayerCost> timed(std::initializer_list<double> times) {
  std::vector<LayerCost> layers;
  for (const double time : times) layers.push_back({.time = time});
  return layers;
}

const std::vector<StageLimit> kThree(3, {1, 1e9});

TEST(Partition, MakesTheSlowestStageFast) {
  const Partition partition = value_or_throw(partition_layers(timed({4, 1, 1, 1, 1, 1, 3}), kThree));
  EXPECT_EQ(partition.begins, (std::vector<std::size_t>{0, 1, 5}));
  EXPECT_EQ(partition.slowest, 4);
}

TEST(Partition, GivesASlowRankLess) {
  const std::vector<LayerCost> layers(9, {.time = 1});
  auto limits = kThree;
  limits[1].pace = 2.5;
  const Partition partition = value_or_throw(partition_layers(layers, limits));
  EXPECT_EQ(partition.begins, (std::vector<std::size_t>{0, 4, 5}));
  EXPECT_EQ(partition.slowest, 4);
  limits[1].pace = NAN;
  EXPECT_FALSE(partition_layers(layers, limits));
}

// One layer decides how slow the slowest is; the others are still shared evenly.
TEST(Partition, BalancesTheRestToo) {
  const Partition partition = value_or_throw(partition_layers(timed({9, 1, 1, 1, 1}), kThree));
  EXPECT_EQ(partition.begins, (std::vector<std::size_t>{0, 1, 3}));
}

TEST(Partition, CountsActivationsInFlight) {
  const std::vector<LayerCost> layers(8, {.time = 1, .activation = 1, .state = 2});
  // Without limits 2 layers each; the first of four ranks holds 4 micro-batches: 2 (2 + 4) = 12.
  auto limits = one_f_one_b_limits(4, 16, 12);
  EXPECT_EQ(value_or_throw(partition_layers(layers, limits)).begins, (std::vector<std::size_t>{0, 2, 4, 6}));
  limits = one_f_one_b_limits(4, 16, 11);
  const Partition partition = value_or_throw(partition_layers(layers, limits));
  EXPECT_EQ(partition.begins, (std::vector<std::size_t>{0, 1, 3, 5}));
  EXPECT_EQ(partition.slowest, 3);
  // Two micro-batches are never more than two in flight.
  EXPECT_EQ(value_or_throw(partition_layers(layers, one_f_one_b_limits(4, 2, 8))).begins,
            (std::vector<std::size_t>{0, 2, 4, 6}));
}

TEST(Partition, SaysWhenNothingFits) {
  const std::vector<LayerCost> layers(8, {.time = 1, .activation = 1, .state = 2});
  const auto partition = partition_layers(layers, one_f_one_b_limits(4, 16, 5));
  ASSERT_FALSE(partition);
  EXPECT_EQ(partition.error().kind, ErrorKind::out_of_memory);
  EXPECT_NE(partition.error().cause.find("stage 0"), std::string::npos) << partition.error().cause;
}

TEST(Partition, RefusesWhatMakesNoSense) {
  EXPECT_FALSE(partition_layers(timed({1, 2}), kThree));
  EXPECT_FALSE(partition_layers(timed({1, 2, -1}), kThree));
  EXPECT_FALSE(partition_layers(timed({1, 2, NAN}), kThree));
  EXPECT_FALSE(partition_layers(timed({1, 2}), {}));
}

// The least cost over all ways to cut, by counting them.
std::pair<double, double> best_of_all(const std::vector<LayerCost>& layers, const std::vector<StageLimit>& limits) {
  std::pair best(std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity());
  const std::function<void(std::size_t, std::size_t, double, double)> cut = [&](std::size_t stage, std::size_t begin,
                                                                                double slowest, double squares) {
    if (stage == limits.size()) {
      if (begin == layers.size()) best = std::min(best, std::pair(slowest, squares));
      return;
    }
    double time = 0, held = 0;
    for (std::size_t end = begin; end < layers.size(); ++end) {
      time += layers[end].time;
      held += layers[end].state + limits[stage].in_flight * layers[end].activation;
      if (held <= limits[stage].memory) cut(stage + 1, end + 1, std::max(slowest, time), squares + time * time);
    }
  };
  cut(0, 0, 0, 0);
  return best;
}

TEST(Partition, IsTheBestOfAll) {
  std::minstd_rand random(3);
  int refused = 0;
  for (int round = 0; round < 500; ++round) {
    const auto count = [&random](int below) { return static_cast<int>(random() / 7 % static_cast<unsigned>(below)); };
    std::vector<LayerCost> layers(static_cast<std::size_t>(4 + count(7)));
    for (LayerCost& layer : layers)
      layer = {static_cast<double>(count(9)), static_cast<double>(count(4)), static_cast<double>(count(4))};
    const auto limits = one_f_one_b_limits(1 + count(4), 8, 5 + count(40));
    const auto [slowest, squares] = best_of_all(layers, limits);
    const auto partition = partition_layers(layers, limits);
    ASSERT_EQ(partition.has_value(), std::isfinite(slowest));
    if (!partition) {
      ++refused;
      continue;
    }
    EXPECT_EQ(partition->slowest, slowest);
    double sum = 0;
    for (std::size_t stage = 0; stage < limits.size(); ++stage) {
      const std::size_t end = stage + 1 < limits.size() ? partition->begins[stage + 1] : layers.size();
      double time = 0;
      for (std::size_t i = partition->begins[stage]; i < end; ++i) time += layers[i].time;
      sum += time * time;
    }
    EXPECT_EQ(sum, squares);
  }
  EXPECT_GT(refused, 20);
  EXPECT_LT(refused, 400);
}

TEST(ShareMicroBatches, FollowsTheSpeeds) {
  const auto shares = [](std::int64_t count, std::vector<double> speeds) {
    return value_or_throw(share_micro_batches(count, speeds));
  };
  EXPECT_EQ(shares(32, {1, 1, 1, 1}), (std::vector<std::int64_t>{8, 8, 8, 8}));
  EXPECT_EQ(shares(32, {1, 1, 1, 0.8}), (std::vector<std::int64_t>{9, 8, 8, 7}));
  EXPECT_EQ(shares(5, {1, 1}), (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(shares(7, {3, 0, 1}), (std::vector<std::int64_t>{6, 0, 1}));
  EXPECT_EQ(shares(0, {3, 1}), (std::vector<std::int64_t>{0, 0}));
}

TEST(ShareMicroBatches, EndsAsSoonAsAnyShareCould) {
  std::minstd_rand random(9);
  for (int round = 0; round < 300; ++round) {
    std::vector<double> speeds;
    for (int i = 0; i < 3; ++i) speeds.push_back(0.1 + static_cast<double>(random() % 1000) / 500);
    const auto count = static_cast<std::int64_t>(random() % 20);
    const auto end_of = [&speeds](const std::vector<std::int64_t>& shares) {
      double end = 0;
      for (std::size_t i = 0; i < shares.size(); ++i) end = std::max(end, static_cast<double>(shares[i]) / speeds[i]);
      return end;
    };
    const auto shares = value_or_throw(share_micro_batches(count, speeds));
    EXPECT_EQ(std::accumulate(shares.begin(), shares.end(), std::int64_t{0}), count);
    double best = std::numeric_limits<double>::infinity();
    for (std::int64_t a = 0; a <= count; ++a)
      for (std::int64_t b = 0; a + b <= count; ++b) best = std::min(best, end_of({a, b, count - a - b}));
    EXPECT_EQ(end_of(shares), best);
  }
}

TEST(ShareMicroBatches, RefusesWhatMakesNoSense) {
  EXPECT_FALSE(share_micro_batches(4, {}));
  EXPECT_FALSE(share_micro_batches(-1, std::vector<double>{1, 1}));
  EXPECT_FALSE(share_micro_batches(4, std::vector<double>{0, 0}));
  EXPECT_FALSE(share_micro_batches(4, std::vector<double>{1, -1}));
  EXPECT_FALSE(share_micro_batches(4, std::vector<double>{1, NAN}));
}

}  // namespace
}  // namespace athanor::parallel
