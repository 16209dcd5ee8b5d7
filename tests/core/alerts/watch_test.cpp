// What rules tell of streams of points, however these are cut.
#include "core/alerts/watch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <random>

namespace athanor::alerts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kSecond = 1'000'000'000;

Rule rule(Kind kind, int raise_after = 1, int clear_after = 1) {
  Rule made = defaults_of(kind);
  made.name = std::string(row_of(kind).name);
  made.raise_after = raise_after;
  made.clear_after = clear_after;
  return made;
}

// "+spike@12" where it was raised at step 12, "-spike@20" where it was cleared.
std::string short_of(const Told& told) {
  return fmt::format("{}{}@{}", told.raised ? '+' : '-', told.rule.name, told.step);
}

// One run under some rules: a point each second.
struct Watched {
  explicit Watched(std::vector<Rule> rules) {
    for (Rule& each : rules) active.push_back({static_cast<std::int64_t>(active.size()) + 1, std::move(each)});
    watch.emplace(active, "");
  }
  void point(std::int64_t step, double value, const std::string& name = "train/loss") {
    clock += kSecond;
    const std::vector<std::string> names = {name};
    const std::vector<std::int64_t> steps = {step}, times = {clock};
    const std::vector<double> values = {value};
    watch->take({names, steps, times, values}, told);
  }
  void points(std::int64_t first, std::int64_t last, double value, const std::string& name = "train/loss") {
    for (std::int64_t step = first; step <= last; ++step) point(step, value, name);
  }
  [[nodiscard]] std::vector<std::string> said() const {
    std::vector<std::string> out;
    for (const Told& each : told) out.push_back(short_of(each));
    return out;
  }

  std::vector<ActiveRule> active;
  std::optional<Watch> watch;
  std::vector<Told> told;
  std::int64_t clock = 0;
};

TEST(Alerts, AreRaisedAfterSomePointsBeyondAndClearedAfterSomeWithin) {
  Watched run({rule(Kind::nan, 3, 2)});
  run.points(1, 5, 1);
  run.points(6, 7, kNaN);
  run.point(8, 1);  // two in a row were too few
  run.points(9, 12, kNaN);
  EXPECT_THAT(run.said(), ElementsAre("+nan@11"));
  EXPECT_EQ(run.told[0].began_step, 9);
  EXPECT_THAT(run.told[0].text, HasSubstr("train/loss is nan"));
  run.point(13, 1);
  run.point(14, kNaN);  // one within was too few
  run.points(15, 17, 1);
  EXPECT_THAT(run.said(), ElementsAre("+nan@11", "-nan@16"));
}

TEST(Alerts, TellASpikeFromAStepThatStays) {
  Rule spike = rule(Kind::spike);
  spike.window = 10;
  Watched run({spike});
  for (int step = 1; step <= 12; ++step) run.point(step, 2 + 0.01 * (step % 3));
  EXPECT_THAT(run.said(), IsEmpty());
  run.point(13, 3);
  run.point(14, 2);
  EXPECT_THAT(run.said(), ElementsAre("+spike@13", "-spike@14"));
  run.points(15, 40, 4);
  EXPECT_EQ(run.said().size(), 4U);
  EXPECT_EQ(run.said().back().substr(0, 7), "-spike@");
}

TEST(Alerts, TellAPlateauAndThatItIsOver) {
  Rule plateau = rule(Kind::plateau);
  plateau.window = 10;
  plateau.bound = 0.01;
  Watched run({plateau});
  for (int step = 1; step <= 30; ++step) run.point(step, 10.0 - 0.2 * step);
  EXPECT_THAT(run.said(), IsEmpty());
  run.points(31, 50, 4);
  ASSERT_EQ(run.said().size(), 1U);
  for (int step = 51; step <= 70; ++step) run.point(step, 4 - 0.1 * (step - 50));
  EXPECT_EQ(run.said().size(), 2U);
  plateau.more_is_better = true;
  Watched falls({plateau});
  for (int step = 1; step <= 10; ++step) falls.point(step, 10.0 - 0.2 * step);
  EXPECT_THAT(falls.said(), ElementsAre("+plateau@10")) << "it gets worse where more is better";
}

