// The timeline: where its parts lie, and driven as a person would.
#include "widgets/common/theme.h"
#include "widgets/timeline/timeline_columns.h"
#include "widgets/timeline/timeline_layout.h"
#include "widgets/timeline/timeline_legend.h"
#include "widgets/timeline/timeline_paint.h"
#include "widgets/timeline/timeline_view.h"

#include <gtest/gtest.h>

#include <QAccessible>
#include <QImage>
#include <QPainter>
#include <QSignalSpy>
#include <QTest>

#include <cmath>
#include <set>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;

std::vector<TimelineBar> row_of(int count, double each, double gap = 0) {
  std::vector<TimelineBar> bars;
  for (int i = 0; i < count; ++i) bars.push_back({i % 2, i, 0, i * (each + gap), i * (each + gap) + each});
  return bars;
}

TEST(BarBoxes, OfWideBarsAreTheBars) {
  const auto boxes = bar_boxes(row_of(10, 1), 2, 6, 400);
  ASSERT_EQ(boxes.size(), 4U);
  EXPECT_EQ(boxes[0].bar, 2);
  EXPECT_EQ(boxes[0].left, 0);
  EXPECT_EQ(boxes[3].right, 400);
}

TEST(BarBoxes, AreNoMoreThanPixelsAskForAndLeaveNoBarOut) {
  constexpr int kBars = 100'000;
  const auto bars = row_of(kBars, 1e-3, 1e-3);
  const double whole = bars.back().end;
  const auto boxes = bar_boxes(bars, 0, whole, 800);
  EXPECT_LE(boxes.size(), 801U);
  // Every bar lies in a box, up to the pixel that a box has at least.
  std::size_t box = 0;
  for (const TimelineBar& bar : bars) {
    const double middle = (bar.begin + bar.end) / 2 / whole * 800;
    while (box + 1 < boxes.size() && boxes[box + 1].left <= middle) ++box;
    EXPECT_LE(boxes[box].left, middle);
    EXPECT_GE(boxes[box].right, middle);
  }
  EXPECT_LT(boxes[0].bar, 0);  // of several
}

TEST(BarBoxes, OfBarsBelowAPixelHaveTheKindThatTakesMost) {
  const std::vector<TimelineBar> bars = {{3, 0, 0, 0.0, 0.001}, {5, 0, 0, 0.001, 0.004}, {3, 0, 0, 0.004, 0.005}};
  const auto boxes = bar_boxes(bars, 0, 1, 100);
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_EQ(boxes[0].kind, 5);
  EXPECT_EQ(boxes[0].right - boxes[0].left, 1);
  EXPECT_TRUE(bar_boxes(bars, 0.5, 1, 100).empty());
  EXPECT_TRUE(bar_boxes({}, 0, 1, 100).empty());
  EXPECT_TRUE(bar_boxes(bars, 1, 1, 100).empty());
}

TEST(BarAt, IsTheOneThereOrTheNearestWithinReach) {
  const auto bars = row_of(4, 1, 1);  // 0-1, 2-3, 4-5, 6-7
  EXPECT_EQ(bar_at(bars, 2.5, 0), 1);
  EXPECT_EQ(bar_at(bars, 3.4, 0), -1);
  EXPECT_EQ(bar_at(bars, 3.4, 0.5), 1);
  EXPECT_EQ(bar_at(bars, 3.6, 0.5), 2);
  EXPECT_EQ(bar_at(bars, 100, 1), -1);
  EXPECT_EQ(bar_at(bars, 100, 1000), 3);
}

TEST(TwinOf, IsTheOneThatComesAsLateAmongThoseAlike) {
  const std::vector<TimelineBar> bars = {{0, 1, 0, 0, 1}, {0, 2, 0, 1, 2}, {0, 1, 0, 2, 3}};
  const std::vector<TimelineBar> others = {{0, 1, 0, 0, 1}, {1, 1, 0, 1, 2}, {0, 1, 0, 2, 3}};
  EXPECT_EQ(twin_of(bars, 0, others), 0);
  EXPECT_EQ(twin_of(bars, 1, others), -1);
  EXPECT_EQ(twin_of(bars, 2, others), 2);
}

