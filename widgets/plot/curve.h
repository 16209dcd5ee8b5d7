// What a plot draws: curves as columns of exact minimum, maximum and last value. Pure values; any thread.
#pragma once

#include <QString>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace athanor::widgets {

enum class XAxis { step, time };

struct CurveColumn {
  double step = 0;     // last step of the column
  double seconds = 0;  // of its last sample, since the run began
  double minimum = 0, maximum = 0, last = 0;
  double line = 0;  // what the line is drawn through: `last`, or the smoothed value there
  std::int64_t count = 1;
  std::int64_t non_finite = 0;  // not contained in minimum and maximum
};

struct Curve {
  QString name;                      // "train/loss"
  QString label;                     // "Training"
  int colour = 0;                    // index for Theme::series
  std::vector<CurveColumn> columns;  // by rising step
};

// A vertical line with a word: a checkpoint, a resumption.
struct PlotMarker {
  double step = 0;
  double seconds = 0;
  QString text;
};

[[nodiscard]] double x_of(const CurveColumn& column, XAxis axis);
// Lowest and highest x over all curves; nothing when there are no columns.
[[nodiscard]] std::optional<std::pair<double, double>> x_extent(const std::vector<Curve>& curves, XAxis axis);
// Lowest and highest finite value among columns within [from, to], widened by a margin so that lines do not touch the
// frame. With `logarithmic` values ≤ 0 are left out and the margin is a factor. Nothing when no value is left.
// With `robust` values further from the middle half than three times its height are left outside (Tukey's outer
// fence).
[[nodiscard]] std::optional<std::pair<double, double>> y_extent(const std::vector<Curve>& curves, XAxis axis,
                                                                double from, double to, bool logarithmic,
                                                                bool robust = false);
// The column whose x is nearest; null for an empty curve.
[[nodiscard]] const CurveColumn* nearest_column(const Curve& curve, XAxis axis, double x);

}  // namespace athanor::widgets
