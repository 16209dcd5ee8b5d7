// All spans of a run, against plain sums over what was told.
#include "core/store/span_page.h"
#include "tests/core/store/samples.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace athanor::store {
namespace {

using namespace journal;
using testing::ElementsAre;

constexpr std::int64_t kAnchor = History::kAnchor;
constexpr std::int64_t kAllTime = std::int64_t{1} << 61;
constexpr int kKinds = static_cast<int>(SpanKind::idle) + 1;

using Random = std::mt19937_64;
std::int64_t number(Random& random, std::int64_t least, std::int64_t most) {
  return std::uniform_int_distribution<std::int64_t>(least, most)(random);
}

// Spans of lengths over many orders of magnitude, some without any, some that overlap; of steps that rise.
std::vector<Span> random_spans(Random& random, int count, std::int64_t first_step = 1, std::int64_t begin_ns = 0) {
  std::vector<Span> spans;
  std::int64_t at = begin_ns, step = first_step;
  for (int i = 0; i < count; ++i) {
    if (i % 30 == 29) step += number(random, 0, 9) == 0 ? number(random, 2, 5) : 1;
    const int most = number(random, 0, 999) == 0 ? 36 : 24;  // a few are longer than all others together
    const std::int64_t length =
        number(random, 0, 20) == 0 ? 0 : number(random, 1, std::int64_t{1} << number(random, 1, most));
    at += number(random, 0, 3) == 0 ? number(random, -500, std::int64_t{1} << number(random, 1, 20)) : 0;
    Span span;
    span.lane = static_cast<int>(number(random, 0, 2)) / 2;
    span.kind = static_cast<SpanKind>(number(random, 0, kKinds - 1));
    if (span.kind == SpanKind::evaluate || span.kind == SpanKind::checkpoint) span.kind = SpanKind::data;
    span.step = step;
    span.micro_batch = static_cast<int>(number(random, -1, 15));
    span.stage = static_cast<int>(number(random, -1, 3));
    span.begin_ns = std::max<std::int64_t>(0, at);
    span.end_ns = span.begin_ns + length;
    spans.push_back(span);
    at = span.end_ns;
  }
  return spans;
}

// In stretches that end at random places.
void tell(History& history, RunId run, int rank, const std::vector<Span>& spans, Random& random, int longest,
          std::int64_t anchor = kAnchor) {
  std::vector<Event> events;
  const auto hand_over = [&] {
    const std::int64_t from = value_or_throw(history.writer->offset(run, rank));
    value_or_throw(history.writer->ingest({run, rank, from, from + 1, anchor, events}));
    events.clear();
  };
  for (const Span& span : spans) {
    events.push_back({span.end_ns, span});
    if (number(random, 1, longest) == 1) hand_over();
    if (longest < 1000 && number(random, 1, 400) == 1) history.open();  // the agent was ended
  }
  hand_over();
}

std::int64_t overlap(const Span& span, std::int64_t begin, std::int64_t end) {
  return std::max<std::int64_t>(0, std::min(end, kAnchor + span.end_ns) - std::max(begin, kAnchor + span.begin_ns));
}

// Every lane of the window, held against all spans that were told.
void expect_true(const TimelineWindow& window, const std::map<int, std::vector<Span>>& told) {
  for (const TimelineLane& lane : window.lanes) {
    if (lane.is_untold) continue;
    std::vector<std::array<std::int64_t, kKinds>> busy(static_cast<std::size_t>(window.columns));
    std::vector<std::int64_t> begun(busy.size()), longest(busy.size());
    std::size_t reach_in = 0;
    for (const Span& span : told.at(lane.rank)) {
      if (span.lane != lane.lane) continue;
      const std::int64_t begin = kAnchor + span.begin_ns, end = kAnchor + span.end_ns;
      if (begin >= window.end_ns() || end < window.begin_ns || (end == window.begin_ns && begin != end)) continue;
      ++reach_in;
      const auto first = std::max<std::int64_t>(0, (begin - window.begin_ns) / window.column_ns);
      const auto last = std::min<std::int64_t>(window.columns - 1, (end - window.begin_ns) / window.column_ns);
      for (auto at = first; at <= last; ++at) {
        const std::int64_t from = window.begin_ns + at * window.column_ns;
        busy[static_cast<std::size_t>(at)][static_cast<std::size_t>(span.kind)] +=
            overlap(span, from, from + window.column_ns);
      }
      if (begin < window.begin_ns) continue;
      ++begun[static_cast<std::size_t>(first)];
      longest[static_cast<std::size_t>(first)] = std::max(longest[static_cast<std::size_t>(first)], end - begin);
    }
    if (lane.is_single) {
      EXPECT_EQ(lane.single.size(), reach_in);
      continue;
    }
    ASSERT_EQ(lane.begun.size(), busy.size());
    for (std::size_t at = 0; at < busy.size(); ++at) {
      std::array<std::int64_t, kKinds> read{};
      for (std::size_t kind = 0; kind < lane.kinds.size(); ++kind)
        read[static_cast<std::size_t>(lane.kinds[kind])] = lane.busy_ns[at * lane.kinds.size() + kind];
      ASSERT_EQ(read, busy[at]) << "rank " << lane.rank << ", lane " << lane.lane << ", column " << at;
      ASSERT_EQ(lane.begun[at], begun[at]);
      ASSERT_EQ(lane.longest_ns[at], longest[at]);
    }
  }
}

TEST(SpanPages, GiveBackWhatWasPacked) {
  Random random(1);
  std::vector<TimedSpan> spans;
  for (const Span& span : random_spans(random, 3000)) spans.push_back({span, number(random, 0, 1000)});
  std::vector<TimedSpan> back;
  unpack_spans(pack_spans(spans), SpanFields::all, 0, 0, back);
  ASSERT_EQ(back.size(), spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    EXPECT_EQ(back[i].span.begin_ns, spans[i].span.begin_ns);
    EXPECT_EQ(back[i].span.end_ns, spans[i].span.end_ns);
    EXPECT_EQ(back[i].span.kind, spans[i].span.kind);
    EXPECT_EQ(back[i].span.step, spans[i].span.step);
    EXPECT_EQ(back[i].span.micro_batch, spans[i].span.micro_batch);
    EXPECT_EQ(back[i].span.stage, spans[i].span.stage);
    EXPECT_EQ(back[i].gap_ns, spans[i].gap_ns);
  }
}

TEST(SpanPages, ThatWereChangedAreRefused) {
  Random random(2);
  std::vector<TimedSpan> spans;
  for (const Span& span : random_spans(random, 200)) spans.push_back({span, 0});
  const std::string page = pack_spans(spans);
  for (int i = 0; i < 200; ++i) {
    std::string bad = page;
    bad[static_cast<std::size_t>(number(random, 0, std::ssize(page) - 1))] ^= static_cast<char>(number(random, 1, 255));
    std::vector<TimedSpan> out;
    EXPECT_THROW(unpack_spans(bad, SpanFields::all, 0, 0, out), Failure);
    EXPECT_THROW(unpack_spans(page.substr(0, static_cast<std::size_t>(number(random, 0, std::ssize(page) - 1))),
                              SpanFields::all, 0, 0, out),
                 Failure);
  }
}

TEST(SpanShares, InWiderWindowsAreThoseOfTheSpansInWiderWindows) {
  Random random(3);
  const auto spans = random_spans(random, 400);
  const auto at = [&](int shift) {
    BusyShares shares;
    for (const Span& span : spans) add_shares(shares, {span, 7}, shift);
    put_together(shares);
    return shares;
  };
  // By window and kind, wherever they are kept in runs of windows.
  const auto each = [](const BusyShares& shares) {
    std::map<std::pair<std::int64_t, std::int64_t>, std::array<std::int64_t, 4>> out;
    for (const BusyShare& share : shares)
      for (std::int64_t i = 0; i < share.windows; ++i) {
        auto& sum = out[{share.window + i, share.kind}];
        sum[0] += share.busy_ns;
        if (i > 0) continue;
        sum[1] += share.begun;
        sum[2] = std::max(sum[2], share.longest_ns);
        sum[3] = std::max(sum[3], share.gap_ns);
      }
    return out;
  };
  for (const int shift : {8, 12, 17}) {
    BusyShares wide = at(shift);
    for (int wider = shift + 1; wider < shift + 8; ++wider) {
      widen(wide);
      ASSERT_EQ(each(wide), each(at(wider))) << shift << " to " << wider;
    }
  }
}

TEST(Timeline, IsInAnyWindowThePlainSumOfTheSpansThatWereTold) {
  Random random(4);
  History history;
  const RunId run = history.add("a");
  std::map<int, std::vector<Span>> told;
  for (const int rank : {0, 3}) {
    told[rank] = random_spans(random, rank == 0 ? 60'000 : 9'000);
    tell(history, run, rank, told[rank], random, 20'000);
  }
  const TimelineExtent whole = value_or_throw(history.reader->timeline_extent(run));
  EXPECT_EQ(whole.spans, 69'000);
  for (int i = 0; i < 60; ++i) {
    const std::int64_t width = (whole.end_ns - whole.begin_ns) >> number(random, 0, 14);
    const std::int64_t begin = number(random, whole.begin_ns, whole.end_ns);
    const auto window =
        value_or_throw(history.reader->timeline(run, begin, begin + width, static_cast<int>(number(random, 2, 900))));
    expect_true(window, told);
    if (HasFatalFailure()) return;
  }
  const auto all = value_or_throw(history.reader->timeline(run, 0, kAllTime, 500));
  EXPECT_FALSE(all.lanes[1].is_single);
  EXPECT_LE(all.columns, 500);
  EXPECT_GT(all.columns, 249);
  expect_true(all, told);
}

TEST(Timeline, TellsEverySpanAtFullZoomWithItsStepAndStage) {
  Random random(5);
  History history;
  const RunId run = history.add("a");
  const auto told = random_spans(random, 20'000);
  tell(history, run, 0, told, random, 20'000);
  for (int i = 0; i < 200; ++i) {
    const Span& span = told[static_cast<std::size_t>(number(random, 0, 19'999))];
    const auto window =
        value_or_throw(history.reader->timeline(run, kAnchor + span.begin_ns, kAnchor + span.end_ns + 1, 100));
    const auto lane = std::ranges::find_if(
        window.lanes, [&](const TimelineLane& each) { return !each.is_untold && each.lane == span.lane; });
    ASSERT_NE(lane, window.lanes.end());
    if (!lane->is_single) continue;  // many of no length lie in one place
    EXPECT_TRUE(std::ranges::any_of(lane->single, [&](const Span& each) {
      return each.begin_ns == kAnchor + span.begin_ns && each.end_ns == kAnchor + span.end_ns &&
             each.kind == span.kind && each.step == span.step && each.stage == span.stage &&
             each.micro_batch == span.micro_batch;
    }));
  }
}

// Everything that the store keeps of spans behind the pieces.
std::vector<std::string> pages_of(const History& history) {
  const SQLite::Database database(history.file.string());
  SQLite::Statement query(database,
                          "SELECT l.rank || '/' || l.lane || '/' || l.spans || '/' || l.begin_ns || '/' || l.end_ns || "
                          "'/' || p.level || '/' || p.number || '/' || p.shift || '/' || hex(p.bytes) FROM span_lane l "
                          "JOIN span_page p ON p.lane = l.id ORDER BY l.rank, l.lane, p.level, p.number");
  std::vector<std::string> pages;
  while (query.executeStep()) pages.push_back(query.getColumn(0).getString());
  return pages;
}

TEST(Timeline, IsTheSameWhereverTheTellingWasCutAndTheAgentEnded) {
  Random random(6);
  const auto first = random_spans(random, 15'000);
  const std::int64_t back = first[9'000].step;
  const auto second = random_spans(random, 9'000, back + 1, first.back().end_ns + 1'000'000);
  std::vector<std::vector<std::string>> pages;
  std::vector<TimelineWindow> windows;
  for (const int longest : {1'000'000, 300, 37}) {
    History history;
    const RunId run = history.add("a");
    tell(history, run, 0, first, random, longest);
    value_or_throw(history.feed(run, {Recovery{back, "memory"}}));
    tell(history, run, 0, second, random, longest);
    history.open();
    pages.push_back(pages_of(history));
    windows.push_back(value_or_throw(history.reader->timeline(run, 0, kAllTime, 700)));
    std::map<int, std::vector<Span>> kept;
    for (const Span& span : first)
      if (span.step <= back) kept[0].push_back(span);
    kept[0].insert(kept[0].end(), second.begin(), second.end());
    EXPECT_EQ(windows.back().whole.spans, std::ssize(kept[0]));
    expect_true(windows.back(), kept);
  }
  EXPECT_GT(pages[0].size(), 12U);
  EXPECT_EQ(pages[0], pages[1]);
  EXPECT_EQ(pages[0], pages[2]);
  for (const TimelineWindow& window : windows)
    for (std::size_t lane = 0; lane < window.lanes.size(); ++lane)
      EXPECT_EQ(window.lanes[lane].busy_ns, windows[0].lanes[lane].busy_ns);
}

Span short_span(std::int64_t step, std::int64_t begin_ns, std::int64_t end_ns, SpanKind kind = SpanKind::forward) {
  Span span;
  span.kind = kind;
  span.step = step;
  span.begin_ns = begin_ns;
  span.end_ns = end_ns;
  return span;
}

using Stretches = std::vector<std::pair<std::int64_t, std::int64_t>>;
Stretches untold_of(History& history, RunId run) {
  Stretches out;
  for (const TimelineLane& lane : value_or_throw(history.reader->timeline(run, 0, kAllTime, 1000)).lanes)
    if (lane.is_untold)
      for (const Span& span : lane.single) out.emplace_back(span.begin_ns - kAnchor, span.end_ns - kAnchor);
  return out;
}

TEST(Timeline, SaysWhereARankDidWhatItDidNotTell) {
  History history;
  const RunId run = history.add("a");
  value_or_throw(history.feed(run, {short_span(1, 0, 100), short_span(2, 150, 300), short_span(4, 500, 600)}));
  EXPECT_THAT(untold_of(history, run), ElementsAre(std::pair(300, 500)));
  // An evaluation comes after its step; step 5 was not told, but is over by then.
  value_or_throw(history.feed(run, {short_span(5, 900, 950, SpanKind::evaluate), short_span(6, 1000, 1100)}));
  EXPECT_THAT(untold_of(history, run), ElementsAre(std::pair(300, 500), std::pair(600, 900)));
  // What is superseded did take its time.
  value_or_throw(history.feed(run, {Recovery{2, "memory"}, short_span(3, 1200, 1300)}));
  EXPECT_THAT(untold_of(history, run), ElementsAre(std::pair(300, 1100)));
}

TEST(Timeline, NamesTheLongestTimeInWhichALaneDidNothing) {
  History history;
  const RunId run = history.add("a");
  std::vector<Payload> spans;
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t late = i >= 12'345 ? 700 : 0;  // far less than a column
    spans.emplace_back(short_span(1 + i / 100, i * 1000 + late, i * 1000 + late + 990));
  }
  value_or_throw(history.feed(run, spans));
  const auto window = value_or_throw(history.reader->timeline(run, 0, kAllTime, 400));
  const TimelineLane& lane = window.lanes.back();
  ASSERT_FALSE(lane.is_single);
  const auto longest = std::ranges::max_element(lane.gap_ns);
  EXPECT_EQ(*longest, 710);
  EXPECT_EQ(longest - lane.gap_ns.begin(), (kAnchor + 12'345'700 - window.begin_ns) / window.column_ns);
}

TEST(Timeline, OfAnotherSessionFollowsAndTakesThePlaceOfWhatItDoesAgain) {
  History history;
  const RunId run = history.add("a");
  const auto session = [&](const SessionClock& clock, const std::vector<Span>& spans) {
    std::vector<Event> events;
    for (const Span& span : spans) events.push_back({1, span});
    const std::int64_t from = value_or_throw(history.writer->offset(run, 0));
    value_or_throw(history.writer->ingest({run, 0, from, from + 1, clock.wall_ns, events, 0, {}, clock}));
  };
  session({kAnchor, 1'000, "host"}, {short_span(1, 0, 100), short_span(2, 100, 200), short_span(3, 200, 300)});
  // On the same machine, whose wall clock was set back by an hour.
  session({kAnchor - 3'600'000'000'000, 2'000, "host"}, {short_span(3, 0, 100)});
  // On another one, which is behind.
  session({kAnchor - 10, 5, "other"}, {short_span(4, 0, 50)});
  const auto window = value_or_throw(history.reader->timeline(run, 0, kAllTime, 1000));
  std::vector<std::int64_t> begins;
  for (const Span& span : window.lanes.back().single) begins.push_back(span.begin_ns - kAnchor);
  EXPECT_THAT(begins, ElementsAre(0, 100, 1'000, 1'100));
}

TEST(Timeline, TellsStepsApartWithTheShareInWhichTheirPipelineStoodStill) {
  History history;
  const RunId run = history.add("a");
  for (const int rank : {0, 1}) {
    std::vector<Payload> spans;
    for (std::int64_t step = 1; step <= 3; ++step) {
      Span forward = short_span(step, step * 1000 + rank * 100, step * 1000 + rank * 100 + 100);
      Span backward =
          short_span(step, step * 1000 + 500 - rank * 200, step * 1000 + 700 - rank * 200, SpanKind::backward);
      forward.stage = backward.stage = rank;
      spans.emplace_back(forward);
      spans.emplace_back(backward);
    }
    value_or_throw(history.feed(run, spans, rank));
  }
  const auto window = value_or_throw(history.reader->timeline(run, 0, kAllTime, 1000));
  ASSERT_EQ(window.steps.size(), 3U);
  EXPECT_EQ(window.steps[1].begin_ns, kAnchor + 2000);
  EXPECT_EQ(window.steps[1].end_ns, kAnchor + 2700);
  EXPECT_EQ(window.steps[1].ranks, 2);
  ASSERT_TRUE(window.steps[1].bubble);
  EXPECT_DOUBLE_EQ(*window.steps[1].bubble, 1 - 600.0 / 1400);
}

struct DamagedTimeline : testing::Test {
  DamagedTimeline() : random(7), run(history.add("a")) {
    told[0] = random_spans(random, 40'000);
    tell(history, run, 0, told[0], random, 20'000);
    whole = value_or_throw(history.reader->timeline(run, 0, kAllTime, 60));
  }
  void change(const std::string& which) {
    SQLite::Database database(history.file.string(), SQLite::OPEN_READWRITE);
    ASSERT_GT(database.exec("UPDATE span_page SET bytes = zeroblob(length(bytes)) WHERE " + which), 0);
  }
  History history;
  Random random;
  RunId run;
  std::map<int, std::vector<Span>> told;
  TimelineWindow whole;
};

TEST_F(DamagedTimeline, OfWhichSummariesAreLostLosesNothing) {
  change("level > 0");
  const auto window = value_or_throw(history.reader->timeline(run, 0, kAllTime, 60));
  EXPECT_TRUE(window.damaged.empty());
  expect_true(window, told);
}

TEST_F(DamagedTimeline, OfWhichSpansAreLostNamesThemAndKeepsTheirSharesAndTheRest) {
  change("level = 0 AND number = 2 AND lane = (SELECT min(lane) FROM span_page WHERE level = 1)");
  EXPECT_TRUE(value_or_throw(history.reader->timeline(run, 0, kAllTime, 60)).damaged.empty());
  expect_true(value_or_throw(history.reader->timeline(run, 0, kAllTime, 60)), told);
  std::int64_t lost = 0;
  TimelineWindow near;
  for (int columns = 100; lost == 0 && columns < 4'000'000; columns *= 2) {
    near = value_or_throw(history.reader->timeline(run, 0, kAllTime, columns));
    for (const DamagedSpans& each : near.damaged) lost += each.spans;
  }
  EXPECT_EQ(lost, 1024);
  const DamagedSpans& named = near.damaged.front();
  EXPECT_LT(named.begin_ns, named.end_ns);
  // What lies before and behind is there.
  const auto before = value_or_throw(
      history.reader->timeline(run, whole.begin_ns, whole.begin_ns + (named.begin_ns - whole.begin_ns) / 2, 500));
  expect_true(before, told);
}

TEST_F(DamagedTimeline, GoesOnGrowing) {
  change("level > 0 OR number = 3");
  history.open();
  auto more = random_spans(random, 60'000, told[0].back().step + 1, told[0].back().end_ns);
  tell(history, run, 0, more, random, 20'000);
  const auto window = value_or_throw(history.reader->timeline(run, kAnchor + more.front().begin_ns, kAllTime, 300));
  const auto busy = [](const TimelineWindow& of) {
    std::int64_t sum = 0;
    for (const TimelineLane& lane : of.lanes)
      if (!lane.is_untold)
        for (const std::int64_t each : lane.busy_ns) sum += each;
    return sum;
  };
  EXPECT_GT(busy(window), 0);
  EXPECT_TRUE(window.damaged.empty());
}

TEST(Timeline, GoesWithWhatElseARunSaid) {
  History history;
  const RunId run = history.add("a");
  Random random(8);
  tell(history, run, 0, random_spans(random, 12'000), random, 20'000);
  value_or_throw(history.writer->forget(run));
  EXPECT_TRUE(value_or_throw(history.reader->timeline(run, 0, kAllTime, 100)).lanes.empty());
  EXPECT_TRUE(pages_of(history).empty());
}

TEST(Timeline, OfTimesThatCannotBeDoesNotEndTheStore) {
  History history;
  const RunId run = history.add("a");
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  Span odd = short_span(kMost, kLeast, kMost);
  odd.lane = std::numeric_limits<std::int32_t>::min();
  value_or_throw(history.feed(
      run, {short_span(1, kLeast, kMost), short_span(kMost, 100, -100), odd, short_span(kLeast, kMost, kLeast)}));
  for (const int columns : {2, 100, 5000})
    EXPECT_TRUE(history.reader->timeline(run, kLeast / 2, kMost / 2, columns).has_value());
}

}  // namespace
}  // namespace athanor::store
