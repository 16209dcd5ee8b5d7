// Many curves into pictures: what is drawn is exactly what there is, compared with painters that are slow and plain.
#include "tests/widgets/chance.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <random>

namespace {
std::atomic<long> allocations{0};
}  // namespace

// Of the whole program, so that a test can tell whether anything was allocated.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace athanor::widgets {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Trace trace_of(const CurveColumns& columns) {
  return {
      {columns.x(XAxis::step), 0}, columns.minimum(), columns.maximum(), columns.line(), columns.non_finite(), true};
}

int column_of(double pixel) { return static_cast<int>(std::floor(pixel)); }

// The rows that a data column spans; nothing where it has no finite sample or none that the axis can show.
std::optional<std::pair<double, double>> rows_of(const CurveColumn& column, const AxisMap& y) {
  if (!y.shows(column.maximum)) return std::nullopt;
  return std::pair{y.pixel(column.maximum), y.shows(column.minimum) ? y.pixel(column.minimum) : AxisMap::kFar};
}

TEST(AxisMap, GoesThereAndBack) {
  const AxisMap linear(-3, 12, 0, 600, false);
  EXPECT_DOUBLE_EQ(linear.pixel(-3), 0);
  EXPECT_DOUBLE_EQ(linear.pixel(12), 600);
  EXPECT_NEAR(linear.value(linear.pixel(4.5)), 4.5, 1e-12);
  const AxisMap logarithmic(0.01, 100, 400, 0, true);
  EXPECT_NEAR(logarithmic.pixel(1), 200, 1e-9);
  EXPECT_NEAR(logarithmic.value(200), 1, 1e-12);
  EXPECT_FALSE(logarithmic.shows(0));
  EXPECT_TRUE(std::isnan(logarithmic.pixel(-1)));
  EXPECT_TRUE(std::isnan(linear.pixel(HUGE_VAL)));
  EXPECT_EQ(linear.pixel(1e300), 1e9);
  float placed = 0;
  const double far = 1e300;
  linear.place({&far, 1}, &placed);
  EXPECT_EQ(placed, AxisMap::kFar);
}

TEST(Fold, SpansExactlyWhatFallsIntoEachColumnOfPixels) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    Chance chance(seed);
    const std::vector<CurveColumn> columns = chance.columns();
    const SharedColumns data = shared(columns);
    const int width = chance.whole(1, 300);
    const AxisMap x = chance.x_map(columns, width, chance.one_in(3));
    const AxisMap y = chance.y_map(200, chance.one_in(3));
    const int first = chance.whole(0, 40);
    std::vector<PixelColumn> folded(static_cast<std::size_t>(width) + 1);
    auto hint = static_cast<std::size_t>(chance.whole(0, 500));
    fold(trace_of(*data), x, y, first, folded, hint);

    std::vector<PixelColumn> plain(folded.size());
    for (const CurveColumn& column : columns) {
      if (!x.shows(column.step)) continue;
      const int at = column_of(x.pixel(column.step)) - first;
      if (at < 0 || at >= width) continue;
      PixelColumn& pixel = plain[static_cast<std::size_t>(at)];
      if (const auto rows = rows_of(column, y)) {
        pixel.band_top = std::min(pixel.band_top, static_cast<float>(rows->first));
        pixel.band_bottom = std::max(pixel.band_bottom, static_cast<float>(rows->second));
      }
      pixel.vertex = pixel.vertex || y.shows(column.line);
      pixel.odd = pixel.odd || column.non_finite > 0;
    }
    for (int at = 0; at < width; ++at) {
      const PixelColumn& is = folded[static_cast<std::size_t>(at)];
      const PixelColumn& should = plain[static_cast<std::size_t>(at)];
      ASSERT_EQ(is.has_band(), should.has_band()) << "seed " << seed << " column " << at;
      if (should.has_band()) {
        ASSERT_NEAR(is.band_top, should.band_top, 0.01) << "seed " << seed << " column " << at;
        ASSERT_NEAR(is.band_bottom, should.band_bottom, 0.01) << "seed " << seed << " column " << at;
      }
      ASSERT_EQ(is.vertex, should.vertex) << "seed " << seed << " column " << at;
      ASSERT_EQ(is.odd, should.odd) << "seed " << seed << " column " << at;
    }
  }
}

