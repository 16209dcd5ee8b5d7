// The pure parts of drawing: ranges, folding, layouts.
#include "tests/widgets/plot_data.h"
#include "widgets/parts/flow_layout.h"
#include "widgets/parts/marker_labels.h"
#include "widgets/parts/range.h"
#include "widgets/parts/wrap_layout.h"
#include "widgets/plot/curve.h"
#include "widgets/plot/sparkline.h"
#include "widgets/plot/stacked_bar.h"
#include "widgets/plot/strip.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<CurveColumn> columns_through(std::initializer_list<double> values) {
  std::vector<CurveColumn> columns;
  for (const double value : values) {
    const auto step = static_cast<double>(columns.size());
    columns.push_back({step, step * 2, value, value, value, value, std::isfinite(value) ? 0U : 1U});
  }
  return columns;
}

Curve curve_through(std::initializer_list<double> values) { return curve_of(columns_through(values)); }

TEST(Curve, ExtentSpansEveryCurve) {
  std::vector<CurveColumn> late = columns_through({1, 2});
  late[1].step = 9;
  const auto extent = x_extent({curve_through({1, 2, 3}), curve_of(late), Curve{}}, XAxis::step);
  ASSERT_TRUE(extent);
  EXPECT_EQ(*extent, std::pair(0.0, 9.0));
  EXPECT_FALSE(x_extent({Curve{}}, XAxis::step));
  EXPECT_EQ(x_extent({curve_through({1, 2})}, XAxis::time)->second, 2.0);
}

TEST(Curve, HeightLooksOnlyAtTheRangeInViewAndLeavesAMargin) {
  const std::vector<Curve> curves = {curve_through({100, 5, 6, 7})};
  const auto range = y_extent(curves, XAxis::step, 1, 3, false);
  ASSERT_TRUE(range);
  EXPECT_LT(range->first, 5);
  EXPECT_GT(range->first, 4);
  EXPECT_GT(range->second, 7);
  EXPECT_LT(range->second, 8);
}

TEST(Curve, HeightCoversTheBandNotOnlyTheLine) {
  std::vector<CurveColumn> spiky = columns_through({5, 5});
  spiky[1].maximum = 50;
  EXPECT_GT(y_extent({curve_of(spiky)}, XAxis::step, 0, 1, false)->second, 50);
}

TEST(Curve, LogarithmicHeightLeavesOutWhatIsNotPositive) {
  const auto range = y_extent({curve_through({-1, 0, 0.01, 10})}, XAxis::step, 0, 3, true);
  ASSERT_TRUE(range);
  EXPECT_GT(range->first, 0.001);
  EXPECT_GT(range->second, 10);
  EXPECT_FALSE(y_extent({curve_through({-1, 0})}, XAxis::step, 0, 3, true));
}

TEST(Curve, NonFiniteValuesDoNotMoveTheAxis) {
  const auto range = y_extent({curve_through({1, kNan, 2})}, XAxis::step, 0, 2, false);
  ASSERT_TRUE(range);
  EXPECT_TRUE(std::isfinite(range->second));
  EXPECT_FALSE(y_extent({curve_through({kNan})}, XAxis::step, 0, 2, false));
}

TEST(Curve, NearestColumnIsTheCloserNeighbour) {
  const Curve curve = curve_through({1, 2, 3});
  EXPECT_EQ(nearest_column(curve, XAxis::step, 1.4), 1U);
  EXPECT_EQ(nearest_column(curve, XAxis::step, 1.6), 2U);
  EXPECT_EQ(nearest_column(curve, XAxis::step, -5), 0U);
  EXPECT_EQ(nearest_column(curve, XAxis::step, 99), 2U);
  EXPECT_EQ(nearest_column(Curve{}, XAxis::step, 0), std::nullopt);
}

