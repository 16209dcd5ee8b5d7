// The live page of runs on one and on several ranks, whose journals the real runner of pipelines filled.
#include "app/controllers/timeline_controller.h"
#include "app/pages/live/live_tables.h"
#include "app/pages/live/timeline_card.h"
#include "app/pages/live/timeline_words.h"
#include "core/journal/reader.h"
#include "core/journal/writer.h"
#include "core/store/writer.h"
#include "tests/app/bench.h"
#include "tests/core/timeline/waiting_run.h"
#include "tests/support/temporary_folder.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/timeline/timeline_view.h"

#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QTableWidget>

#include <array>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
namespace fs = std::filesystem;

// As the agent takes it in.
store::RunId take_in(const fs::path& home, const fs::path& folder) {
  const auto writer = value_or_throw(store::Writer::open(home / "history.db"));
  store::NewRun run;
  run.name = folder.filename().string();
  run.status = store::RunStatus::running;
  run.created_ns = 1;
  run.directory = folder;
  const store::RunId id = value_or_throw(writer->add_run(run)).run;
  for (const int rank : journal::ranks_in(folder)) {
    for (std::int64_t offset = 0;;) {
      const auto batch = value_or_throw(journal::read(folder / journal::file_name(rank), offset));
      if (batch.next_offset == offset) break;
      value_or_throw(writer->ingest({id,
                                     rank,
                                     offset,
                                     batch.next_offset,
                                     batch.anchor_wall_ns,
                                     batch.events,
                                     batch.writer_pid,
                                     {},
                                     batch.clock}));
      offset = batch.next_offset;
    }
  }
  return id;
}

struct TimelinePage : testing::Test {
  testing_support::TemporaryFolder home;
};

TEST_F(TimelinePage, ShowsEachRankPredictedAndMeasuredWithBubblesMessagesAndWhatWentWrong) {
  const fs::path folder = home / "runs/pipeline";
  timeline::test::write_waiting_run(folder, timeline::test::eight_ranks(5e5, 4));
  const store::RunId id = take_in(home.path(), folder);
  Bench bench({home.path()});
  bench.workbench->live().open(id);
  bench.show("live");
  const TimelineCard& card = *bench.live().timeline();
  ASSERT_TRUE(card.isVisible());
  EXPECT_TRUE(card.is_following());
  const widgets::TimelineData& data = card.view()->data();
  ASSERT_EQ(data.rows.size(), 16U);
  EXPECT_EQ(data.rows[0].group, u"Rank 0"_s);
  EXPECT_TRUE(data.rows[0].pale);
  EXPECT_EQ(data.rows[0].twin, 1);
  for (int bar = 0; bar < static_cast<int>(data.rows[0].bars.size()); ++bar)
    EXPECT_GE(widgets::twin_of(data.rows[0].bars, bar, data.rows[1].bars), 0)
        << "every op that is predicted was measured";
  const QStringList figures = card.figure_texts();
  ASSERT_EQ(figures.size(), 4);
  EXPECT_TRUE(figures[0].contains(u"predicted"_s)) << figures[0].toStdString();
  EXPECT_TRUE(figures[1].startsWith(u"Bubbles"_s));
  EXPECT_TRUE(figures[3].contains(u"between replicas"_s) && figures[3].contains(u"between stages"_s))
      << figures[3].toStdString();
  const RecoveriesCard& recoveries = *bench.live().recoveries();
  ASSERT_TRUE(recoveries.isVisible());
  QStringList cells;
  for (int column = 0; column < recoveries.table()->columnCount(); ++column)
    cells << recoveries.table()->item(0, column)->text().replace(u'\u00a0', u' ');
  EXPECT_EQ(cells, QStringList({u"2"_s, u"3"_s, u"what the ranks hold in memory; rank 3 was lost"_s, u"21.5 ms"_s,
                                u"0.4 ms"_s, u"312 ms"_s, u"18 ms"_s, u"61 ms"_s, u"412.9 ms"_s}));
}