TEST(Fold, TheLinePassesEveryBorderWhereTheStraightPieceDoes) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    Chance chance(seed);
    const std::vector<CurveColumn> columns = chance.columns();
    const SharedColumns data = shared(columns);
    const int width = chance.whole(1, 300);
    const AxisMap x = chance.x_map(columns, width, false);
    const AxisMap y = chance.y_map(200, false);
    std::vector<PixelColumn> folded(static_cast<std::size_t>(width) + 1);
    std::size_t hint = 0;
    fold(trace_of(*data), x, y, 0, folded, hint);
    std::vector<double> entries(folded.size(), kNan);
    for (std::size_t i = 1; i < columns.size(); ++i) {
      if (!y.shows(columns[i - 1].line) || !y.shows(columns[i].line)) continue;
      const double from = x.pixel(columns[i - 1].step), to = x.pixel(columns[i].step);
      for (int border = std::max(0, column_of(from) + 1); border <= std::min(column_of(to), width); ++border)
        entries[static_cast<std::size_t>(border)] =
            y.pixel(columns[i - 1].line) +
            (y.pixel(columns[i].line) - y.pixel(columns[i - 1].line)) * (border - from) / (to - from);
    }
    for (int border = 0; border <= width; ++border) {
      const PixelColumn& is = folded[static_cast<std::size_t>(border)];
      const double should = entries[static_cast<std::size_t>(border)];
      ASSERT_EQ(std::isnan(is.entry), std::isnan(should)) << "seed " << seed << " border " << border;
      if (std::isnan(should)) continue;
      ASSERT_NEAR(is.entry, should, 0.05 + 1e-4 * std::abs(should)) << "seed " << seed << " border " << border;
      ASSERT_TRUE(border == width || (is.line_top <= is.entry && is.entry <= is.line_bottom)) << "seed " << seed;
    }
  }
}

double opacity(const QImage& picture, int column, int row) { return qAlpha(picture.pixel(column, row)) / 255.0; }

TEST(Raster, ABandCoversExactlyFromLeastToGreatestInEveryColumnOfPixels) {
  for (unsigned seed = 0; seed < 120; ++seed) {
    Chance chance(seed);
    std::vector<CurveColumn> columns;
    const int width = chance.whole(1, 260), height = chance.whole(1, 120);
    for (int i = 0; i < 3 * width; ++i) {  // so many that none of pixels is without
      const double last = chance.one_in(50) ? chance.real(-20, 20) : chance.real(0.5, 2);
      columns.push_back({double(i), 0, last - chance.real(0, 1), last + chance.real(0, 1), last, last});
    }
    const AxisMap x(0, 3.0 * width, 0, width, false);
    const AxisMap y = chance.y_map(height, chance.one_in(2));
    SceneCurve curve;
    curve.columns = shared(columns);
    curve.band = kInk;
    Scene scene = scene_of({curve}, x, y, width, height);
    scene.tone = Tone::by_ratio(1, 2);  // as opaque as covered
    QImage picture;
    Raster().draw(scene, picture);
    for (int column = 0; column < width; ++column) {
      double top = HUGE_VAL, bottom = -HUGE_VAL;
      for (const CurveColumn& one : columns) {
        if (column_of(x.pixel(one.step)) != column) continue;
        const auto rows = rows_of(one, y);
        if (rows) top = std::min(top, rows->first), bottom = std::max(bottom, rows->second);
      }
      for (int row = 0; row < height; ++row) {
        const double covered = std::max(0.0, std::min(bottom, row + 1.0) - std::max<double>(top, row));
        ASSERT_NEAR(opacity(picture, column, row), covered, 0.012)
            << "seed " << seed << " pixel " << column << ", " << row;
        ASSERT_TRUE(covered > 0 || picture.pixel(column, row) == 0) << "seed " << seed;
      }
    }
  }
}