TEST(Alerts, TellThatThroughputDropped) {
  Rule drop = rule(Kind::drop, 2, 2);
  drop.window = 8;
  Watched run({drop});
  run.points(1, 10, 100, "train/samples_per_s");
  run.point(11, 60, "train/samples_per_s");
  run.point(12, 60, "train/samples_per_s");
  run.points(13, 14, 99, "train/samples_per_s");
  EXPECT_THAT(run.said(), ElementsAre("+drop@12", "-drop@14"));
}

TEST(Alerts, TellAStallOnceWhetherAClockOrTheNextPointShowsIt) {
  Rule stall = rule(Kind::stall);
  stall.bound = 10;
  for (const bool by_clock : {false, true}) {
    Watched run({stall});
    run.watch->goes_on(1);
    run.points(1, 5, 1);
    run.watch->look_at_clock(run.clock + 9 * kSecond, run.told);
    EXPECT_THAT(run.said(), IsEmpty());
    const std::int64_t silent_from = run.clock;
    if (by_clock)
      for (int second = 11; second < 30; ++second) run.watch->look_at_clock(run.clock + second * kSecond, run.told);
    run.clock += 30 * kSecond;
    run.point(6, 1);
    EXPECT_THAT(run.said(), ElementsAre("+stall@5", "-stall@6"));
    EXPECT_EQ(run.told[0].time_ns, silent_from + 10 * kSecond);
    run.watch->has_ended();
    run.watch->look_at_clock(run.clock + 1000 * kSecond, run.told);
    EXPECT_EQ(run.said().size(), 2U) << "a run that has ended need not say anything";
  }
}

TEST(Alerts, LookAtConditionsOverNewestValuesAndWindows) {
  Rule condition = rule(Kind::condition, 2, 2);
  condition.name = std::string("own");
  condition.window = 4;
  condition.condition = std::string("loss > 2 * min(loss) and r1 < 50%");
  condition.metrics = {"eval/t2i_r1", "train/loss"};
  Watched run({condition});
  run.points(1, 4, 1);  // eval/t2i_r1 is not known: the condition means nothing yet
  run.point(4, 0.2, "eval/t2i_r1");
  run.point(5, 1);
  run.points(6, 7, 3);
  EXPECT_THAT(run.said(), ElementsAre("+own@7"));
  run.points(8, 12, 3);  // now 3 is all that the window holds
  EXPECT_EQ(run.said().size(), 2U);
}

TEST(Alerts, AreClearedWhereTheRunGoesBackToBeforeThem) {
  Watched run({rule(Kind::nan, 1, 5)});
  run.points(1, 10, 1);
  run.points(11, 12, kNaN);
  run.points(8, 10, 1);
  EXPECT_THAT(run.said(), ElementsAre("+nan@11", "-nan@8"));
  run.point(11, kNaN);
  EXPECT_EQ(run.said().back(), "+nan@11");
  run.points(12, 13, kNaN);
  EXPECT_EQ(run.said().size(), 3U);
}

TEST(Alerts, AreOnlyOfPointsForWhichTheirRulesHold) {
  Watched run({});
  run.active = {{1, rule(Kind::nan), 3 * kSecond, 6 * kSecond}};
  run.watch.emplace(run.active, "");
  for (int step = 1; step <= 8; ++step) run.point(step, step % 2 == 0 ? kNaN : 1);
  EXPECT_THAT(run.said(), ElementsAre("+nan@4", "-nan@5"));
}

// Streams as runs may leave them: wild values, silences, steps taken again, metrics that come later.
struct Stream {
  std::vector<std::string> names;
  std::vector<std::int64_t> steps, times;
  std::vector<double> values;
};

