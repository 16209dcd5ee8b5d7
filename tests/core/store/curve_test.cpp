// Curves at every zoom against the samples themselves.
#include "core/store/buckets.h"
#include "core/store/columns.h"
#include "core/store/page.h"
#include "tests/core/store/samples.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <tuple>

namespace athanor::store {
namespace {

using journal::MetricSamples;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool same(double a, double b) { return (std::isnan(a) && std::isnan(b)) || a == b; }

std::vector<Point> unpacked(const std::string& page, Times times = Times::read) {
  std::vector<Point> points;
  unpack_points(page, times, points);
  return points;
}

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

// Samples as they come: `kind` 0 any bits at all, 1 single precision, 2 all alike, 3 slow, with a jitter in time.
std::vector<Point> points_of(int kind, std::size_t count, std::mt19937_64& random) {
  std::normal_distribution<double> noise;
  std::vector<Point> points(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const auto jitter = static_cast<std::int64_t>(random() % 1000);
    if (kind == 0) {
      points[i] = {static_cast<std::int64_t>(random()), static_cast<std::int64_t>(random()),
                   std::bit_cast<double>(random())};
    } else if (kind == 1) {
      points[i] = {3 * at, at * 50'000'000 + jitter, static_cast<float>(noise(random))};
    } else if (kind == 2) {
      points[i] = {7, 9, kNan};
    } else {
      points[i] = {at + jitter / 990, at * 7, std::sin(static_cast<double>(i) / 100)};
    }
  }
  return points;
}

TEST(Page, GivesBackEverySampleToTheBit) {
  std::mt19937_64 random(1);
  for (const std::size_t count : {0U, 1U, 2U, 31U, 1024U, 5000U}) {
    for (const int kind : {0, 1, 2, 3}) {
      const std::vector<Point> points = points_of(kind, count, random);
      const std::vector<Point> back = unpacked(pack_points(points));
      const std::vector<Point> without_times = unpacked(pack_points(points), Times::leave_out);
      ASSERT_EQ(back.size(), count);
      ASSERT_EQ(without_times.size(), count);
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(back[i].step, points[i].step);
        ASSERT_EQ(back[i].time_ns, points[i].time_ns);
        ASSERT_EQ(bits(back[i].value), bits(points[i].value));
        ASSERT_EQ(bits(without_times[i].value), bits(points[i].value));
      }
    }
  }
}

TEST(Page, GivesBackEverySummaryToTheBit) {
  std::mt19937_64 random(2);
  for (const int kind : {0, 1, 2, 3}) {
    const std::vector<Point> points = points_of(kind, 4096, random);
    std::vector<Bucket> buckets;
    for (std::size_t at = 0; at < points.size(); at += 4)
      buckets.push_back(bucket_of(std::span(points).subspan(at, 4)));
    std::vector<Bucket> back;
    unpack_buckets(pack_buckets(buckets), Times::read, back);
    ASSERT_EQ(back.size(), buckets.size());
    for (std::size_t i = 0; i < back.size(); ++i) {
      const Bucket& a = back[i];
      const Bucket& b = buckets[i];
      ASSERT_EQ(std::tuple(a.first_step, a.last_step, a.first_time_ns, a.last_time_ns, a.count, a.non_finite),
                std::tuple(b.first_step, b.last_step, b.first_time_ns, b.last_time_ns, b.count, b.non_finite));
      ASSERT_EQ(std::tuple(bits(a.minimum), bits(a.maximum), bits(a.last)),
                std::tuple(bits(b.minimum), bits(b.maximum), bits(b.last)));
    }
  }
}

TEST(Page, IsSmallForAQuietCurve) {
  std::vector<Point> points;
  for (int step = 0; step < kPageSamples; ++step) points.push_back({step, step * 50'000'000LL, 0.001});
  EXPECT_LT(pack_points(points).size(), 100U);
}

TEST(Page, TakesAboutHalfOfSinglePrecision) {
  std::mt19937_64 random(3);
  std::vector<Point> points = points_of(1, kPageSamples, random);
  const std::size_t single = pack_points(points).size();
  for (Point& point : points) point.value += 1e-12;
  EXPECT_LT(single, pack_points(points).size() * 7 / 10);
}

TEST(Page, RefusesDamagedBytes) {
  std::vector<Point> points;
  for (int step = 0; step < 300; ++step) points.push_back({step, step * 7, std::sin(step)});
  const std::string page = pack_points(points);
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    std::string hurt = page;
    hurt[random() % hurt.size()] ^= static_cast<char>(1 + random() % 255);
    if (round % 4 == 0) hurt.resize(random() % hurt.size());
    try {
      unpacked(hurt);
      ADD_FAILURE() << "round " << round;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.error().kind, ErrorKind::corrupt);
    }
  }
}