TEST(Raster, ALineIsDrawnWhereItPassesAndNowhereElse) {
  constexpr int kHeight = 150;
  for (unsigned seed = 0; seed < 200; ++seed) {
    Chance chance(seed);
    const std::vector<CurveColumn> columns = chance.columns();
    const int width = chance.whole(2, 300);
    const AxisMap x = chance.x_map(columns, width, false);
    const AxisMap y = chance.y_map(kHeight, false);
    SceneCurve curve;
    curve.columns = shared(columns);
    curve.line = kInk;
    QImage picture;
    Scene scene = scene_of({curve}, x, y, width, kHeight);
    scene.odd = 0;
    Raster().draw(scene, picture);
    std::vector<PixelColumn> folded(static_cast<std::size_t>(width) + 3);
    std::size_t hint = 0;
    fold(trace_of(*curve.columns), x, y, -1, folded, hint);
    for (int column = 0; column < width; ++column) {
      const PixelColumn* is = &folded[static_cast<std::size_t>(column) + 1];
      const float reach = 3.5F;  // half a line, or a dot
      const float top = std::min({is[-1].line_top, is->line_top, is[1].line_top}) - reach;
      const float bottom = std::max({is[-1].line_bottom, is->line_bottom, is[1].line_bottom}) + reach;
      bool dotted = false;
      for (int near = -4; near <= 4; ++near) {
        const int at = column + 1 + near;
        dotted = dotted ||
                 (at >= 0 && at < static_cast<int>(folded.size()) && is_lonely(folded, static_cast<std::size_t>(at)));
      }
      for (int row = 0; row < kHeight; ++row) {
        const auto middle = static_cast<float>(row) + 0.5F;
        const bool away = !dotted && (middle < top - 1 || middle > bottom + 1);
        ASSERT_TRUE(!away || picture.pixel(column, row) == 0) << "seed " << seed << " pixel " << column << ", " << row;
      }
    }
  }
}

TEST(Raster, EveryValueOfALineIsInked) {
  constexpr int kHeight = 150;
  for (unsigned seed = 0; seed < 200; ++seed) {
    Chance chance(seed);
    const std::vector<CurveColumn> columns = chance.columns();
    const int width = chance.whole(2, 300);
    const AxisMap x = chance.x_map(columns, width, chance.one_in(3));
    const AxisMap y = chance.y_map(kHeight, chance.one_in(3));
    SceneCurve curve{.columns = shared(columns), .line = kInk};
    QImage picture;
    Scene scene = scene_of({curve}, x, y, width, kHeight);
    scene.odd = 0;
    Raster().draw(scene, picture);
    for (const CurveColumn& one : columns) {
      if (!x.shows(one.step) || !y.shows(one.line)) continue;
      const int column = column_of(x.pixel(one.step)), row = column_of(y.pixel(one.line));
      if (column < 1 || column >= width - 1 || row < 1 || row >= kHeight - 1) continue;
      double most = 0;  // of the value's pixel and the one beside or below that it may lie on the border of
      for (const int beside : {-1, 0, 1})
        for (const int below : {-1, 0, 1}) most = std::max(most, opacity(picture, column + beside, row + below));
      ASSERT_GT(most, 0.55) << "seed " << seed << " pixel " << column << ", " << row;
    }
  }
}

TEST(Raster, StraightLinesHaveTheEdgesThatTheirAreaSays) {
  constexpr int kSize = 60, kFiner = 16;
  for (const double slope : {0.0, 0.3, 1.0, 2.5, 7.0}) {
    const auto at = [&](double x) { return 30.3 + slope * (x - 30); };
    SceneCurve curve;
    curve.columns = shared({{-5, 0, at(-5), at(-5), at(-5), at(-5)}, {65, 0, at(65), at(65), at(65), at(65)}});
    curve.line = kInk;
    curve.width = 1.5F;
    QImage picture;
    Raster().draw(
        scene_of({curve}, AxisMap(0, kSize, 0, kSize, false), AxisMap(0, kSize, 0, kSize, false), kSize, kSize),
        picture);
    for (int column = 2; column < kSize - 2; ++column)
      for (int row = 0; row < kSize; ++row) {
        int inside = 0;
        for (int i = 0; i < kFiner * kFiner; ++i) {
          const double x = column + (i % kFiner + 0.5) / kFiner, y = row + (i / kFiner + 0.5) / kFiner;
          inside += std::abs(y - at(x)) / std::hypot(1, slope) < 0.75 ? 1 : 0;
        }
        ASSERT_NEAR(opacity(picture, column, row), inside / double(kFiner * kFiner), 0.09)
            << "slope " << slope << " pixel " << column << ", " << row;
      }
  }
}

