// Curves, windows and scenes by chance, the same for the same seed.
#pragma once

#include "tests/widgets/plot_data.h"
#include "widgets/plot/envelope/raster.h"

#include <cmath>
#include <limits>
#include <random>

namespace athanor::widgets {

inline constexpr QRgb kInk = 0xff205080;

// Curves as foreign as they come: dense or sparse, uneven, with spikes, with values that are not finite or not
// positive.
struct Chance {
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  explicit Chance(unsigned seed) : random(seed) {}
  double real(double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); }
  int whole(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); }
  bool one_in(int n) { return whole(1, n) == 1; }

  std::vector<CurveColumn> columns() {
    std::vector<CurveColumn> out;
    const int count = whole(1, 400);
    const double noise = one_in(3) ? 0 : real(0.01, 2);
    double x = one_in(2) ? 0 : real(-50, 50);
    for (int i = 0; i < count; ++i) {
      CurveColumn column;
      column.step = x;
      column.seconds = 2 * x;
      column.last = 3 + noise * real(-1, 1) + (one_in(40) ? real(-30, 30) : 0);
      column.minimum = column.last - (one_in(2) ? 0 : noise * real(0, 1));
      column.maximum = column.last + (one_in(2) ? 0 : noise * real(0, 1)) + (one_in(60) ? 40 : 0);
      column.line = one_in(5) ? column.last : column.last + noise * real(-1, 1);
      if (one_in(30)) column = {x, 2 * x, kNan, kNan, one_in(2) ? kNan : HUGE_VAL, kNan, 1};
      out.push_back(column);
      x += one_in(10) ? 0 : one_in(10) ? real(0, 60) : real(0, 3);
    }
    return out;
  }
  AxisMap x_map(const std::vector<CurveColumn>& columns, int width, bool logarithmic) {
    const double low = columns.front().step, high = columns.back().step + 1;
    double from = real(low - 5, high), to = from + real(0.01, high - low + 10);
    if (logarithmic) from = std::max(from, 0.01), to = std::max(to, from * 1.5);
    return {from, to, 0.5, width - 0.5, logarithmic};
  }
  AxisMap y_map(int height, bool logarithmic) {
    const double low = logarithmic ? real(0.001, 2) : real(-5, 3);
    return {low + real(0.1, 8), low, 0, static_cast<double>(height), logarithmic};
  }

  std::mt19937 random;
};

inline Scene scene_of(std::vector<SceneCurve> curves, const AxisMap& x, const AxisMap& y, int width, int height) {
  Scene scene;
  scene.x = x;
  scene.y = y;
  scene.width = width;
  scene.height = height;
  scene.odd = 0xffff0000;
  scene.curves = std::move(curves);
  return scene;
}

}  // namespace athanor::widgets
