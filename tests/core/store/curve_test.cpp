// Curves at every zoom against the samples themselves.
#include "core/store/chunk.h"
#include "tests/core/store/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace athanor::store {
namespace {

using journal::MetricSamples;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool same(double a, double b) { return (std::isnan(a) && std::isnan(b)) || a == b; }

TEST(Chunk, GivesBackEverySampleToTheBit) {
  std::mt19937_64 random(1);
  for (const std::size_t count : {0U, 1U, 2U, 31U, 1024U, 5000U}) {
    std::vector<Point> points(count);
    for (Point& point : points) {
      point = {static_cast<std::int64_t>(random()), static_cast<std::int64_t>(random()),
               std::bit_cast<double>(random())};
    }
    const auto back = unpack_points(pack_points(points));
    ASSERT_EQ(back.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(back[i].step, points[i].step);
      EXPECT_EQ(back[i].time_ns, points[i].time_ns);
      EXPECT_EQ(std::bit_cast<std::uint64_t>(back[i].value), std::bit_cast<std::uint64_t>(points[i].value));
    }
  }
}

TEST(Chunk, IsSmallForAQuietCurve) {
  std::vector<Point> points;
  for (int step = 0; step < 1024; ++step) points.push_back({step, step * 50'000'000LL, 0.001});
  EXPECT_LT(pack_points(points).size(), 200U);
}

TEST(Chunk, RefusesDamagedBytes) {
  std::vector<Point> points;
  for (int step = 0; step < 300; ++step) points.push_back({step, step * 7, std::sin(step)});
  const std::string bytes = pack_points(points);
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    std::string hurt = bytes;
    hurt[random() % hurt.size()] ^= static_cast<char>(1 + random() % 255);
    if (round % 4 == 0) hurt.resize(random() % hurt.size());
    try {
      EXPECT_EQ(unpack_points(hurt).size(), points.size());  // a byte that means nothing, such as a reserved bit
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.error().kind, ErrorKind::corrupt);
    }
  }
}

// One metric and what was put into it.
struct Fed {
  History history;
  RunId run = 0;
  std::vector<Point> points;

  explicit Fed(int count, unsigned seed, std::int64_t stride = 1) {
    run = history.add("curve");
    std::mt19937_64 random(seed);
    std::normal_distribution<double> noise;
    std::vector<journal::Payload> payloads;
    std::int64_t step = static_cast<std::int64_t>(random() % 1000);
    for (int i = 0; i < count; ++i) {
      step += 1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(stride));
      const unsigned kind = random() % 50;
      const double value = kind == 0 ? kNan : kind == 1 ? -kInfinity : noise(random);
      points.push_back({step, 0, value});
      payloads.push_back(MetricSamples{step, {{"loss", value}, {"other", -1}}});
      if (random() % 700 == 0) flush(payloads);  // commits of uneven size
      if (random() % 20000 == 0) history.open();
    }
    flush(payloads);
  }
  void flush(std::vector<journal::Payload>& payloads) {
    value_or_throw(history.feed(run, std::move(payloads)));
    payloads.clear();
  }
};

// Checks that the buckets are the samples of the range, cut into consecutive pieces, each summed up exactly.
void expect_exact(const std::vector<Bucket>& buckets, const std::vector<Point>& points, std::int64_t first,
                  std::int64_t last) {
  std::size_t at = 0;
  while (at < points.size() && points[at].step < first) ++at;
  for (const Bucket& bucket : buckets) {
    double minimum = kNan, maximum = kNan, value = kNan;
    std::int64_t non_finite = 0;
    ASSERT_LE(at + static_cast<std::size_t>(bucket.count), points.size());
    ASSERT_EQ(bucket.first_step, points[at].step);
    for (std::int64_t i = 0; i < bucket.count; ++i) {
      value = points[at++].value;
      if (!std::isfinite(value)) {
        ++non_finite;
        continue;
      }
      minimum = std::fmin(minimum, value);
      maximum = std::fmax(maximum, value);
    }
    ASSERT_EQ(bucket.last_step, points[at - 1].step);
    ASSERT_TRUE(same(bucket.minimum, minimum));
    ASSERT_TRUE(same(bucket.maximum, maximum));
    ASSERT_TRUE(same(bucket.last, value));
    ASSERT_EQ(bucket.non_finite, non_finite);
  }
  ASSERT_TRUE(at == points.size() || points[at].step > last) << "samples of the range are missing";
}