TEST(Ruler, HasRoundTimesThatKeepTheirDistance) {
  const auto times = ruler_times(0.013, 0.987, 700, 70);
  ASSERT_GE(times.size(), 3U);
  EXPECT_NEAR(times[0], 0.1, 1e-12);
  EXPECT_NEAR(times[1] - times[0], 0.1, 1e-12);
  EXPECT_TRUE(ruler_times(1, 1, 700, 70).empty());
}

TEST(BarPatterns, AreToldApartWithoutTheirColours) {
  std::set<QByteArray> pictures;
  for (const auto pattern :
       {BarPattern::solid, BarPattern::rising, BarPattern::falling, BarPattern::dotted, BarPattern::hollow}) {
    QImage image(40, 16, QImage::Format_RGB32);
    image.fill(Qt::white);
    QPainter painter(&image);
    BarBrush({u"kind"_s, {}, 0, pattern}, false).paint(painter, QRect(0, 0, 40, 16));
    painter.end();
    const QImage grey = image.convertToFormat(QImage::Format_Grayscale8);
    pictures.insert(QByteArray(reinterpret_cast<const char*>(grey.constBits()), grey.sizeInBytes()));
  }
  EXPECT_EQ(pictures.size(), 5U);
}

struct Timeline : testing::Test {
  Timeline() : view(u"Timeline of one step"_s) {
    TimelineData data;
    data.number_word = u"micro-batch %1"_s;
    data.part_word = u"stage %1"_s;
    data.kinds = {{u"forward"_s, u"F"_s, 0, BarPattern::solid}, {u"backward"_s, u"B"_s, 1, BarPattern::rising}};
    for (int rank = 0; rank < 2; ++rank)
      for (const bool pale : {true, false}) {
        TimelineRow row{
            u"Rank %1"_s.arg(rank), pale ? u"predicted"_s : u"measured"_s, pale, 2 * rank + (pale ? 1 : 0), {}};
        row.bars = {{0, 3, rank, 0.0, pale ? 0.1 : 0.2}, {1, 3, rank, 0.2, 0.5}, {0, 4, rank, 0.8, 1.0}};
        data.rows.push_back(row);
      }
    data.marks = {{0.6, u"rank 1 was lost"_s, Role::bad}};
    view.set_data(data);
    view.resize(600, view.sizeHint().height());
    view.show();
  }
  // In the measured row of rank 0.
  [[nodiscard]] QPoint at(double time) const {
    const int left = view.fontMetrics().horizontalAdvance(u"Rank 0"_s) + 12;
    return {left + static_cast<int>(time * (600 - left - 1)), 20 + 16 + 9 + 1 + 8};
  }
  void hover(QPoint point) {
    QMouseEvent move(QEvent::MouseMove, point, view.mapToGlobal(point), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
    QApplication::sendEvent(&view, &move);
  }
  TimelineView view;
};

TEST_F(Timeline, TellsTheBarBelowThePointerWithItsCounterpart) {
  hover(at(0.1));
  ASSERT_TRUE(view.current());
  EXPECT_EQ(
      view.readout(),
      u"Rank 0 · measured · forward · micro-batch 3 · stage 0 · 200\u00a0ms, from 0\u00a0s on · predicted: 100\u00a0ms, from 0\u00a0s on"_s);
  EXPECT_EQ(view.accessibleDescription(), view.readout());
  hover(at(0.65));
  EXPECT_FALSE(view.current());
  EXPECT_TRUE(view.readout().contains(u"1\u00a0s"_s));
}

TEST_F(Timeline, KeysZoomPanAndReturn) {
  QSignalSpy changed(&view, &TimelineView::range_changed);
  QTest::keyClick(&view, Qt::Key_Plus);
  const auto zoomed = view.range();
  EXPECT_NEAR(zoomed.second - zoomed.first, 0.7, 1e-9);
  QTest::keyClick(&view, Qt::Key_Right);
  EXPECT_GT(view.range().first, zoomed.first);
  QTest::keyClick(&view, Qt::Key_Minus);
  QTest::keyClick(&view, Qt::Key_Home);
  EXPECT_EQ(view.range(), (std::pair{0.0, 1.0}));
  EXPECT_GE(changed.count(), 3);
}

TEST_F(Timeline, KeysGoFromBarToBarAndRowToRowAndBringThemIntoSight) {
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_EQ(view.current(), (TimelineView::Place{0, 0}));
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  QTest::keyClick(&view, Qt::Key_Down);
  EXPECT_EQ(view.current(), (TimelineView::Place{1, 1}));
  view.set_range(0, 0.3);
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_EQ(view.current(), (TimelineView::Place{1, 2}));
  EXPECT_GE(view.range().second, 0.9);
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_EQ(view.current(), (TimelineView::Place{1, 2}));  // the last
  QTest::keyClick(&view, Qt::Key_Escape);
  EXPECT_FALSE(view.current());
}

TEST_F(Timeline, DraggingMovesWhatIsInSightAndDoubleClickReturns) {
  QSignalSpy moved(&view, &TimelineView::moved);
  view.set_range(0.2, 0.6);
  EXPECT_EQ(moved.count(), 0);
  QTest::mousePress(&view, Qt::LeftButton, {}, at(0.5));
  QTest::mouseMove(&view, at(0.25));
  QTest::mouseRelease(&view, Qt::LeftButton, {}, at(0.25));
  EXPECT_NEAR(view.range().first, 0.3, 0.01);
  EXPECT_NEAR(view.range().second, 0.7, 0.01);
  EXPECT_GE(moved.count(), 1);
  QTest::mouseDClick(&view, Qt::LeftButton, {}, at(0.5));
  EXPECT_EQ(view.range(), (std::pair{0.0, 1.0}));
}

TEST_F(Timeline, DraggingOnTheRulerOrWithShiftSelectsARangeThatADoubleClickZoomsTo) {
  QSignalSpy selected(&view, &TimelineView::range_selected);
  const QPoint above(0, 10);
  QTest::mousePress(&view, Qt::LeftButton, {}, {at(0.4).x(), above.y()});
  QTest::mouseMove(&view, {at(0.2).x(), above.y()});
  QTest::mouseRelease(&view, Qt::LeftButton, {}, {at(0.2).x(), above.y()});
  ASSERT_TRUE(view.selection());
  EXPECT_NEAR(view.selection()->first, 0.2, 0.01);
  EXPECT_NEAR(view.selection()->second, 0.4, 0.01);
  EXPECT_EQ(selected.last().at(0).toDouble(), view.selection()->first);
  EXPECT_TRUE(view.readout().contains(u"selected"_s));
  EXPECT_EQ(view.accessibleDescription(), view.readout());
  QTest::mouseDClick(&view, Qt::LeftButton, {}, at(0.3));
  EXPECT_EQ(view.range(), *view.selection());
  QTest::keyClick(&view, Qt::Key_Escape);
  EXPECT_FALSE(view.selection());
  EXPECT_EQ(selected.last().at(0), selected.last().at(1));
  view.reset_range();
  QTest::mousePress(&view, Qt::LeftButton, Qt::ShiftModifier, at(0.6));
  QTest::mouseMove(&view, at(0.7));
  QTest::mouseRelease(&view, Qt::LeftButton, Qt::ShiftModifier, at(0.7));
  ASSERT_TRUE(view.selection());
  EXPECT_NEAR(view.selection()->first, 0.6, 0.01);
  QTest::mouseClick(&view, Qt::LeftButton, {}, at(0.1));
  EXPECT_FALSE(view.selection());
}

TEST_F(Timeline, KeysSelectAndZoomToWhatIsSelectedAndAskForTheNewest) {
  QSignalSpy newest(&view, &TimelineView::newest_wanted);
  for (int i = 0; i < 4; ++i) QTest::keyClick(&view, Qt::Key_Right, Qt::ShiftModifier);
  ASSERT_TRUE(view.selection());
  EXPECT_NEAR(view.selection()->first, 0.5, 1e-9);
  EXPECT_NEAR(view.selection()->second, 0.7, 1e-9);
  QTest::keyClick(&view, Qt::Key_Return);
  EXPECT_NEAR(view.range().first, 0.5, 1e-9);
  EXPECT_NEAR(view.range().second, 0.7, 1e-9);
  QTest::keyClick(&view, Qt::Key_End);
  EXPECT_EQ(newest.count(), 1);
}

TEST_F(Timeline, FollowsLargerLetters) {
  view.set_range(0.6, 1);
  const double before = view.mark_labels().at(0).left;
  view.setFont(QFont(view.font().family(), 20));
  EXPECT_GT(view.mark_labels().at(0).left, before);
}

TEST_F(Timeline, ControlAndWheelZoomsAboutThePointerAndTheWheelAloneIsThePagesUntilItHasTheFocus) {
  const auto turn = [&](Qt::KeyboardModifiers keys) {
    QWheelEvent wheel(at(0.5), view.mapToGlobal(at(0.5)), {}, {0, 120}, Qt::NoButton, keys, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&view, &wheel);
    return wheel.isAccepted();
  };
  view.clearFocus();
  EXPECT_FALSE(turn(Qt::NoModifier));
  EXPECT_EQ(view.range(), (std::pair{0.0, 1.0}));
  EXPECT_TRUE(turn(Qt::ControlModifier));
  EXPECT_NEAR(view.range().first, 0.1, 0.01);
  EXPECT_NEAR(view.range().second, 0.9, 0.01);
  const auto before = view.range();
  EXPECT_TRUE(turn(Qt::ShiftModifier));
  EXPECT_LT(view.range().first, before.first);
  view.activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&view));
  view.setFocus();
  EXPECT_TRUE(turn(Qt::NoModifier));
}

