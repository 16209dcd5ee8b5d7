#include "core/timeline/step_picture.h"

#include "core/journal/reader.h"
#include "core/parallel/generate.h"
#include "core/parallel/simulate.h"
#include "core/timeline/executed.h"
#include "tests/core/store/samples.h"
#include "tests/core/timeline/waiting_run.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

#include <map>

namespace athanor::timeline {
namespace {

using journal::SpanKind;
using store::RankStep;

journal::Span span(SpanKind kind, std::int64_t begin_ms, std::int64_t end_ms, int stage = -1, int micro_batch = 0) {
  return {.kind = kind,
          .micro_batch = micro_batch,
          .begin_ns = begin_ms * 1'000'000,
          .end_ns = end_ms * 1'000'000,
          .stage = stage};
}

// What the journals of a run directory tell, as the history keeps it.
std::vector<RankStep> steps_in(const std::filesystem::path& folder) {
  std::map<std::pair<std::int64_t, int>, RankStep> steps;
  journal::TimeAxis axis;
  for (const int rank : journal::ranks_in(folder)) {
    const auto batch = value_or_throw(journal::read(folder / journal::file_name(rank), 0, 1 << 30));
    const std::int64_t zero = axis.place(*batch.clock);
    for (const journal::Event& event : batch.events)
      if (const auto* found = std::get_if<journal::Span>(&event.payload)) {
        RankStep& step = steps[{found->step, rank}];
        step.step = found->step;
        step.rank = rank;
        journal::Span placed = *found;
        placed.begin_ns += zero;
        placed.end_ns += zero;
        step.spans.push_back(placed);
      }
  }
  std::vector<RankStep> out;
  for (auto& [key, step] : steps) out.push_back(std::move(step));
  return out;
}

TEST(StepPicture, OfAnExecutedPipelineHasTheScheduleAndTheCostsItWasGiven) {
  testing_support::TemporaryFolder folder;
  const auto run = test::eight_ranks(2e6, 3);
  test::write_waiting_run(folder / "run", run);
  const auto picture = picture_of(steps_in(folder / "run"), true);
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->ranks, 8);
  EXPECT_TRUE(picture->is_pipeline);
  ASSERT_EQ(picture->measured.size(), 8U);
  ASSERT_EQ(picture->predicted.size(), 8U);
  const auto schedule = schedule_of(picture->measured);
  ASSERT_TRUE(schedule);
  EXPECT_EQ(schedule->stage_ranks, run.schedule.stage_ranks);
  EXPECT_EQ(schedule->micro_batches, 16);
  const auto costs = costs_of(*schedule, {picture->measured});
  for (std::size_t stage = 0; stage < 16; ++stage)  // a wait may take longer, and never less
    EXPECT_GE(costs.stages[stage].forward * 1e9, run.costs_ns[stage].forward);
  // What is executed is never quicker than its own costs allow in this order; both begin together.
  EXPECT_GT(picture->predicted_seconds, 0);
  EXPECT_GT(*picture->bubble, 0);
  EXPECT_LT(*picture->bubble, 1);
  EXPECT_GT(*picture->predicted_bubble, 0);
  ASSERT_TRUE(picture->communication);
  EXPECT_GE(picture->communication->total, picture->communication->exposed);
  for (const Row& row : picture->predicted) EXPECT_EQ(row.bars.size(), 2U * 16U * 3U);
}

// Two ranks, one micro-batch, whole numbers: everything can be counted by hand.
std::vector<RankStep> by_hand(std::int64_t step) {
  RankStep first{
      step,
      0,
      {span(SpanKind::forward, 0, 10, 0), span(SpanKind::backward, 42, 62, 0), span(SpanKind::optimizer, 62, 63)}};
  RankStep last{
      step,
      1,
      {span(SpanKind::forward, 11, 21, 1), span(SpanKind::backward, 21, 41, 1), span(SpanKind::optimizer, 62, 63)}};
  return {first, last};
}

TEST(StepPicture, CountsBubblesMessagesAndWhatTheSimulatorSays) {
  const auto picture = picture_of(by_hand(5), false);
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->step, 5);
  EXPECT_NEAR(picture->seconds, 0.063, 1e-12);
  EXPECT_NEAR(*picture->bubble, 1 - 60.0 / 124, 1e-9);
  EXPECT_NEAR(*picture->predicted_bubble, 1 - 60.0 / 124, 1e-9);  // both hops of 1 ms are in it
  EXPECT_NEAR(picture->predicted_seconds, 0.063, 1e-12);
  EXPECT_NEAR(picture->communication->total, 0.002, 1e-12);
  EXPECT_NEAR(picture->communication->exposed, 0.002, 1e-12);
}