TEST(Raster, OneOutlierAmongAThousandIsSeen) {
  constexpr int kWidth = 200, kHeight = 100;
  std::vector<SceneCurve> curves;
  for (int c = 0; c < 1000; ++c) {
    std::vector<CurveColumn> columns;
    for (int i = 0; i < 400; ++i) {
      const double value = 1 + 0.001 * (c % 50);
      const double spike = c == 400 && i == 222 ? 9 : value;
      columns.push_back({double(i), 0, value, spike, value, value});
    }
    SceneCurve curve;
    curve.columns = shared(columns);
    curve.band = kInk;
    curves.push_back(curve);
  }
  Scene scene = scene_of(curves, AxisMap(0, 400, 0, kWidth, false), AxisMap(10, 0, 0, kHeight, false), kWidth, kHeight);
  scene.crowded = true;
  scene.tone = Tone::by_ratio(0.3, 1000);
  QImage picture;
  Raster().draw(scene, picture);
  EXPECT_GT(opacity(picture, 111, 12), 0.28);
  EXPECT_GT(opacity(picture, 111, 60), 0.28);
  EXPECT_EQ(picture.pixel(109, 12), 0U);
  EXPECT_EQ(picture.pixel(113, 12), 0U);
  EXPECT_GT(opacity(picture, 50, 89), 0.95);  // where all the others are
}

TEST(Raster, PartsOfALargeSceneMakeOnePicture) {
  Chance chance(3);
  std::vector<SceneCurve> curves;
  for (int c = 0; c < 600; ++c) {
    std::vector<CurveColumn> columns;
    for (int i = 0; i < 1500; ++i) {
      const double last = chance.real(0, 4);
      columns.push_back({double(i), 0, last - 0.1, last + 0.1, last, last, i % 400 == 5 ? 1U : 0U});
    }
    curves.push_back({.columns = shared(columns), .band = kInk, .line = c > 597 ? kInk : 0});
  }
  Scene scene = scene_of(curves, AxisMap(0, 1500, 0, 500, false), AxisMap(5, -1, 0, 80, false), 500, 80);
  scene.crowded = true;
  scene.clear = 2;
  scene.tone = Tone::by_ratio(0.3, 600);
  int parts = 0;
  QImage backwards, alone;
  Raster().draw(scene, backwards, [&](int count, const std::function<void(int)>& job) {
    parts = count;
    for (int i = count; i-- > 0;) job(i);
  });
  EXPECT_GT(parts, 1);
  Raster().draw(scene, alone, [](int count, const std::function<void(int)>& job) { one_by_one(count, job); });
  EXPECT_EQ(backwards, alone);
  // The same as tile by tile of a smaller scene: the columns of pixels know nothing of each other's parts.
  Scene left = scene;
  left.width = 192;
  QImage part;
  Raster().draw(left, part);
  EXPECT_EQ(part.copy(0, 20, 180, 60), alone.copy(0, 20, 180, 60));
}

