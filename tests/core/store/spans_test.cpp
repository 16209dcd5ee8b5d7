#include "core/journal/reader.h"
#include "core/journal/writer.h"
#include "tests/core/store/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace athanor::store {
namespace {

using namespace journal;
using testing::ElementsAre;

constexpr std::int64_t kAnchor = History::kAnchor;

Payload span(std::int64_t step, std::int64_t begin_ns, SpanKind kind = SpanKind::forward) {
  return Span{.rank = 0, .kind = kind, .step = step, .micro_batch = 1, .begin_ns = begin_ns, .end_ns = begin_ns + 10};
}

std::vector<std::int64_t> steps_of(History& history, RunId run, int rank) {
  std::vector<std::int64_t> steps;
  for (const RankStep& step : value_or_throw(history.reader->spans(run)))
    if (step.rank == rank) steps.push_back(step.step);
  return steps;
}

// One stretch of a session that began at these times.
void tell(History& history, RunId run, int rank, const SessionClock& clock, std::vector<Payload> payloads) {
  std::vector<Event> events;
  for (auto& payload : payloads) events.push_back({1, std::move(payload)});
  const std::int64_t from = value_or_throw(history.writer->offset(run, rank));
  value_or_throw(history.writer->ingest({run, rank, from, from + 100, clock.wall_ns, events, 0, {}, clock}));
}

TEST(Spans, OfTheNewestStepsOfEachRankAreKept) {
  History history;
  const RunId run = history.add("a");
  std::vector<Payload> many;
  for (std::int64_t step = 1; step <= 100; ++step) {
    many.push_back(span(step, step * 1000));
    many.push_back(span(step, step * 1000 + 500, SpanKind::backward));
  }
  many.push_back(span(100, 200'000, SpanKind::evaluate));
  value_or_throw(history.feed(run, many));
  value_or_throw(history.feed(run, {span(90, 1)}, 1));
  EXPECT_THAT(steps_of(history, run, 0), ElementsAre(97, 98, 99, 100));
  EXPECT_THAT(steps_of(history, run, 1), ElementsAre(90));
  // A step that goes on in the next stretch is one step all the same.
  const auto touched = value_or_throw(history.feed(run, {span(100, 100'900, SpanKind::optimizer), span(101, 101'000)}));
  EXPECT_TRUE(touched.spans);
  const auto steps = value_or_throw(history.reader->spans(run));
  EXPECT_THAT(steps_of(history, run, 0), ElementsAre(98, 99, 100, 101));
  const auto hundredth = std::ranges::find_if(steps, [](const RankStep& step) { return step.step == 100; });
  EXPECT_EQ(hundredth->spans.size(), 3U);
  EXPECT_EQ(steps.back().spans[0].begin_ns, kAnchor + 101'000);
}

// Steps that a rank tells in this rhythm, all in one stretch.
std::vector<Payload> every(std::int64_t stride, std::int64_t from, std::int64_t last) {
  std::vector<Payload> spans;
  for (std::int64_t step = from; step <= last; step += stride) spans.push_back(span(step, step * 1000));
  return spans;
}

TEST(Spans, OfRanksThatTellInDifferentRhythmsAreOfStepsThatAllToldInWhateverOrderTheirJournalsCome) {
  for (const bool rare_first : {true, false}) {
    History history;
    const RunId run = history.add("a");
    if (rare_first) value_or_throw(history.feed(run, every(64, 64, 6400), 0));
    for (std::int64_t step = 6001; step < 6440; step += 40)
      value_or_throw(history.feed(run, every(1, step, step + 39), 1));
    if (!rare_first) value_or_throw(history.feed(run, every(64, 64, 6400), 0));
    EXPECT_THAT(steps_of(history, run, 0), ElementsAre(6208, 6272, 6336, 6400));
    EXPECT_THAT(steps_of(history, run, 1), ElementsAre(6208, 6272, 6336, 6400, 6437, 6438, 6439, 6440));
  }
}

TEST(Spans, OfARankThatWasLostHoldTheOthersToItsRhythmForAFewOfItsStepsOnly) {
  History history;
  const RunId run = history.add("a");
  value_or_throw(history.feed(run, every(64, 64, 640), 0));
  value_or_throw(history.feed(run, every(1, 500, 640 + 4 * 64), 1));
  EXPECT_THAT(steps_of(history, run, 1), ElementsAre(704, 768, 832, 893, 894, 895, 896));
  value_or_throw(history.feed(run, every(1, 897, 900), 1));
  EXPECT_THAT(steps_of(history, run, 1), ElementsAre(897, 898, 899, 900));
}

TEST(Spans, OfRanksOfOneHostLieOnOneAxisThoughItsWallClockWasSetBetweenTheirBeginnings) {
  History history;
  const RunId run = history.add("a");
  tell(history, run, 1, {kAnchor + 3'600'000'000'000, 5'000, "host"}, {span(7, 100)});
  tell(history, run, 0, {kAnchor, 4'000, "host"}, {span(7, 1'100)});
  tell(history, run, 2, {kAnchor + 50, 1, "another host"}, {span(7, 100)});
  const auto steps = value_or_throw(history.reader->spans(run));
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].spans[0].begin_ns, kAnchor + 1'100);
  EXPECT_EQ(steps[1].spans[0].begin_ns, kAnchor + 1'100);
  EXPECT_EQ(steps[2].spans[0].begin_ns, kAnchor + 150);
}

TEST(Spans, OfStepsThatAreTakenAgainTakeThePlaceOfTheEarlierOnes) {
  History history;
  const RunId run = history.add("a");
  tell(history, run, 1, {kAnchor, 0, "host"}, {span(10, 1), span(11, 2), span(12, 3)});
  // The same session goes back, with its word in the middle of a stretch.
  tell(history, run, 1, {kAnchor, 0, "host"}, {span(13, 4), Recovery{10, "memory"}, span(11, 5)});
  EXPECT_THAT(steps_of(history, run, 1), ElementsAre(10, 11));
  // Another process resumes without a word of where.
  tell(history, run, 1, {kAnchor + 1000, 1000, "host"}, {span(9, 1), span(10, 2)});
  EXPECT_THAT(steps_of(history, run, 1), ElementsAre(9, 10));
  const auto steps = value_or_throw(history.reader->spans(run));
  EXPECT_EQ(steps.back().spans.size(), 1U);
  EXPECT_EQ(steps.back().spans[0].begin_ns, kAnchor + 1002);
}

TEST(Spans, GoWithWhatElseARunSaid) {
  History history;
  const RunId run = history.add("a");
  tell(history, run, 0, {kAnchor, 0, "host"}, {span(10, 1)});
  value_or_throw(history.writer->forget(run));
  EXPECT_TRUE(value_or_throw(history.reader->spans(run)).empty());
  tell(history, run, 0, {kAnchor, 0, "host"}, {span(10, 1)});
  value_or_throw(history.writer->remove(run));
  EXPECT_TRUE(value_or_throw(history.reader->spans(run)).empty());
}

TEST(Recovery, ThatAnotherRankTellsLaterTakesNothingOfWhatTheFirstHasToldSince) {
  History history;
  const RunId run = history.add("a");
  value_or_throw(history.feed(run, {MetricSamples{1, {{"train/loss", 3}}}, MetricSamples{2, {{"train/loss", 2}}},
                                    Recovery{1, "what the ranks hold in memory"}, MetricSamples{2, {{"train/loss", 2}}},
                                    MetricSamples{3, {{"train/loss", 1}}}}));
  value_or_throw(history.feed(run, {Recovery{1, "what the ranks hold in memory"}}, 1));
  EXPECT_EQ(value_or_throw(history.reader->points(run, "train/loss", 0, 100)).size(), 3U);
  EXPECT_EQ(value_or_throw(history.reader->run(run)).step, 3);
  EXPECT_EQ(value_or_throw(history.reader->occurrences(run)).size(), 1U);
}

}  // namespace
}  // namespace athanor::store