TEST(StepPicture, PredictsThePipelineOfEachReplicaByItself) {
  std::vector<RankStep> steps = by_hand(5);
  for (RankStep& step : by_hand(5)) {
    step.rank += 2;
    for (journal::Span& each : step.spans) each.end_ns = each.begin_ns + 2 * (each.end_ns - each.begin_ns);
    steps.push_back(step);
  }
  steps[2].spans = {span(SpanKind::forward, 0, 20, 0), span(SpanKind::backward, 84, 124, 0),
                    span(SpanKind::optimizer, 124, 126)};
  steps[3].spans = {span(SpanKind::forward, 22, 42, 1), span(SpanKind::backward, 42, 82, 1),
                    span(SpanKind::optimizer, 124, 126)};
  const auto picture = picture_of(steps, false);
  ASSERT_TRUE(picture);
  EXPECT_EQ(pipelines_of(picture->measured), (std::vector<std::vector<int>>{{0, 1}, {2, 3}}));
  ASSERT_EQ(picture->predicted.size(), 4U);
  EXPECT_NEAR(picture->predicted[1].bars[0].begin, 0.011, 1e-12);
  EXPECT_NEAR(picture->predicted[3].bars[0].begin, 0.022, 1e-12);
  EXPECT_NEAR(picture->predicted_seconds, 0.126, 1e-12);
  EXPECT_NEAR(*picture->predicted_bubble, 1 - 180.0 / (4 * 124), 1e-9);
  EXPECT_NEAR(*picture->bubble, *picture->predicted_bubble, 1e-9);
}

// All forwards first, then the loss of the whole batch, then forwards and backwards.
TEST(StepPicture, OfAStepOfTwoRoundsPredictsEachAndCallsWhatLiesBetweenNoBubble) {
  std::vector<RankStep> steps = by_hand(5);
  for (RankStep& step : steps)
    for (journal::Span& each : step.spans) {
      each.begin_ns += 30'000'000;
      each.end_ns += 30'000'000;
    }
  steps[0].spans.insert(steps[0].spans.begin(), span(SpanKind::forward, 0, 5, 0));
  steps[1].spans.insert(steps[1].spans.begin(), span(SpanKind::forward, 6, 11, 1));
  const auto picture = picture_of(steps, false);
  ASSERT_TRUE(picture);
  ASSERT_EQ(rounds_of(picture->measured).size(), 2U);
  ASSERT_EQ(picture->predicted.size(), 2U);
  EXPECT_EQ(picture->predicted[0].bars.size(), 3U);
  EXPECT_NEAR(picture->predicted[1].bars[0].begin, 0.006, 1e-12);
  EXPECT_NEAR(picture->predicted[1].bars[1].begin, 0.041, 1e-12);
  EXPECT_NEAR(picture->predicted_seconds, picture->seconds, 1e-12);
  EXPECT_NEAR(*picture->bubble, 1 - 70.0 / (2 * (11 + 62)), 1e-9);
  EXPECT_NEAR(*picture->predicted_bubble, *picture->bubble, 1e-9);
}

TEST(StepPicture, IsOfTheNewestStepThatAllRanksToldWhole) {
  std::vector<RankStep> steps = by_hand(5);
  EXPECT_FALSE(picture_of({}, false));
  for (RankStep& step : by_hand(8)) steps.push_back(step);
  steps.back().spans.pop_back();  // rank 1 is still at it
  EXPECT_EQ(picture_of(steps, false)->step, 5);
  EXPECT_EQ(picture_of(steps, true)->step, 8);
  steps.pop_back();  // rank 1 was lost
  EXPECT_EQ(picture_of(steps, true)->step, 5);
}