// Each rank tells in its own journal what it saw; they are taken in one after the other.
TEST_F(TimelinePage, TellsAFaultThatSeveralRanksSawOnceAndInItsPlace) {
  const fs::path folder = home / "runs/pair";
  fs::create_directories(folder);
  std::array<std::unique_ptr<journal::Writer>, 3> ranks;
  for (int rank = 0; rank < 3; ++rank)
    ranks[static_cast<std::size_t>(rank)] = value_or_throw(journal::Writer::open(folder / journal::file_name(rank)));
  value_or_throw(ranks[0]->append(journal::StateChanged{journal::RunState::running, ""}));
  for (const std::int64_t step : {30, 31}) {
    for (const std::size_t rank : {1U, 2U})
      value_or_throw(ranks[rank]->append(journal::FaultSeen{step, "communication", "sum", "rank 0 has died", ""}));
    value_or_throw(ranks[0]->append(journal::Recovery{step - 1, "memory", 0}));
  }
  value_or_throw(ranks[0]->append(journal::StateChanged{journal::RunState::finished, ""}));
  ranks = {};
  const store::RunId id = take_in(home.path(), folder);
  Bench bench({home.path()});
  bench.workbench->live().open(id);
  bench.show("live");
  QStringList order;
  for (const store::Occurrence& each : bench.workbench->live().occurrences()) {
    if (std::holds_alternative<journal::StateChanged>(each.payload)) order << u"state"_s;
    if (const auto* fault = std::get_if<journal::FaultSeen>(&each.payload)) order << u"fault %1"_s.arg(fault->step);
    if (std::holds_alternative<journal::Recovery>(each.payload)) order << u"recovery"_s;
  }
  EXPECT_EQ(order, QStringList({u"state"_s, u"fault 30"_s, u"recovery"_s, u"fault 31"_s, u"recovery"_s, u"state"_s}))
      << order.join(u", "_s).toStdString();
}

TEST_F(TimelinePage, OfASingleRankHasARowForEachSortOfWork) {
  const fs::path folder = home / "runs/single";
  fs::create_directories(folder);
  {
    const auto journal = value_or_throw(journal::Writer::open(folder / journal::file_name(0)));
    value_or_throw(journal->append(journal::MetricSamples{1, {{"train/loss", 3}}}));
    std::int64_t at = 0;
    using enum journal::SpanKind;
    for (const auto kind : {data, forward, backward, optimizer}) {
      value_or_throw(journal->append(journal::Span{.kind = kind, .step = 1, .begin_ns = at, .end_ns = at + 1000}));
      at += 1000;
    }
  }
  const store::RunId id = take_in(home.path(), folder);
  Bench bench({home.path()});
  bench.workbench->live().open(id);
  bench.show("live");
  const auto& rows = bench.live().timeline()->view()->data().rows;
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].group, u"Data"_s);
  EXPECT_EQ(rows[3].group, u"Optimizer"_s);
  EXPECT_EQ(bench.live().timeline()->figure_texts().size(), 1);
}

TEST_F(TimelinePage, ShowsTheWholeRunAndEverySpanOfItAndReturnsToTheNewestStep) {
  const fs::path folder = home / "runs/pipeline";
  timeline::test::write_waiting_run(folder, timeline::test::eight_ranks(1e5, 12));
  const store::RunId id = take_in(home.path(), folder);
  Bench bench({home.path()});
  bench.workbench->live().open(id);
  bench.show("live");
  TimelineController& timeline = *bench.workbench->live().timeline();
  const TimelineCard& card = *bench.live().timeline();
  widgets::TimelineView& view = *card.view();
  EXPECT_TRUE(card.is_following());
  const auto newest = view.range();
  EXPECT_LT(newest.second - newest.first, timeline.seconds() / 4);
  EXPECT_TRUE(card.view()->data().rows[1].columns.kinds.empty());

  // Back in time, by the keys a person has.
  QSignalSpy windows(&timeline, &TimelineController::window_changed);
  QTest::keyClick(&view, Qt::Key_Home);
  EXPECT_FALSE(card.is_following());
  EXPECT_EQ(view.range().first, 0);
  ASSERT_TRUE(bench.until([&] { return !windows.isEmpty(); }));
  double busy = 0;
  for (const widgets::TimelineRow& row : view.data().rows) {
    if (row.pale) continue;
    EXPECT_TRUE(row.bars.empty() || row.columns.kinds.empty());
    for (const widgets::TimelineBar& bar : row.bars) busy += bar.end - bar.begin;
    for (const float share : row.columns.shares) busy += double(share) * row.columns.width;
  }
  double told = 0;
  for (const int rank : journal::ranks_in(folder)) {
    for (std::int64_t offset = 0;;) {
      const auto batch = value_or_throw(journal::read(folder / journal::file_name(rank), offset));
      if (batch.next_offset == offset) break;
      for (const journal::Event& event : batch.events)
        if (const auto* span = std::get_if<journal::Span>(&event.payload))
          told += static_cast<double>(span->end_ns - span->begin_ns) * 1e-9;
      offset = batch.next_offset;
    }
  }
  EXPECT_NEAR(busy, told, 1e-4 * told);

  // A stretch of the first step, span by span.
  windows.clear();
  view.set_range(0, timeline.seconds() / 100);
  ASSERT_TRUE(bench.until([&] { return !windows.isEmpty(); }));
  EXPECT_FALSE(view.data().rows[1].bars.empty());
  EXPECT_EQ(view.data().rows[1].bars.front().step, 1);
  ASSERT_FALSE(view.data().stretches.empty());
  EXPECT_EQ(view.data().stretches.front().name, u"Step 1"_s);

  QTest::keyClick(&view, Qt::Key_End);
  EXPECT_TRUE(card.is_following());
  EXPECT_EQ(view.range(), newest);
}

