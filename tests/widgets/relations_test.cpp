// How things hang together: axes, lines through them, dots, and families.
#include "widgets/lineage/lineage_view.h"
#include "widgets/relations/parallel_plot.h"
#include "widgets/relations/ranked_bars.h"
#include "widgets/relations/scatter_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QTest>

#include <cmath>
#include <limits>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;
using testing::ElementsAre;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Quantity, StandsBetweenItsLeastAndItsGreatest) {
  const Quantity plain{.title = u"a"_s, .values = {2, kNan, 6, 4}};
  EXPECT_EQ(extent_of(plain), std::pair(2.0, 6.0));
  EXPECT_DOUBLE_EQ(place_of(plain, extent_of(plain), 4), 0.5);
  EXPECT_TRUE(std::isnan(place_of(plain, extent_of(plain), kNan)));
  const Quantity rates{.title = u"b"_s, .values = {1e-4, 1e-2}, .is_logarithmic = true};
  EXPECT_NEAR(place_of(rates, extent_of(rates), 1e-3), 0.5, 1e-12);
  const Quantity same{.title = u"c"_s, .values = {3, 3}};
  EXPECT_DOUBLE_EQ(place_of(same, extent_of(same), 3), 0.5);
}

TEST(Quantity, WritesAsManyTextsAsFit) {
  Quantity choices{.title = u"family"_s, .values = {0, 4}};
  for (int i = 0; i < 9; ++i) choices.choices.push_back(QString::number(i));
  EXPECT_EQ(axis_texts(choices, 9).size(), 9U);
  EXPECT_LE(axis_texts(choices, 4).size(), 4U);
  EXPECT_EQ(axis_texts(choices, 4).front().text, u"0"_s);
  const Quantity numbers{.title = u"n"_s, .values = {1, 3}};
  const auto texts = axis_texts(numbers, 3);
  ASSERT_EQ(texts.size(), 3U);
  EXPECT_EQ(texts[1].text, u"2"_s);
}

struct Parallel : testing::Test {
  Parallel() {
    plot.resize(600, 300);
    std::vector<Thing> things;
    for (int i = 0; i < 5; ++i) things.push_back({i + 1, QString::number(i), i / 4.0});
    plot.show(things, {{.title = u"x"_s, .values = {0, 1, 2, 3, 4}}, {.title = u"y"_s, .values = {4, 3, 2, 1, kNan}}});
    plot.QWidget::show();
  }
  [[nodiscard]] QRect axis(int index) const { return plot.painted_items()[static_cast<std::size_t>(index)].box; }
  ParallelPlot plot;
};

TEST_F(Parallel, KeepsTheLinesThatPassWhereOneDragged) {
  const QSignalSpy changed(&plot, &ParallelPlot::kept_changed);
  const QPoint low(axis(0).center().x(), 285), middle(axis(0).center().x(), 150);
  QTest::mousePress(&plot, Qt::LeftButton, {}, low);
  QTest::mouseMove(&plot, middle);
  QMouseEvent move(QEvent::MouseMove, middle, plot.mapToGlobal(middle), Qt::NoButton, Qt::LeftButton, {});
  QCoreApplication::sendEvent(&plot, &move);
  QTest::mouseRelease(&plot, Qt::LeftButton, {}, middle);
  EXPECT_THAT(plot.kept(), ElementsAre(true, true, true, false, false));
  EXPECT_GT(changed.count(), 0);
  QTest::mouseClick(&plot, Qt::LeftButton, {}, low);
  EXPECT_THAT(plot.kept(), ElementsAre(true, true, true, true, true));
}

TEST_F(Parallel, WhatIsNotKnownDoesNotPassARange) {
  plot.keep(1, std::pair(0.0, 1.0));
  EXPECT_THAT(plot.kept(), ElementsAre(true, true, true, true, false));
}

TEST_F(Parallel, CanBeUsedWithTheKeyboard) {
  QSignalSpy hovered(&plot, &ParallelPlot::hovered);
  const QSignalSpy chosen(&plot, &ParallelPlot::chosen);
  plot.setFocus();
  QTest::keyClick(&plot, Qt::Key_Up);
  QTest::keyClick(&plot, Qt::Key_Up);
  QTest::keyClick(&plot, Qt::Key_Return);
  ASSERT_EQ(chosen.count(), 1);
  EXPECT_EQ(chosen.front().front().toLongLong(), 2);
  QTest::keyClick(&plot, Qt::Key_Right);
  QTest::keyClick(&plot, Qt::Key_Up, Qt::ShiftModifier);  // from below, on y
  EXPECT_THAT(plot.kept(), ElementsAre(true, true, true, false, false));
  QTest::keyClick(&plot, Qt::Key_Delete);
  EXPECT_THAT(plot.kept(), ElementsAre(true, true, true, true, true));
}

