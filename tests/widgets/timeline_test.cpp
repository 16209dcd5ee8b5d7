// The timeline: where its parts lie, and driven as a person would.
#include "widgets/common/theme.h"
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

TEST_F(Timeline, DraggingZoomsAndDoubleClickReturns) {
  QTest::mousePress(&view, Qt::LeftButton, {}, at(0.2));
  QTest::mouseMove(&view, at(0.4));
  QTest::mouseRelease(&view, Qt::LeftButton, {}, at(0.4));
  EXPECT_NEAR(view.range().first, 0.2, 0.01);
  EXPECT_NEAR(view.range().second, 0.4, 0.01);
  QTest::mouseDClick(&view, Qt::LeftButton, {}, at(0.5));
  EXPECT_EQ(view.range(), (std::pair{0.0, 1.0}));
}

TEST_F(Timeline, ADragThatBeginsOverTheLabelsZoomsFromTheBeginningOfWhatIsInSight) {
  view.set_range(0.2, 0.7);
  QTest::mousePress(&view, Qt::LeftButton, {}, QPoint(3, at(0).y()));
  QTest::mouseMove(&view, at(0.4));
  QTest::mouseRelease(&view, Qt::LeftButton, {}, at(0.4));
  EXPECT_NEAR(view.range().first, 0.2, 1e-9);
  EXPECT_NEAR(view.range().second, 0.4, 0.01);
}

TEST_F(Timeline, FollowsLargerLetters) {
  view.set_range(0.6, 1);
  const double before = view.mark_labels().at(0).left;
  view.setFont(QFont(view.font().family(), 20));
  EXPECT_GT(view.mark_labels().at(0).left, before);
}

TEST_F(Timeline, ControlAndWheelZoomsAboutThePointerAndTheWheelAloneIsThePages) {
  const auto turn = [&](Qt::KeyboardModifiers keys) {
    QWheelEvent wheel(at(0.5), view.mapToGlobal(at(0.5)), {}, {0, 120}, Qt::NoButton, keys, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&view, &wheel);
    return wheel.isAccepted();
  };
  EXPECT_FALSE(turn(Qt::NoModifier));
  EXPECT_EQ(view.range(), (std::pair{0.0, 1.0}));
  EXPECT_TRUE(turn(Qt::ControlModifier));
  EXPECT_NEAR(view.range().first, 0.1, 0.01);
  EXPECT_NEAR(view.range().second, 0.9, 0.01);
  const auto before = view.range();
  EXPECT_TRUE(turn(Qt::ShiftModifier));
  EXPECT_LT(view.range().first, before.first);
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
