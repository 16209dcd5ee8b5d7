#include "core/journal/span_sampling.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace athanor::journal {
namespace {

// A run of steps that each take `step_ns` and consist of so many spans: the steps told, by how many spans of them were.
struct Told {
  std::set<std::int64_t> steps;
  std::int64_t spans = 0;
};
Told run(std::int64_t steps, int spans_each, std::int64_t step_ns) {
  SpanSampling sampling;
  Told told;
  for (std::int64_t step = 1; step <= steps; ++step) {
    int of_this = 0;
    for (int i = 0; i < spans_each; ++i) {
      Span span;
      span.step = step;
      span.begin_ns = (step - 1) * step_ns + i * step_ns / spans_each;
      span.end_ns = span.begin_ns + step_ns / spans_each;
      of_this += sampling.tells(span) ? 1 : 0;
    }
    EXPECT_TRUE(of_this == 0 || of_this == spans_each) << step;
    if (of_this > 0) told.steps.insert(step);
    told.spans += of_this;
  }
  return told;
}

TEST(SpanSampling, TellsStepsWholeAndNeverMoreThanItsShareOfTime) {
  const std::int64_t ms = 1'000'000;
  for (const auto& [steps, spans, step_ns] :
       {std::tuple(100'000L, 4, 5 * ms), std::tuple(20'000L, 200, 50 * ms), std::tuple(2'000L, 1'000, 1'000 * ms),
        std::tuple(1'000'000L, 5, ms / 10)}) {
    const Told told = run(steps, spans, step_ns);
    const double seconds = static_cast<double>(steps * step_ns) / 1e9;
    // At its beginning a run tells more often, while the rhythm is found.
    const double beginning = 8 * (SpanSampling::kSpansPerSecond * SpanSampling::kFreeSeconds + spans);
    EXPECT_LE(static_cast<double>(told.spans), beginning + SpanSampling::kSpansPerSecond * seconds);
    EXPECT_GE(static_cast<double>(told.spans), SpanSampling::kSpansPerSecond * seconds / 4);
    EXPECT_TRUE(told.steps.contains(1));
  }
}

TEST(SpanSampling, TellsEveryStepOfARunWhoseStepsAreFewAndSlow) {
  EXPECT_EQ(run(500, 4, 1'000'000'000).steps.size(), 500U);
}

TEST(SpanSampling, OfRanksOfDifferentPaceChoosesStepsThatAllOfThemTell) {
  const Told slow = run(4096, 160, 40'000'000);
  const Told quick = run(4096, 40, 40'000'000);
  int both = 0;
  for (const std::int64_t step : slow.steps) both += quick.steps.contains(step) ? 1 : 0;
  EXPECT_GE(both, static_cast<int>(slow.steps.size()) - 2);  // but for the beginning, when both are told all
  EXPECT_GT(slow.steps.size(), 4U);
}

TEST(SpanSampling, AlwaysTellsOfEvaluationsAndCheckpoints) {
  SpanSampling sampling;
  for (std::int64_t step = 1; step <= 10'000; ++step) {
    for (const SpanKind kind : {SpanKind::forward, SpanKind::evaluate, SpanKind::checkpoint}) {
      Span span;
      span.kind = kind;
      span.step = step;
      span.begin_ns = span.end_ns = step * 1000;
      const bool told = sampling.tells(span);
      EXPECT_TRUE(told || kind == SpanKind::forward);
    }
  }
  EXPECT_GT(sampling.stride(), 1);
}

}  // namespace
}  // namespace athanor::journal