TEST_F(Timeline, KeepsWhatIsInSightWhenTheNextStepIsAlikeAndShowsAllOfAnother) {
  view.set_range(0.2, 0.4);
  TimelineData next = view.data();
  view.set_data(next);
  EXPECT_EQ(view.range(), (std::pair{0.2, 0.4}));
  next.end = 7;
  view.set_data(next);
  EXPECT_EQ(view.range(), (std::pair{0.0, 7.0}));
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  view.set_data(next);
  EXPECT_EQ(view.current(), (TimelineView::Place{0, 1}));
  next.rows[0].bars.pop_back();
  next.rows[0].bars[1].number = 9;
  view.set_data(next);
  EXPECT_FALSE(view.current());
}

TEST_F(Timeline, TellsAssistiveProgramsItsRowsAndMarks) {
  QAccessibleInterface* whole = QAccessible::queryAccessibleInterface(&view);
  EXPECT_EQ(whole->text(QAccessible::Name), u"Timeline of one step"_s);
  ASSERT_EQ(whole->childCount(), 5);
  EXPECT_EQ(whole->child(1)->text(QAccessible::Name), u"Rank 0, measured"_s);
  EXPECT_TRUE(whole->child(1)->text(QAccessible::Value).contains(u"700\u00a0ms"_s));
  EXPECT_EQ(whole->child(4)->text(QAccessible::Name), u"rank 1 was lost"_s);
}