TEST(Range, ZoomKeepsTheAnchorAndStaysInside) {
  const auto in = zoomed({0, 100}, 25, 0.5, {0, 100}, 1);
  EXPECT_DOUBLE_EQ(in.second - in.first, 50);
  EXPECT_DOUBLE_EQ((25 - in.first) / 50, 0.25);
  EXPECT_EQ(zoomed({0, 50}, 25, 10, {0, 100}, 1), std::pair(0.0, 100.0));
  EXPECT_GE(zoomed({0, 2}, 1, 0.001, {0, 100}, 1).second, 1);
  EXPECT_EQ(panned({10, 20}, 500, {0, 100}), std::pair(90.0, 100.0));
  EXPECT_EQ(panned({10, 20}, -500, {0, 100}), std::pair(0.0, 10.0));
  EXPECT_EQ(zoomed({0, 10}, 5, 0.5, {0, 10}, 1e-9), (std::pair{2.5, 7.5}));
  EXPECT_EQ(zoomed({2, 4}, 4, 100, {0, 10}, 1e-9), (std::pair{0.0, 10.0}));
  EXPECT_EQ(panned({2, 4}, 100, {0, 10}), (std::pair{8.0, 10.0}));
  EXPECT_EQ(panned({2, 4}, -100, {0, 10}), (std::pair{0.0, 2.0}));
}

TEST(Strip, BarsAreMeansWithPeaks) {
  const auto bars = fold_strip({{0.0, 0.2}, {0.4, 0.6}, {3.5, 1.0}, {3.9, 1.0}, {9, 1.0}}, 0, 4, 4);
  ASSERT_EQ(bars.size(), 4U);
  EXPECT_DOUBLE_EQ(bars[0].mean, 0.4);
  EXPECT_DOUBLE_EQ(bars[0].peak, 0.6);
  EXPECT_TRUE(bars[1].empty);
  EXPECT_TRUE(bars[2].empty);
  EXPECT_DOUBLE_EQ(bars[3].mean, 1.0);
}

TEST(Strip, ShortRunsHaveNoHolesButPausesHave) {
  const std::vector<StripSample> few = {{0.0, 0.5}, {1.0, 0.6}, {1.4, 0.7}, {3.0, 0.8}};
  for (const StripBar& bar : fold_strip(few, 0, 3, 8)) EXPECT_FALSE(bar.empty);
  const std::vector<StripSample> paused = {{0, 1}, {1, 1}, {2, 1}, {20, 1}, {21, 1}};
  const auto bars = fold_strip(paused, 0, 21, 21);
  EXPECT_FALSE(bars[1].empty);
  EXPECT_TRUE(bars[10].empty);
  EXPECT_FALSE(bars[20].empty);
}