// Bytes that a checksum vouches for may still be anything: the columns guard themselves.
TEST(Page, ReadsNoColumnBeyondItsEnd) {
  std::mt19937 random(4);
  std::mt19937_64 wide(5);
  for (int round = 0; round < 2000; ++round) {
    std::string columns;
    const std::vector<Point> points = points_of(round % 4, 100, wide);
    std::vector<std::int64_t> steps;
    std::vector<double> values;
    for (const Point& point : points) {
      steps.push_back(point.step);
      values.push_back(point.value);
    }
    put_column(columns, steps);
    put_packed_column(columns, values);
    put_plain_column(columns, values);
    for (int hits = 0; hits < 1 + round % 3; ++hits) columns[random() % columns.size()] = static_cast<char>(random());
    if (round % 5 == 0) columns.resize(random() % columns.size());
    std::string_view rest = columns;
    try {
      take_column(rest, std::span<std::int64_t>(steps));
      take_column(rest, std::span<double>(values));
      take_column(rest, std::span<double>(values));
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
  for (const int count : {1, 5, 1023, 1024, 1025, 2500, 8 * 448 + 1, 14400, 40000, 150000}) {
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

// Turns over a byte of one page.
void damage(const History& history, int level, int number) {
  SQLite::Database database(history.file.string(), SQLite::OPEN_READWRITE);
  SQLite::Statement find(database,
                         "SELECT page.id, bytes FROM page JOIN metric ON metric.id = page.metric "
                         "WHERE name = 'loss' AND level = ? AND number = ?");
  SQLite::bind(find, level, number);
  ASSERT_TRUE(find.executeStep());
  std::string bytes = find.getColumn(1).getString();
  bytes[bytes.size() / 2] ^= 1;
  SQLite::Statement update(database, "UPDATE page SET bytes = ? WHERE id = ?");
  update.bind(1, bytes.data(), static_cast<int>(bytes.size()));
  update.bind(2, find.getColumn(0).getInt64());
  find.reset();
  update.exec();
}

TEST(Curve, IsExactAsEverWhereASummaryIsDamagedAndNamesIt) {
  Fed fed(150000, 10);
  for (const auto& [level, number] : {std::pair{1, 2}, std::pair{2, 1}, std::pair{3, 0}}) {
    damage(fed.history, level, number);
    for (const int columns : {10, 300, 1500, 6000, 20000}) {
      const auto curve = value_or_throw(fed.history.reader->curve(fed.run, "loss", 0, 1 << 20, columns));
      expect_exact(curve, fed.points, 0, 1 << 20);
    }
    const auto named = fed.history.reader->take_damage();
    ASSERT_FALSE(named.empty());
    for (const DamagedSamples& each : named) {
      EXPECT_EQ(each.run, fed.run);
      EXPECT_EQ(each.metric, "loss");
      EXPECT_FALSE(each.is_lost);
    }
    EXPECT_TRUE(fed.history.reader->take_damage().empty());
  }
}

TEST(Curve, ShowsDamagedSamplesByTheirSummariesAndTheRestAsEver) {
  Fed fed(20000, 11);
  damage(fed.history, 0, 5);
  for (const int columns : {10, 300, 1500, 30000}) {
    const auto curve = value_or_throw(fed.history.reader->curve(fed.run, "loss", 0, 1 << 20, columns));
    expect_exact(curve, fed.points, 0, 1 << 20);
    EXPECT_EQ(fed.history.reader->take_damage().empty(), columns < 3000) << columns;
  }
  const auto points = value_or_throw(fed.history.reader->points(fed.run, "loss", 0, 1 << 20));
  EXPECT_EQ(points.size(), fed.points.size() - kPageSamples);
  const auto named = fed.history.reader->take_damage();
  ASSERT_EQ(named.size(), 1U);
  EXPECT_TRUE(named[0].is_lost);
  EXPECT_EQ(named[0].first_step, fed.points[5 * kPageSamples].step);
  EXPECT_EQ(named[0].last_step, fed.points[6 * kPageSamples - 1].step);
}

// Edges that are kept whole reach beyond the range, by less than a column.
TEST(Curve, WithWholeEdgesCoversTheRangeAndSaysHowFarItReaches) {
  Fed fed(150000, 12);
  std::mt19937_64 random(13);
  for (int round = 0; round < 50; ++round) {
    const std::int64_t first = static_cast<std::int64_t>(random() % 100000);
    const std::int64_t last = first + 20000 + static_cast<std::int64_t>(random() % 20000);
    const std::vector<CurveKey> keys = {{fed.run, "loss"}};
    const auto curve = value_or_throw(fed.history.reader->curves(
        keys, {.first_step = first, .last_step = last, .columns = 200, .edges = Edges::whole}))[0];
    ASSERT_FALSE(curve.empty());
    expect_exact(curve, fed.points, curve.front().first_step, last);
    EXPECT_LE(curve.front().first_step, std::max(first, fed.points.front().step) + 1);
    EXPECT_GT(curve.front().first_step, first - 40000 / 200);
    EXPECT_LT(curve.back().last_step, last + 40000 / 200);
  }
}

TEST(Curve, KeepsSamplesWhoseStepsGoBackInOrderOfSteps) {
  History history;
  const RunId run = history.add("imported");
  std::vector<journal::Payload> payloads;
  std::vector<Point> points;
  std::mt19937_64 random(14);
  for (int i = 0; i < 5000; ++i) {
    const auto step = static_cast<std::int64_t>(random() % 100000);
    points.push_back({step, 0, static_cast<double>(i)});
    payloads.push_back(MetricSamples{step, {{"loss", static_cast<double>(i)}}});
  }
  value_or_throw(history.feed(run, std::move(payloads)));
  const auto inside = [](const Point& point) { return point.step >= 20000 && point.step <= 21000; };
  std::erase_if(points, std::not_fn(inside));
  std::ranges::stable_sort(points, {}, &Point::step);
  const auto found = value_or_throw(history.reader->points(run, "loss", 20000, 21000));
  ASSERT_EQ(found.size(), points.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].value, points[i].value);
  const auto curve = value_or_throw(history.reader->curve(run, "loss", 20000, 21000, 10));
  std::int64_t count = 0;
  for (const Bucket& bucket : curve) count += bucket.count;
  EXPECT_EQ(count, std::ssize(points));
}

TEST(Curve, KnowsLowestAndHighestOfAllSamples) {
  Fed fed(5000, 15);
  fed.history.open();
  const MetricFacts facts = value_or_throw(fed.history.reader->metrics(fed.run)).at("loss");
  std::vector<Point> finite = fed.points;
  std::erase_if(finite, [](const Point& point) { return !std::isfinite(point.value); });
  const auto lowest = std::ranges::min_element(finite, {}, &Point::value);
  const auto highest = std::ranges::max_element(finite, {}, &Point::value);
  EXPECT_EQ(facts.samples, std::ssize(fed.points));
  EXPECT_EQ(facts.minimum, lowest->value);
  EXPECT_EQ(facts.minimum_step, lowest->step);
  EXPECT_EQ(facts.maximum, highest->value);
  EXPECT_EQ(facts.maximum_step, highest->step);
  double sum = 0;
  for (const Point& point : finite) sum += point.value;
  EXPECT_NEAR(facts.mean(), sum / static_cast<double>(finite.size()), 1e-9);
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
