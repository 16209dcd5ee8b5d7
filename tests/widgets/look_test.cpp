// What is drawn how, which curve is meant, curves as vectors, and pictures that other threads draw.
#include "widgets/plot/envelope/look.h"

#include "tests/widgets/chance.h"
#include "widgets/plot/envelope/outline.h"
#include "widgets/plot/envelope/pick.h"
#include "widgets/plot/picture_feed.h"

#include <gtest/gtest.h>

#include <QSignalSpy>

#include <cmath>

namespace athanor::widgets {
namespace {

Curve flat(double value, std::int64_t id = kNoCurve) {
  std::vector<CurveColumn> columns;
  for (int i = 0; i <= 100; ++i) columns.push_back({double(i), double(i), value, value, value, value});
  Curve curve = curve_of(columns);
  curve.id = id;
  return curve;
}

Frame frame_of_hundred() { return {XAxis::step, {0, 100}, {0, 10}, false, false, 200, 100, 1}; }

TEST(Look, PinnedCurvesLieAboveAndManyMakeACrowd) {
  std::vector<Curve> curves(5, flat(1));
  curves[0].emphasis = Emphasis::pinned;
  curves[1].emphasis = Emphasis::faded;
  curves[2].emphasis = Emphasis::baseline;
  curves[3].visible = false;
  SceneMaker maker;
  Scene scene;
  maker.make(curves, frame_of_hundred(), light_theme(), scene);
  ASSERT_EQ(scene.curves.size(), 4U);
  EXPECT_FALSE(scene.crowded);
  EXPECT_EQ(scene.curves[0].columns, curves[1].columns);
  EXPECT_EQ(scene.curves[1].columns, curves[4].columns);
  EXPECT_EQ(scene.curves[2].columns, curves[2].columns);
  EXPECT_EQ(scene.curves[3].columns, curves[0].columns);
  EXPECT_GT(scene.curves[3].width, scene.curves[1].width);
  curves.resize(kCrowd + 3, flat(2));
  maker.make(curves, frame_of_hundred(), light_theme(), scene);
  EXPECT_TRUE(scene.crowded);
  EXPECT_EQ(scene.clear, 2U);
}

TEST(Look, DashesAreASecondChannelOnlyWhileCurvesAreFew) {
  Curve curve = flat(1);
  curve.dash = Dash::dot;
  EXPECT_EQ(line_look(curve, 3, light_theme()).dash, Dash::dot);
  EXPECT_EQ(line_look(curve, 60, light_theme()).dash, Dash::solid);
  curve.dash = Dash::automatic;
  curve.colour = kSeriesColours;
  EXPECT_EQ(line_look(curve, 3, light_theme()).dash, Dash::dash);
}

TEST(Pick, TheCurveWhoseLineIsNearestIsMeant) {
  std::vector<Curve> curves = {flat(2), flat(5), flat(8)};
  EXPECT_EQ(curve_near(curves, frame_of_hundred(), {100, 50}, 12), 1U);
  EXPECT_EQ(curve_near(curves, frame_of_hundred(), {100, 28}, 12), 2U);
  EXPECT_EQ(curve_near(curves, frame_of_hundred(), {100, 36}, 12), std::nullopt);
  curves[1].visible = false;
  EXPECT_EQ(curve_near(curves, frame_of_hundred(), {100, 50}, 12), std::nullopt);
}

TEST(Pick, KeysGoToTheNextCurveAboveOrBelow) {
  const std::vector<Curve> curves = {flat(5), flat(2), flat(8), Curve{}};
  EXPECT_EQ(next_curve(curves, XAxis::step, 50, std::nullopt, false), 2U);
  EXPECT_EQ(next_curve(curves, XAxis::step, 50, 2, false), 0U);
  EXPECT_EQ(next_curve(curves, XAxis::step, 50, 0, false), 1U);
  EXPECT_EQ(next_curve(curves, XAxis::step, 50, 1, false), 1U);
  EXPECT_EQ(next_curve(curves, XAxis::step, 50, 1, true), 0U);
  EXPECT_EQ(next_curve({Curve{}}, XAxis::step, 50, std::nullopt, true), std::nullopt);
}

TEST(Outline, LeavesOutOnlyWhatMovesNoPartByMoreThanTheTolerance) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    Chance chance(seed);
    QPolygonF points;
    double x = 0;
    for (int i = chance.whole(1, 300); i > 0; --i) {
      points.append({x, chance.one_in(20) ? chance.real(-90, 90) : chance.real(-3, 3)});
      x += chance.real(0.05, 2);
    }
    const double tolerance = chance.real(0.05, 8);
    const QPolygonF kept = thinned(points, tolerance);
    ASSERT_EQ(kept.first(), points.first());
    ASSERT_EQ(kept.last(), points.last());
    qsizetype at = 0;
    for (const QPointF& point : points) {
      while (at + 1 < kept.size() && kept[at + 1].x() < point.x()) ++at;
      const QPointF from = kept[at], to = kept[std::min(at + 1, kept.size() - 1)];
      const double share = to.x() > from.x() ? (point.x() - from.x()) / (to.x() - from.x()) : 0;
      ASSERT_LE(std::abs(from.y() + (to.y() - from.y()) * share - point.y()), tolerance * 1.0001) << "seed " << seed;
    }
  }
}

