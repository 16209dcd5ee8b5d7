// What a plot draws: curves with how they are to look, and the ranges they span. Cheap to copy: the numbers are shared.
// Pure values; any thread.
#pragma once

#include "widgets/plot/curve_columns.h"

#include <QString>

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace athanor::widgets {

// The second channel beside colour, used while there are few curves. `automatic`: as Theme::series_dash says.
enum class Dash { automatic, solid, dash, dot, dash_dot };

// From below to above; what is faded is still there to compare with.
enum class Emphasis { faded, normal, baseline, pinned };

inline constexpr std::int64_t kNoCurve = -1;

struct Curve {
  std::int64_t id = kNoCurve;  // whose it is; several curves may have one
  QString name{};              // "train/loss"
  QString label{};             // "Training"
  int colour = 0;              // index for Theme::series
  Dash dash = Dash::automatic;
  Emphasis emphasis = Emphasis::normal;
  bool visible = true;
  double began = std::numeric_limits<double>::quiet_NaN();  // seconds since 1970 at `seconds` = 0; NaN: not known
  SharedColumns columns{};                                  // null: none

  [[nodiscard]] bool empty() const { return !columns || columns->empty(); }
  // Drawn, counted and listed.
  [[nodiscard]] bool is_shown() const { return visible && !empty(); }
};

// A vertical line with a word: a checkpoint, a resumption.
struct PlotMarker {
  double step = 0;
  double seconds = 0;
  QString text{};
  double samples = std::numeric_limits<double>::quiet_NaN();
  double wall_time = std::numeric_limits<double>::quiet_NaN();
};

// Where the columns of a curve stand along an axis: the numbers, and what is to be added to each. Empty: not known.
struct CurveX {
  std::span<const double> values;
  double offset = 0;

  [[nodiscard]] double operator[](std::size_t index) const { return values[index] + offset; }
};
[[nodiscard]] CurveX x_of(const Curve& curve, XAxis axis);
[[nodiscard]] std::optional<double> x_of(const PlotMarker& marker, XAxis axis);  // nothing: not known

// Lowest and highest x over all curves shown; nothing when there are no columns. With `positive` only what a
// logarithmic axis can show.
[[nodiscard]] std::optional<std::pair<double, double>> x_extent(const std::vector<Curve>& curves, XAxis axis,
                                                                bool positive = false);
// Lowest and highest finite value among columns within [from, to], widened by a margin so that lines do not touch the
// frame. With `logarithmic` values ≤ 0 are left out and the margin is a factor. Nothing when no value is left.
// With `robust` values further from the middle half than three times its height are left outside (Tukey's outer
// fence).
[[nodiscard]] std::optional<std::pair<double, double>> y_extent(const std::vector<Curve>& curves, XAxis axis,
                                                                double from, double to, bool logarithmic,
                                                                bool robust = false);
// The index of the column whose x is nearest; nothing for a curve that has none.
[[nodiscard]] std::optional<std::size_t> nearest_column(const Curve& curve, XAxis axis, double x);

}  // namespace athanor::widgets