TEST_F(Parallel, SaysItsAxesAndTheLineLookedAt) {
  plot.set_current(2);
  const auto items = plot.painted_items();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].name, u"x"_s);
  plot.keep(0, std::pair(0.0, 0.3));
  EXPECT_EQ(plot.painted_value(), u"2 of 5 lines"_s);
}

TEST(Scatter, AnswersToPointerAndKeys) {
  ScatterPlot plot;
  plot.resize(400, 300);
  plot.show({{7, u"a"_s, 0}, {8, u"b"_s, 1}, {9, u"c"_s, 1}}, {.title = u"x"_s, .values = {0, 1, kNan}},
            {.title = u"y"_s, .values = {0, 1, 1}}, {});
  plot.QWidget::show();
  const auto items = plot.painted_items();
  ASSERT_EQ(items.size(), 2U);  // what has no x is nowhere
  const QSignalSpy chosen(&plot, &ScatterPlot::chosen);
  QTest::mouseClick(&plot, Qt::LeftButton, {}, items[1].box.center());
  ASSERT_EQ(chosen.count(), 1);
  EXPECT_EQ(chosen.front().front().toLongLong(), 8);
  const QSignalSpy hovered(&plot, &ScatterPlot::hovered);
  QTest::keyClick(&plot, Qt::Key_Right);
  EXPECT_EQ(hovered.back().front().toLongLong(), 7);
  EXPECT_TRUE(plot.grab().toImage() != QImage());
}

TEST(Ranked, ChoosesByClickAndKeys) {
  RankedBars bars;
  bars.resize(200, 200);
  bars.show({{u"a"_s, u"0.9"_s, 0.9, 0}, {u"b"_s, u"0.1"_s, 0.1, 0}});
  bars.QWidget::show();
  const QSignalSpy chosen(&bars, &RankedBars::chosen);
  QTest::mouseClick(&bars, Qt::LeftButton, {}, bars.painted_items()[1].box.center());
  EXPECT_EQ(bars.current(), 1);
  QTest::keyClick(&bars, Qt::Key_Up);
  EXPECT_EQ(bars.current(), 0);
  QTest::keyClick(&bars, Qt::Key_Up);
  EXPECT_EQ(chosen.count(), 2);
}

LineageBar bar(std::int64_t id, std::int64_t parent, double begin) {
  return {.id = id, .parent = parent, .name = QString::number(id), .begin = begin, .end = begin + 10};
}

std::vector<std::int64_t> order_of(const std::vector<LineageBar>& bars) {
  std::vector<std::int64_t> ids;
  for (const LineageRow& row : lineage_rows(bars)) ids.push_back(bars[row.bar].id);
  return ids;
}

TEST(Lineage, PutsChildrenBelowTheirParentsByTheStepTheyLeft) {
  const std::vector<LineageBar> bars = {bar(1, 0, 0), bar(2, 1, 50), bar(3, 1, 20), bar(4, 3, 25), bar(5, 99, 0)};
  EXPECT_THAT(order_of(bars), ElementsAre(1, 3, 4, 2, 5));
  const auto rows = lineage_rows(bars);
  EXPECT_EQ(rows[2].depth, 2);
  EXPECT_EQ(rows[2].parent, 1);
  EXPECT_EQ(rows[4].parent, -1);
}

TEST(Lineage, CutsCirclesOpenAndKeepsEveryThingOnce) {
  EXPECT_EQ(order_of({bar(1, 2, 0), bar(2, 3, 0), bar(3, 1, 0), bar(4, 4, 0)}).size(), 4U);
}

TEST(Lineage, GoesFromChildToParentByKeys) {
  LineageView view;
  view.show({bar(1, 0, 0), bar(2, 1, 50), bar(3, 2, 60)});
  view.QWidget::show();
  const QSignalSpy chosen(&view, &LineageView::chosen);
  const QSignalSpy opened(&view, &LineageView::opened);
  view.set_current(3);
  QTest::keyClick(&view, Qt::Key_Left);
  EXPECT_EQ(chosen.back().front().toLongLong(), 2);
  QTest::keyClick(&view, Qt::Key_Right);
  EXPECT_EQ(chosen.back().front().toLongLong(), 3);
  QTest::keyClick(&view, Qt::Key_Return);
  ASSERT_EQ(opened.count(), 1);
  EXPECT_EQ(view.painted_items()[2].value, u"from 2 at step 60 to step 70"_s);
}

}  // namespace
}  // namespace athanor::widgets