TEST_F(Timeline, NamesMarksThatStandCloseTogetherInOneLabelAndCutsWhatHasNoRoom) {
  TimelineData data = view.data();
  data.marks.push_back({0.61, u"went on"_s, Role::good});
  view.set_data(data);
  auto labels = view.mark_labels();
  ASSERT_EQ(labels.size(), 1U);
  EXPECT_EQ(labels[0].text, u"rank 1 was lost, went on"_s);
  const QImage both = view.grab().toImage();
  data.marks.back() = {1.0, u"rank 1 was lost"_s, Role::bad};
  view.set_data(data);
  EXPECT_EQ(view.mark_labels().size(), 2U);  // one at the very end has its own as well
  EXPECT_NE(view.grab().toImage(), both);
  data.marks.back() = {0.05, u"went on from what the ranks hold in memory"_s.repeated(4), Role::good};
  view.set_data(data);
  labels = view.mark_labels();
  ASSERT_EQ(labels.size(), 1U);
  EXPECT_TRUE(labels[0].text.endsWith(u"…"_s));
  QFont small = view.font();
  small.setPointSizeF(small.pointSizeF() * 0.8);
  EXPECT_LE(labels[0].left + QFontMetricsF(small).horizontalAdvance(labels[0].text), view.width());
}

TEST_F(Timeline, DrawsTheBarBelowThePointerAndNothingOfItWhenItHasGone) {
  const QImage before = view.grab().toImage();
  hover(at(0.1));
  EXPECT_NE(view.grab().toImage(), before);
  hover(at(0.65));
  EXPECT_EQ(view.grab().toImage(), before);
}