TEST_F(TimelinePage, SavesARangeAsATrace) {
  const fs::path folder = home / "runs/pipeline";
  timeline::test::write_waiting_run(folder, timeline::test::eight_ranks(1e5, 6));
  const store::RunId id = take_in(home.path(), folder);
  Bench bench({home.path()});
  bench.workbench->live().open(id);
  bench.show("live");
  TimelineController& timeline = *bench.workbench->live().timeline();
  TimelineCard& card = *bench.live().timeline();
  std::vector<std::size_t> sizes;
  for (const double to : {timeline.seconds() / 3, 0.0}) {
    QSignalSpy said(&timeline, &TimelineController::notice);
    const fs::path file = home / ("trace-" + std::to_string(sizes.size()) + ".json");
    Q_EMIT card.trace_wanted(QString::fromStdString(file.string()), 0, to);
    ASSERT_TRUE(bench.until([&] { return !said.isEmpty(); }));
    EXPECT_EQ(said[0][0].value<Notice>().kind, NoticeKind::good) << said[0][0].value<Notice>().cause.toStdString();
    sizes.push_back(fs::file_size(file));
  }
  EXPECT_GT(sizes[0], 1000U);
  EXPECT_LT(sizes[0], sizes[1] / 2);
}

// A run whose steps take a millisecond each.
struct SteadyRun {
  explicit SteadyRun(const fs::path& home) : writer(value_or_throw(store::Writer::open(home / "history.db"))) {
    store::NewRun run;
    run.name = "steps";
    run.status = store::RunStatus::running;
    run.created_ns = 1;
    run.directory = home / "runs/steps-1";
    id = value_or_throw(writer->add_run(run)).run;
  }
  void go_on_to(std::int64_t last) {
    constexpr std::int64_t kMillisecond = 1'000'000;
    std::vector<journal::Event> events;
    for (++step; step <= last; ++step) {
      const std::int64_t end = step * kMillisecond;
      events.push_back({end, journal::Span{.step = step, .begin_ns = end - kMillisecond, .end_ns = end}});
      events.push_back({end, journal::MetricSamples{step, {{"train/loss", 1.0 / double(step)}}}});
    }
    step = last;
    value_or_throw(writer->ingest({id, 0, offset, offset + 1, 1'700'000'000'000'000'000, events, 0, {}, {}, {}}));
    ++offset;
  }
  std::unique_ptr<store::Writer> writer;
  store::RunId id = 0;
  std::int64_t step = 0, offset = 0;
};

TEST_F(TimelinePage, FollowsTheNewestStepWhileARunGoesOnAndStaysWhereSomebodyLooks) {
  SteadyRun run(home.path());
  run.go_on_to(20);
  Bench bench({home.path()});
  bench.workbench->live().open(run.id);
  bench.show("live");
  const TimelineCard& card = *bench.live().timeline();
  widgets::TimelineView& view = *card.view();
  const auto shows = [&](std::int64_t step) {
    const double end = static_cast<double>(step) * 1e-3;
    return view.range().first < end && view.range().second >= end - 1e-6 &&
           view.range().second - view.range().first < 2e-3;
  };
  EXPECT_TRUE(bench.until([&] { return shows(19) || shows(20); }));
  run.go_on_to(40);
  EXPECT_TRUE(bench.until([&] { return shows(39) || shows(40); }));
  EXPECT_TRUE(card.is_following());
  QTest::keyClick(&view, Qt::Key_Left);
  EXPECT_FALSE(card.is_following());
  const auto looked_at = view.range();
  run.go_on_to(60);
  EXPECT_TRUE(bench.until([&] { return bench.workbench->live().timeline()->seconds() > 0.059; }));
  EXPECT_EQ(view.range(), looked_at);
}