TEST(Raster, GapsStayOpenAndAreMarked) {
  std::vector<CurveColumn> columns;
  for (int i = 0; i < 100; ++i) columns.push_back({double(i), 0, 1, 1, 1, 1});
  for (int i = 40; i < 60; ++i) columns[static_cast<std::size_t>(i)] = {double(i), 0, kNan, kNan, kNan, kNan, 1};
  SceneCurve curve{.columns = shared(columns), .band = kInk, .line = kInk};
  QImage picture;
  Raster().draw(scene_of({curve}, AxisMap(0, 100, 0, 100, false), AxisMap(2, 0, 0, 60, false), 100, 60), picture);
  EXPECT_GT(opacity(picture, 39, 30), 0.4);
  EXPECT_EQ(picture.pixel(50, 30), 0U);
  EXPECT_GT(opacity(picture, 61, 30), 0.4);
  const auto is_marked = [&](int from, int to) {
    for (int column = from; column < to; ++column)
      for (int row = 0; row < 16; ++row)
        if (qRed(picture.pixel(column, row)) > 150) return true;
    return false;
  };
  EXPECT_TRUE(is_marked(40, 60));
  EXPECT_FALSE(is_marked(0, 34));
  EXPECT_FALSE(is_marked(66, 100));
}

TEST(Raster, ALonelySampleIsADot) {
  SceneCurve curve{.columns = shared({{50, 0, 1, 1, 1, 1}}), .line = kInk};
  QImage picture;
  Raster().draw(scene_of({curve}, AxisMap(0, 100, 0, 100, false), AxisMap(2, 0, 0, 60, false), 100, 60), picture);
  int covered = 0;
  for (int column = 44; column < 56; ++column)
    for (int row = 24; row < 36; ++row) covered += opacity(picture, column, row) > 0.5 ? 1 : 0;
  EXPECT_GE(covered, 12);
}

TEST(Raster, DashesLeaveGapsButNoTipOut) {
  std::vector<CurveColumn> columns;
  for (int i = 0; i < 100; ++i) columns.push_back({double(i), 0, 1, 1, 1, 1});
  columns[46].last = columns[46].line = columns[46].minimum = columns[46].maximum = 1.9;
  SceneCurve curve{.columns = shared(columns), .line = kInk};
  curve.dash.on[0] = 7;
  curve.dash.off[0] = 4;
  QImage picture;
  Raster().draw(scene_of({curve}, AxisMap(0, 100, 0, 100, false), AxisMap(2, 0, 0, 100, false), 100, 100), picture);
  int drawn = 0;
  for (int column = 0; column < 44; ++column) drawn += opacity(picture, column, 50) > 0.4 ? 1 : 0;
  EXPECT_NEAR(drawn, 28, 3);
  EXPECT_GT(opacity(picture, 46, 5), 0.5);
}

TEST(Raster, AllocatesNothingOnceItHasDrawnAsMuch) {
  Chance chance(11);
  std::vector<SceneCurve> curves;
  for (int c = 0; c < 300; ++c) curves.push_back({.columns = shared(chance.columns()), .band = kInk, .line = kInk});
  for (const bool crowded : {false, true}) {
    Scene scene = scene_of(curves, AxisMap(0, 300, 0, 640, false), AxisMap(6, 0, 0, 200, false), 640, 200);
    scene.crowded = crowded;
    scene.clear = 3;
    Raster raster;
    QImage picture;
    raster.draw(scene, picture);
    const uchar* bits = picture.constBits();
    scene.x = AxisMap(10, 200, 0, 640, false);
    const long before = allocations;
    raster.draw(scene, picture);
    EXPECT_EQ(allocations, before);
    EXPECT_EQ(picture.constBits(), bits);
  }
}

TEST(Tone, IsNeverLessForMoreAndNeverMoreThanOpaque) {
  for (const Tone& tone : {Tone::saturating(0.1, 0.3), Tone::by_ratio(0.3, 1000)}) {
    float before = 0;
    for (float coverage = 0.01F; coverage < 5000; coverage *= 1.01F) {
      const float opaque = tone.factor(coverage) * coverage;
      EXPECT_GE(opaque, before * 0.97F);
      EXPECT_LE(opaque, 1.02F);
      before = opaque;
    }
  }
  EXPECT_NEAR(Tone::by_ratio(0.3, 1000).factor(1), 0.3, 0.01);
  EXPECT_NEAR(Tone::by_ratio(0.3, 1000).factor(0.5) * 0.5F, 0.15, 0.01);
}

}  // namespace
}  // namespace athanor::widgets