TEST(Curve, IsExactInRandomWindowsOfSeriesOfEveryLength) {
  for (const int count : {1, 5, 1023, 1024, 1025, 2500, 40000}) {
    Fed fed(count, static_cast<unsigned>(count), count % 2 == 0 ? 1 : 9);
    std::mt19937_64 random(99);
    const std::int64_t end = fed.points.back().step + 10;
    for (int round = 0; round < 60; ++round) {
      const auto a = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
      const auto b = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
      const int buckets = 1 + static_cast<int>(random() % (round % 2 == 0 ? 40 : 2000));
      const auto curve =
          value_or_throw(fed.history.reader->curve(fed.run, "loss", std::min(a, b), std::max(a, b), buckets));
      ASSERT_LE(curve.size(), static_cast<std::size_t>(buckets));
      expect_exact(curve, fed.points, std::min(a, b), std::max(a, b));
      if (testing::Test::HasFatalFailure()) return;
    }
    const auto whole = value_or_throw(fed.history.reader->curve(
        fed.run, "loss", std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), 300));
    expect_exact(whole, fed.points, 0, end);
  }
}

TEST(Curve, IsSingleSamplesWhereTheyFit) {
  Fed fed(3000, 4);
  const std::int64_t first = fed.points[1500].step;
  const auto curve = value_or_throw(fed.history.reader->curve(fed.run, "loss", first, first + 99, 100));
  ASSERT_EQ(curve.size(), 100U);
  for (const Bucket& bucket : curve) EXPECT_EQ(bucket.count, 1);
}

TEST(Curve, FillsMostOfTheColumnsItWasGiven) {
  Fed fed(40000, 5);
  for (const int buckets : {100, 500, 1000}) {
    const auto curve = value_or_throw(fed.history.reader->curve(fed.run, "loss", 0, 100000, buckets));
    EXPECT_GT(curve.size(), static_cast<std::size_t>(buckets) * 8 / 10);
  }
}

TEST(Curve, IsEmptyForAnUnknownMetricAndForAnEmptyRange) {
  Fed fed(100, 6);
  EXPECT_TRUE(value_or_throw(fed.history.reader->curve(fed.run, "nothing", 0, 1000, 100)).empty());
  EXPECT_TRUE(value_or_throw(fed.history.reader->curve(fed.run, "loss", 1 << 30, 1 << 31, 100)).empty());
  EXPECT_TRUE(value_or_throw(fed.history.reader->curve(fed.run, "loss", 0, 1000, 0)).empty());
}

TEST(Curve, ForgetsWhatARecoverySupersedes) {
  for (const std::int64_t back_to : {2000, 1000, 40, 39000, 39990, -1}) {
    Fed fed(40000, 8);
    const std::int64_t origin = fed.points.front().step;
    const std::int64_t step = origin + back_to;
    value_or_throw(fed.history.feed(fed.run, {journal::Recovery{step, "checkpoint"}}));
    std::erase_if(fed.points, [step](const Point& point) { return point.step > step; });
    EXPECT_EQ(value_or_throw(fed.history.reader->run(fed.run)).step, step);
    std::vector<journal::Payload> again;
    for (std::int64_t s = step + 1; s < step + 3000; ++s) {
      again.push_back(MetricSamples{s, {{"loss", 5.0}}});
      fed.points.push_back({s, 0, 5.0});
    }
    value_or_throw(fed.history.feed(fed.run, std::move(again)));
    const auto points = value_or_throw(fed.history.reader->points(fed.run, "loss", -100, 1 << 30));
    ASSERT_EQ(points.size(), fed.points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      ASSERT_EQ(points[i].step, fed.points[i].step);
      ASSERT_TRUE(same(points[i].value, fed.points[i].value));
    }
    expect_exact(value_or_throw(fed.history.reader->curve(fed.run, "loss", -100, 1 << 30, 77)), fed.points, -100,
                 1 << 30);
  }
}

}  // namespace
}  // namespace athanor::store
