// What one curve is within each column of pixels: the exact span of the columns of data that fall into it, and the
// piece of its line that passes through. Rows count downwards. Pure; any thread; allocates nothing.
#pragma once

#include "widgets/plot/curve.h"
#include "widgets/plot/envelope/axis_map.h"

#include <limits>
#include <span>

namespace athanor::widgets {

struct PixelColumn {
  static constexpr float kNowhere = std::numeric_limits<float>::quiet_NaN();
  static constexpr float kFar = std::numeric_limits<float>::infinity();

  // Greatest maximum and least minimum of the data columns inside; top > bottom: there are none.
  float band_top = kFar, band_bottom = -kFar;
  // Where the band's edges cross the left border, between data columns that leave pixel columns between them empty.
  float edge_top = kNowhere, edge_bottom = kNowhere;
  // The stretch that the middle of the line takes; top > bottom: it does not pass.
  float line_top = kFar, line_bottom = -kFar;
  float entry = kNowhere;  // the row where the line crosses the left border
  bool vertex = false;     // a data column's line value lies inside
  bool broken = false;     // the line ends inside and another begins
  bool odd = false;        // samples that are not finite

  [[nodiscard]] bool has_band() const { return band_top <= band_bottom; }
  [[nodiscard]] bool has_line() const { return line_top <= line_bottom; }
  [[nodiscard]] float rise() const { return line_bottom - line_top; }
};

// Whether no line leads to or from a value in this column, and no other data column stands within so many columns of
// pixels, as far as they are folded.
inline constexpr int kDotRoom = 4;
[[nodiscard]] bool is_lonely(std::span<const PixelColumn> folded, std::size_t column);

// What is folded of a curve; the spans are as long as the x are.
struct Trace {
  CurveX x;
  std::span<const double> minimum, maximum, line;
  std::span<const std::uint32_t> non_finite;  // empty: all are finite
  bool band = true;                           // false: minimum and maximum are not looked at
};

// Whether some pixel column is odd, and whether some piece of line begins.
struct Folded {
  bool odd = false, begins = false;
};

// Folds into the pixel columns from `first` on, one per element of `out` but the last, which only takes what crosses
// its left border. `hint` is a data column to begin the search at, any, and becomes one to begin at further right.
Folded fold(const Trace& trace, const AxisMap& x, const AxisMap& y, int first, std::span<PixelColumn> out,
            std::size_t& hint);

}  // namespace athanor::widgets