TEST_F(TimelinePage, LetsThePlotsFollowTheRangeThatIsSelected) {
  SteadyRun run(home.path());
  run.go_on_to(60);
  Bench bench({home.path()});
  bench.workbench->live().open(run.id);
  bench.show("live");
  const widgets::MetricPlot& loss = *bench.live().plot("loss");
  const auto whole = loss.shown_x_range();
  widgets::TimelineView& view = *bench.live().timeline()->view();
  view.set_selection(std::pair(0.020, 0.030));
  EXPECT_EQ(loss.shown_x_range(), (std::pair(19.0, 31.0)));
  view.set_selection(std::nullopt);
  EXPECT_EQ(loss.shown_x_range(), whole);
}

TEST_F(TimelinePage, HasNoTimelineWhereNothingWasTold) {
  fill_history(home.path(), {0, true, true, 40});
  Bench bench({home.path()});
  bench.show("live");
  EXPECT_FALSE(bench.live().timeline()->isVisible());
}

TEST(TimelineWords, NameARankThatIsSlowUntilItHasCaughtUpOrRanksAreComparedAnew) {
  timeline::StepPicture picture;
  picture.seconds = 1;
  picture.ranks = 2;
  for (const int rank : {0, 1}) picture.measured.push_back({rank, 0, {{journal::SpanKind::forward, 0, 0, 0, 1}}});
  const journal::StragglerSeen slow{96, 1, 17, 0.5, false, false, "look at it"};
  journal::StragglerSeen over = slow;
  over.is_over = true;
  std::vector<store::Occurrence> occurrences = {{1, 1, slow}};
  const auto rows = timeline_data(picture, occurrences).rows;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].group, u"Rank 0"_s);
  EXPECT_EQ(rows[1].group, u"Rank 1, slow"_s);
  EXPECT_EQ(rows[1].tone, widgets::Role::bad);
  ASSERT_EQ(slow_rank_lines(occurrences).size(), 1);
  EXPECT_TRUE(slow_rank_lines(occurrences)[0].contains(u"look at it"_s));
  for (const journal::Payload& end : std::initializer_list<journal::Payload>{
           over, journal::Recovery{90, "memory", 0}, journal::StateChanged{journal::RunState::preparing, ""}}) {
    occurrences.resize(1);
    occurrences.push_back({2, 2, end});
    EXPECT_TRUE(slow_rank_lines(occurrences).isEmpty());
    EXPECT_EQ(timeline_data(picture, occurrences).rows[1].group, u"Rank 1"_s);
  }
}

TEST(TimelineWords, PutFaultsAndRecoveriesWhereTheyHappenedInTheStep) {
  timeline::StepPicture picture;
  picture.begin_ns = 1'000'000'000;
  picture.seconds = 1;
  picture.ranks = 2;
  const std::vector<store::Occurrence> occurrences = {
      {1, 900'000'000, journal::FaultSeen{3, "io", "", "before the step", ""}},
      {2, 1'250'000'000, journal::FaultSeen{4, "communication", "", "rank 1 was lost", ""}},
      {3, 1'500'000'000, journal::Recovery{4, "memory", 1, 0, 20, 0.5, 200, 100, 79.5}},
      {4, 2'500'000'000, journal::Recovery{4, "behind it"}}};
  const auto marks = timeline_data(picture, occurrences).marks;
  ASSERT_EQ(marks.size(), 2U);
  EXPECT_NEAR(marks[0].at, 0.25, 1e-9);
  EXPECT_EQ(marks[0].text, u"rank 1 was lost"_s);
  EXPECT_EQ(marks[1].text, u"went on after 400\u00a0ms"_s);
  EXPECT_EQ(marks[1].tone, widgets::Role::good);
}

}  // namespace
}  // namespace athanor::app