TEST(StepPicture, HasAllRanksThoughOneThatWasReplacedTellsEveryStepAndTheOtherEverySixtyFourth) {
  store::History history;
  const store::RunId run = history.add("a");
  for (const int rank : {1, 0}) {  // as a rebuilt history reads them: a journal after the other
    std::vector<journal::Payload> told;
    for (std::int64_t step = 64; step <= 1000; step += rank == 0 ? 64 : 1) {
      const std::vector<RankStep> ranks = by_hand(step);
      for (journal::Span each : ranks[static_cast<std::size_t>(rank)].spans) {
        each.step = step;
        told.emplace_back(each);
      }
    }
    value_or_throw(history.feed(run, std::move(told), rank));
  }
  const auto picture = picture_of(value_or_throw(history.reader->spans(run)), false);
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->ranks, 2);
  EXPECT_EQ(picture->step, 960);
  EXPECT_TRUE(picture->bubble);
}

TEST(StepPicture, PredictsNothingOfASingleRankAndTheMeanOfReplicas) {
  const auto of = [](int rank, std::int64_t forward_ms) {
    return RankStep{
        1, rank, {span(SpanKind::forward, 0, forward_ms), span(SpanKind::optimizer, forward_ms, forward_ms + 2)}};
  };
  const auto single = picture_of({of(0, 10)}, false);
  ASSERT_TRUE(single);
  EXPECT_TRUE(single->predicted.empty());
  const auto two = picture_of({of(0, 10), of(1, 20)}, false);
  ASSERT_TRUE(two);
  EXPECT_FALSE(two->is_pipeline);
  EXPECT_FALSE(two->bubble);
  ASSERT_EQ(two->predicted.size(), 2U);
  EXPECT_NEAR(two->predicted[1].bars[0].end, 0.015, 1e-12);
  EXPECT_NEAR(two->predicted[1].bars[1].begin, 0.015, 1e-12);
}

TEST(StepPicture, PredictsNothingWhereAnOpIsMissing) {
  auto steps = by_hand(5);
  steps[1].spans.erase(steps[1].spans.begin() + 1);
  const auto picture = picture_of(steps, true);
  ASSERT_TRUE(picture);
  EXPECT_TRUE(picture->predicted.empty());
  EXPECT_FALSE(picture->predicted_bubble);
}

TEST(Communication, IsExposedWhereItsRankComputesNothingBesideIt) {
  journal::Span reduce = span(SpanKind::reduce, 5, 25);
  reduce.lane = 2;
  std::vector<RankStep> steps;
  for (const int rank : {0, 1})
    steps.push_back({1, rank, {span(SpanKind::backward, 0, 20), span(SpanKind::optimizer, 25, 26), reduce}});
  const auto picture = picture_of(steps, false);
  ASSERT_TRUE(picture && picture->communication);
  EXPECT_NEAR(picture->communication->total, 0.040, 1e-12);
  EXPECT_NEAR(picture->communication->exposed, 0.010, 1e-12);
}

TEST(PlannedStep, HasARowForEachRankInTheTimeOfAStep) {
  recipe::SchedulePrediction schedule{"1f1b", 2, 2, 0.25, {}};
  schedule.bars = {{0, 'F', 0, 0, 0, 0.25}, {0, 'B', 0, 0, 0.5, 1}, {1, 'F', 1, 0, 0.25, 0.5}};
  const auto picture = picture_of(schedule, 2.0);
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->ranks, 2);
  EXPECT_TRUE(picture->measured.empty());
  ASSERT_EQ(picture->predicted[0].bars.size(), 2U);
  EXPECT_EQ(picture->predicted[0].bars[1].kind, SpanKind::backward);
  EXPECT_DOUBLE_EQ(picture->predicted[0].bars[1].begin, 1.0);
  EXPECT_FALSE(picture_of(recipe::SchedulePrediction{}, 2.0));
  EXPECT_FALSE(picture_of(schedule, 0));
}

}  // namespace
}  // namespace athanor::timeline