std::vector<Stream> random_streams(std::mt19937_64& random) {
  std::vector<Stream> out;
  std::int64_t step = 1, time = kSecond;
  for (int group = 0; group < 12; ++group) {
    Stream stream;
    stream.names = {"train/loss", "train/samples_per_s"};
    if (group > 2 && random() % 2 == 0) stream.names = {"eval/t2i_r1"};
    if (group > 5 && random() % 3 == 0) stream.names = {"other/loss", "train/loss"};
    if (random() % 6 == 0) step = std::max<std::int64_t>(1, step - static_cast<std::int64_t>(random() % 20));
    for (std::size_t row = random() % 30; row > 0; --row) {
      time += static_cast<std::int64_t>(random() % 40 == 0 ? 25 * kSecond : kSecond / 2);
      stream.steps.push_back(step++);
      stream.times.push_back(time);
      for (std::size_t i = 0; i < stream.names.size(); ++i) {
        const double noise = static_cast<double>(random() % 1000) / 1000;
        const std::uint64_t wild = random() % 25;
        stream.values.push_back(wild == 0 ? kNaN : wild == 1 ? 90 : wild == 2 ? -HUGE_VAL : 1 + 0.1 * noise);
      }
    }
    out.push_back(std::move(stream));
  }
  return out;
}

std::vector<Rule> some_rules() {
  std::vector<Rule> rules = {rule(Kind::nan, 1, 2), rule(Kind::spike, 1, 3), rule(Kind::plateau, 2, 2),
                             rule(Kind::drop, 1, 1), rule(Kind::stall)};
  for (Rule& each : rules)
    if (each.window > 0) each.window = 8;
  rules[4].bound = 10;
  for (const char* text : {"max(loss) > 50", "mean(samples_per_s) < 1.05 and step > 20", "is_nan(train/loss)"}) {
    rules.push_back(rule(Kind::condition, 1, 2));
    rules.back().window = 5;
    rules.back().condition = text;
    rules.back().metrics = {"other/loss", "train/samples_per_s"};
    if (rules.size() % 2 == 0) rules.back().metrics = {"train/loss", "train/samples_per_s"};
    rules.back().name = fmt::format("own-{}", rules.size());
  }
  return rules;
}

using Line = std::tuple<std::string, std::int64_t, std::int64_t, std::string>;

std::vector<Line> lines(const std::vector<Told>& told) {
  std::vector<Line> out;
  for (const Told& each : told) out.emplace_back(short_of(each), each.time_ns, each.began_step, each.text);
  return out;
}

TEST(Alerts, AreTheSameHoweverStreamsAreCutAndWatchesMadeAnew) {
  std::mt19937_64 random(20260);
  std::size_t all = 0;
  for (int round = 0; round < 60; ++round) {
    const std::vector<Stream> streams = random_streams(random);
    Watched whole(some_rules());
    whole.watch->goes_on(1);
    for (const Stream& each : streams) whole.watch->take({each.names, each.steps, each.times, each.values}, whole.told);

    Watched cut(some_rules());
    cut.watch->goes_on(1);
    for (const Stream& each : streams) {
      for (std::size_t row = 0; row < each.steps.size();) {
        const std::size_t rows = std::min(1 + random() % 9, each.steps.size() - row);
        const std::size_t width = each.names.size();
        cut.watch->take({each.names, std::span(each.steps).subspan(row, rows), std::span(each.times).subspan(row, rows),
                         std::span(each.values).subspan(row * width, rows * width)},
                        cut.told);
        row += rows;
        if (random() % 2 == 0) cut.watch.emplace(cut.active, cut.watch->state());
        if (row < each.steps.size()) cut.watch->look_at_clock(each.times[row] - 1, cut.told);
      }
    }
    ASSERT_EQ(lines(cut.told), lines(whole.told)) << "round " << round;
    all += whole.told.size();
  }
  EXPECT_GT(all, 500U);
}

TEST(Alerts, BeginAnewFromAStateThatCannotBeRead) {
  Watched run(some_rules());
  run.points(1, 30, 1);
  const std::string good = run.watch->state();
  std::mt19937_64 random(3);
  for (int i = 0; i < 3000; ++i) {
    std::string text = good;
    text[random() % text.size()] = static_cast<char>(random());
    if (i % 3 == 0) text.resize(random() % text.size());
    run.watch.emplace(run.active, text);
    run.points(31, 33, 1);
  }
}

}  // namespace
}  // namespace athanor::alerts