// One row of columns: the first half of the time half busy with kind 1, then an eighth with kind 0, then nothing.
TimelineColumns half_and_eighth() {
  TimelineColumns columns;
  columns.width = 0.01;
  columns.kinds = {0, 1};
  for (int i = 0; i < 100; ++i) {
    const bool is_first = i < 50;
    columns.shares.push_back(!is_first && i < 75 ? 0.125F : 0.0F);
    columns.shares.push_back(is_first ? 0.5F : 0.0F);
    columns.begun.push_back(i < 75 ? 10.0F : 0.0F);
    columns.longest.push_back(i == 20 ? 2e-3F : 1e-3F);
    columns.pauses.push_back(i == 30 ? 1e-3F : 1e-5F);
  }
  return columns;
}

// How much of a colour is in a column of pixels, in pixels.
double height_of(const QImage& image, int x) {
  double sum = 0;
  for (int y = 0; y < image.height(); ++y) sum += qAlpha(image.pixel(x, y)) / 255.0;
  return sum;
}

TEST(TimelineColumns, AreDrawnAsHighAsTheirSharesAtEveryZoom) {
  const std::vector<QColor> colours = {Qt::red, Qt::blue};
  const TimelineColumns columns = half_and_eighth();
  for (const auto& [from, to] : {std::pair(0.0, 1.0), std::pair(0.3, 0.9), std::pair(0.499, 0.503)}) {
    const QImage image = columns_picture(columns, colours, from, to, QSize(400, 16));
    for (int x = 2; x < 398; ++x) {
      const double time = from + (x + 0.5) / 400 * (to - from);
      if (std::abs(time - 0.5) < 0.004 || std::abs(time - 0.75) < 0.004) continue;
      EXPECT_NEAR(height_of(image, x), time < 0.5 ? 8 : time < 0.75 ? 2 : 0, 0.05) << time;
    }
  }
  const QImage image = columns_picture(columns, colours, 0, 1, QSize(400, 16));
  EXPECT_EQ(QColor(image.pixel(10, 15)), QColor(Qt::blue));
  EXPECT_EQ(QColor(image.pixel(250, 15)), QColor(Qt::red));
}

TEST(TimelineColumns, OfWhatIsHardlyThereAreAPixelHigh) {
  TimelineColumns columns = half_and_eighth();
  std::ranges::fill(columns.shares, 0.0F);
  columns.shares[2 * 40] = 1e-4F;
  const QImage image = columns_picture(columns, std::vector<QColor>{Qt::red, Qt::blue}, 0, 1, QSize(100, 16));
  EXPECT_NEAR(height_of(image, 40), 1, 0.01);
  EXPECT_EQ(height_of(image, 41), 0);
}