TEST(Outline, KeepsWithinItsPointsAndKeepsSpikes) {
  std::vector<Curve> curves;
  Chance chance(1);
  for (int c = 0; c < 100; ++c) {
    std::vector<CurveColumn> columns;
    for (int i = 0; i < 1000; ++i) {
      const double last = 4 + (c == 7 && i == 500 ? 5 : 0.2 * chance.real(-1, 1));
      columns.push_back({double(i), 0, last, last, last, last});
    }
    curves.push_back(curve_of(columns));
  }
  const Frame frame{XAxis::step, {0, 1000}, {0, 10}, false, false, 900, 400, 1};
  const std::vector<Outline> all = outlines(curves, frame, 12'000);
  std::size_t points = 0;
  for (const Outline& one : all) points += one.points();
  EXPECT_LE(points, 12'000U);
  double highest = HUGE_VAL;
  for (const QPolygonF& line : all[7].lines)
    for (const QPointF& point : line) highest = std::min(highest, point.y());
  EXPECT_NEAR(highest, frame.y_map().pixel(9) - 0.5, 10);
}

TEST(PictureFeed, DrawsTheNewestSceneAndLeavesOutThoseBetween) {
  Chance chance(5);
  std::vector<SceneCurve> curves;
  for (int c = 0; c < 400; ++c) curves.push_back({.columns = shared(chance.columns()), .band = kInk, .line = kInk});
  PictureFeed feed;
  QSignalSpy arrived(&feed, &PictureFeed::arrived);
  Frame frame{XAxis::step, {0, 100}, {0, 10}, false, false, 299, 100, 1};
  for (int i = 1; i <= 20; ++i) {
    Scene scene = scene_of(curves, AxisMap(0, 20.0 * i, 0, 300, false), AxisMap(6, 0, 0, 100, false), 300, 100);
    frame.x.second = 20.0 * i;
    feed.want(scene, frame, static_cast<std::uint64_t>(i));
  }
  EXPECT_FALSE(feed.is_current());
  while (!feed.is_current()) ASSERT_TRUE(arrived.wait(10'000));
  EXPECT_LE(arrived.count(), 2);
  EXPECT_EQ(feed.frame(), frame);
  EXPECT_EQ(feed.content(), 20U);
  QImage same;
  Raster().draw(scene_of(curves, AxisMap(0, 400, 0, 300, false), AxisMap(6, 0, 0, 100, false), 300, 100), same);
  EXPECT_EQ(feed.picture(), same);
}

TEST(PictureFeed, MayGoAwayWhileItsPictureIsDrawn) {
  Chance chance(6);
  std::vector<SceneCurve> curves;
  for (int c = 0; c < 400; ++c) curves.push_back({.columns = shared(chance.columns()), .line = kInk});
  for (int i = 0; i < 10; ++i) {
    PictureFeed feed;
    Scene scene = scene_of(curves, AxisMap(0, 300, 0, 300, false), AxisMap(6, 0, 0, 100, false), 300, 100);
    feed.want(scene, {}, 1);
  }
}

}  // namespace
}  // namespace athanor::widgets