TEST(Height, RobustLeavesASpikeOutsideAndKeepsCalmCurvesWhole) {
  std::vector<CurveColumn> columns;
  for (int i = 0; i < 100; ++i) {
    const double value = i == 50 ? 90'000 : 1000 + i % 10;
    columns.push_back({double(i), double(i), value, value, value, value});
  }
  const auto plain = y_extent({curve_of(columns)}, XAxis::step, 0, 99, false);
  const auto robust = y_extent({curve_of(columns)}, XAxis::step, 0, 99, false, true);
  EXPECT_GT(plain->second, 90'000);
  EXPECT_LT(robust->second, 1100);
  EXPECT_GT(robust->second, 1009);
  columns[50].minimum = columns[50].maximum = columns[50].last = columns[50].line = 1004;
  const Curve calm = curve_of(columns);
  EXPECT_EQ(y_extent({calm}, XAxis::step, 0, 99, false, true), y_extent({calm}, XAxis::step, 0, 99, false));
}

TEST(Sparkline, SpreadsOverTheBoxAndSkipsGaps) {
  const QPolygonF points = sparkline_points({3, kNan, 1, 2}, QRectF(0, 0, 30, 10));
  ASSERT_EQ(points.size(), 3);
  EXPECT_EQ(points[0], QPointF(0, 0));
  EXPECT_EQ(points[1], QPointF(20, 10));
  EXPECT_EQ(points[2], QPointF(30, 5));
  EXPECT_TRUE(sparkline_points({kNan}, QRectF(0, 0, 30, 10)).isEmpty());
  EXPECT_EQ(sparkline_points({4, 4}, QRectF(0, 0, 30, 10))[0].y(), 5);
}

TEST(StackedBar, SharesFillTheirPartOfTheWhole) {
  const auto parts = plan_bar({{QStringLiteral("a"), 25, {}}, {QStringLiteral("b"), 50, {}}}, 100, 200);
  EXPECT_DOUBLE_EQ(parts[0].width, 50);
  EXPECT_DOUBLE_EQ(parts[1].left, 50);
  EXPECT_DOUBLE_EQ(parts[1].width, 100);
}

TEST(StackedBar, SharesBeyondTheWholeAreScaledToFit) {
  const auto parts = plan_bar({{QStringLiteral("a"), 100, {}}, {QStringLiteral("b"), 100, {}}}, 100, 200);
  EXPECT_DOUBLE_EQ(parts[1].left + parts[1].width, 200);
}

TEST(Flow, CardsOfARowShareTheTallestHeight) {
  const FlowPlan plan = plan_flow(210, 100, 10, {40, 60, 30});
  EXPECT_EQ(plan.columns, 2);
  EXPECT_EQ(plan.cells[0], QRect(0, 0, 100, 60));
  EXPECT_EQ(plan.cells[1], QRect(110, 0, 100, 60));
  EXPECT_EQ(plan.cells[2], QRect(0, 70, 100, 30));
  EXPECT_EQ(plan.height, 100);
}

TEST(Flow, TheLastCardOfARowEndsWhereTheRowEnds) {
  for (int width = 400; width < 440; ++width) {
    const FlowPlan plan = plan_flow(width, 90, 12, {40, 40, 40, 40});
    ASSERT_EQ(plan.columns, 4);
    EXPECT_EQ(plan.cells[0].left(), 0);
    EXPECT_EQ(plan.cells[3].right(), width - 1);
    for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(plan.cells[i].left() - plan.cells[i - 1].right(), 13);
  }
}

TEST(Flow, RowsAreFilledAlike) {
  EXPECT_EQ(flow_columns(340, 100, 10, 4), 2);
  EXPECT_EQ(flow_columns(450, 100, 10, 4), 4);
  EXPECT_EQ(flow_columns(340, 100, 10, 7), 3);
  EXPECT_EQ(flow_columns(50, 100, 10, 4), 1);
}

TEST(Flow, FewCardsFillTheWidth) { EXPECT_EQ(plan_flow(500, 100, 10, {40}).cells[0].width(), 500); }

TEST(Wrap, BreaksWhereTheWidthEnds) {
  const WrapPlan plan = plan_wrap(100, 5, {{60, 10}, {30, 20}, {50, 10}});
  EXPECT_EQ(plan.places[1], QPoint(65, 0));
  EXPECT_EQ(plan.places[2], QPoint(0, 25));
  EXPECT_EQ(plan.height, 35);
}

// Seven pixels a letter.
double wide(const QString& text) { return 7.0 * static_cast<double>(text.size()); }

std::vector<QString> texts(const std::vector<MarkerLabel>& labels) {
  std::vector<QString> out;
  for (const MarkerLabel& label : labels) out.push_back(label.text);
  return out;
}

TEST(MarkerLabels, StandAtTheirLinesWhereThereIsRoom) {
  const auto labels = marker_labels({{100, u"forked"_s}, {200, u"resumed"_s}}, 40, 400, wide);
  ASSERT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels[0].left, 100);
  EXPECT_EQ(labels[1].left, 200);
}

TEST(MarkerLabels, JoinWhereTheyWouldLieOverEachOther) {
  EXPECT_EQ(texts(marker_labels({{100, u"resumed"_s}, {103, u"resumed"_s}, {150, u"resumed"_s}}, 40, 400, wide)),
            std::vector<QString>{u"resumed ×3"_s});
  EXPECT_EQ(texts(marker_labels({{100, u"forked"_s}, {120, u"resumed"_s}, {300, u"went back"_s}}, 40, 400, wide)),
            (std::vector<QString>{u"forked, resumed"_s, u"went back"_s}));
}

TEST(MarkerLabels, StayInsideThePlot) {
  const auto labels = marker_labels({{20, u"gone"_s}, {330, u"forked"_s}, {395, u"resumed"_s}}, 40, 400, wide);
  ASSERT_EQ(texts(labels), std::vector<QString>{u"forked, resumed"_s});
  EXPECT_EQ(labels[0].left + wide(labels[0].text), 400);
}

}  // namespace
}  // namespace athanor::widgets