// However bars are cut into columns, as many pixels are filled as bars fill.
TEST(TimelineColumns, CoverWhatTheirBarsCover) {
  std::vector<TimelineBar> bars;
  TimelineColumns columns;
  columns.width = 1.0 / 256;
  columns.kinds = {0, 1};
  columns.shares.assign(512, 0);
  columns.begun = columns.longest = columns.pauses = std::vector<float>(256, 0);
  std::uint32_t random = 1;
  double at = 0;
  while (at < 0.99) {
    random = random * 1664525 + 1013904223;
    const double length = 1e-4 + (random >> 20) * 1e-6;
    bars.push_back({static_cast<int>(random >> 31), 0, 0, at, std::min(1.0, at + length)});
    for (int column = 0; column < 256; ++column) {
      const double begin = column / 256.0;
      const double part = std::min(bars.back().end, begin + columns.width) - std::max(at, begin);
      if (part > 0)
        columns.shares[static_cast<std::size_t>(2 * column + bars.back().kind)] += float(part / columns.width);
    }
    at = bars.back().end + ((random >> 12) & 255) * 1e-5;
  }
  const QImage image = columns_picture(columns, std::vector<QColor>{Qt::red, Qt::blue}, 0, 1, QSize(640, 16));
  double covered = 0, busy = 0;
  for (int x = 0; x < 640; ++x) covered += height_of(image, x) / 16 / 640;
  for (const TimelineBar& bar : bars) busy += bar.end - bar.begin;
  EXPECT_NEAR(covered, busy, 0.01);
}

TEST(TimelineColumns, NameTheLongPauseThatCannotBeSeenAndNoOther) {
  const TimelineColumns columns = half_and_eighth();
  const auto hidden = hidden_pauses(columns, 0, 1, 500);
  ASSERT_EQ(hidden.size(), 1U);
  EXPECT_NEAR(hidden[0].at, 0.305, 1e-9);
  EXPECT_TRUE(hidden_pauses(columns, 0.29, 0.32, 500).empty()) << "it is wide enough to be seen there";
  EXPECT_TRUE(hidden_pauses(columns, 0.4, 1, 500).empty());
}

struct WindowedTimeline : testing::Test {
  WindowedTimeline() : view(u"Timeline"_s) {
    whole.kinds = {{u"forward"_s, u"F"_s, 0, BarPattern::solid}, {u"backward"_s, u"B"_s, 1, BarPattern::rising}};
    whole.step_word = u"step %1"_s;
    whole.end = 1;
    whole.grows = true;
    whole.rows.push_back({u"Rank 0"_s, {}, false, -1, {}});
    whole.rows[0].columns = half_and_eighth();
    view.set_data(whole);
    view.resize(600, view.sizeHint().height());
    view.show();
  }
  [[nodiscard]] TimelineData window(double from, double to) const {
    TimelineData data = whole;
    data.from = from;
    data.to = to;
    data.rows[0].columns = {};
    for (double at = from; at < to - 1e-9; at += 0.01) data.rows[0].bars.push_back({0, -1, -1, at, at + 0.005, 7});
    return data;
  }
  TimelineData whole;
  TimelineView view;
};

TEST_F(WindowedTimeline, AsksForTheRangeInSightOnceATurnWithRoomOnBothSides) {
  QSignalSpy asked(&view, &TimelineView::detail_wanted);
  QCoreApplication::processEvents();
  asked.clear();
  view.set_range(0.5, 0.7);
  view.set_range(0.5, 0.6);
  QCoreApplication::processEvents();
  ASSERT_EQ(asked.count(), 1);
  EXPECT_NEAR(asked[0][0].toDouble(), 0.45, 1e-9);
  EXPECT_NEAR(asked[0][1].toDouble(), 0.65, 1e-9);
  EXPECT_EQ(asked[0][2].toInt(), 2 * view.useful_columns());
  view.set_window(window(0.45, 0.65));
  QCoreApplication::processEvents();
  EXPECT_EQ(asked.count(), 1) << "an answer asks nothing";
  view.set_range(0.52, 0.62);
  QCoreApplication::processEvents();
  EXPECT_EQ(asked.count(), 1) << "the window has that";
  view.set_range(0.58, 0.68);
  QCoreApplication::processEvents();
  EXPECT_EQ(asked.count(), 2);
  view.set_range(0.59, 0.61);
  QCoreApplication::processEvents();
  EXPECT_EQ(asked.count(), 3) << "not so finely";
}

TEST_F(WindowedTimeline, DrawsTheWholeCoarselyUntilAndWhereThereIsNoWindow) {
  view.set_range(0.1, 0.3);
  const QImage coarse = view.grab().toImage();
  view.set_window(window(0.1, 0.2));
  EXPECT_EQ(view.range(), (std::pair{0.1, 0.3}));
  const QImage both = view.grab().toImage();
  EXPECT_NE(both, coarse);
  const QRect right(view.width() - 150, 40, 140, 10);
  EXPECT_EQ(both.copy(right), coarse.copy(right));
  view.set_range(0.6, 0.7);
  const QImage away = view.grab().toImage();
  view.set_data(whole);
  EXPECT_EQ(view.grab().toImage(), away);
}

TEST_F(WindowedTimeline, KeepsWhatIsInSightAndTheCurrentBarWhenMoreIsKnown) {
  view.set_range(0.1, 0.2);
  view.set_window(window(0.05, 0.25));
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  ASSERT_TRUE(view.current());
  const QString said = view.readout();
  EXPECT_TRUE(said.contains(u"step 7"_s));
  view.set_window(window(0.07, 0.3));
  EXPECT_EQ(view.readout(), said);
  view.set_data(whole);  // tells no single bars
  view.set_window(window(0.05, 0.25));
  EXPECT_EQ(view.readout(), said);
  view.set_data(whole);
  QTest::keyClick(&view, Qt::Key_Escape);
  view.set_window(window(0.05, 0.25));
  EXPECT_FALSE(view.current());
  whole.end = 20;
  view.set_data(whole);
  EXPECT_EQ(view.range(), (std::pair{0.1, 0.2}));
}

TEST_F(WindowedTimeline, KeepsTheCurrentBarOfAWholeThatTellsSingleBars) {
  TimelineData fine = window(0, 1);
  fine.end = whole.end;
  view.set_data(fine);
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  ASSERT_TRUE(view.current());
  ASSERT_GE(view.current()->bar, 0);
  const QString said = view.readout();
  view.set_window(window(0, 1));
  EXPECT_EQ(view.readout(), said);
}

TEST_F(WindowedTimeline, TellsAndGoesThroughColumns) {
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  ASSERT_TRUE(view.current());
  EXPECT_LT(view.current()->bar, 0);
  EXPECT_TRUE(view.readout().contains(u"forward 12"_s)) << view.readout().toStdString();
  const double before = view.current()->at;
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_GT(view.current()->at, before);
  QAccessibleInterface* all = QAccessible::queryAccessibleInterface(&view);
  EXPECT_TRUE(all->child(0)->text(QAccessible::Value).contains(u"750"_s));
}

TEST(TimelineLegend, NeedsMoreLinesWhereItIsNarrow) {
  TimelineLegend legend;
  legend.set_kinds({{u"forward"_s, u"F"_s, 0, BarPattern::solid}, {u"backward"_s, u"B"_s, 1, BarPattern::rising}},
                   u"predicted"_s, u"measured"_s);
  EXPECT_GT(legend.heightForWidth(150), legend.heightForWidth(800));
  EXPECT_EQ(QAccessible::queryAccessibleInterface(&legend)->child(0)->text(QAccessible::Name), u"F forward"_s);
}

TEST(TimelineView, TakesKeysThoughThereIsNothing) {
  TimelineView view(u"Timeline"_s);
  EXPECT_TRUE(view.readout().isEmpty());
  QTest::keyClick(&view, Qt::Key_Plus);
  QTest::keyClick(&view, Qt::Key_Down);
  QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_FALSE(view.current());
  (void)view.grab();
}

}  // namespace
}  // namespace athanor::widgets
