// From curves and the ranges in view to a scene: which are drawn in what order, how wide, how opaque, dashed or not,
// and from how many on they are drawn as a crowd. Pure; any thread, one maker a thread.
#pragma once

#include "widgets/common/theme.h"
#include "widgets/plot/curve.h"
#include "widgets/plot/envelope/raster.h"

#include <utility>
#include <vector>

namespace athanor::widgets {

// What is in view, and the axis rectangle it fills, in pixels. Values lie in the middle of their pixel, as those of
// axes do, so that a picture is one pixel wider than its rectangle.
struct Frame {
  XAxis axis = XAxis::step;
  std::pair<double, double> x{0, 1}, y{0, 1};
  bool logarithmic_x = false, logarithmic_y = false;
  int width = 0, height = 0;
  double scale = 1;  // device pixels a pixel

  [[nodiscard]] AxisMap x_map() const;  // to device pixels
  [[nodiscard]] AxisMap y_map() const;
  friend bool operator==(const Frame&, const Frame&) = default;
};

inline constexpr std::size_t kCrowd = 200;  // curves from which on no single one is followed by the eye

// How a line is drawn: the same in plot, legend and export.
struct LineLook {
  QColor colour;  // with opacity
  double width = 1.5;
  Dash dash = Dash::solid;  // never automatic
};
// Among so many curves shown.
[[nodiscard]] LineLook line_look(const Curve& curve, std::size_t among, const Theme& theme);
// Lengths in turn, in pixels, on and off; empty: solid.
[[nodiscard]] std::span<const double> dash_lengths(Dash dash);

class SceneMaker {
 public:
  // All curves shown: faded ones below, pinned ones on top.
  void make(const std::vector<Curve>& curves, const Frame& frame, const Theme& theme, Scene& out);
  // Only these, wide and set off from what lies below.
  void make_highlight(const std::vector<Curve>& curves, const std::vector<std::size_t>& which, const Frame& frame,
                      const Theme& theme, Scene& out) const;

 private:
  void choose_tone(std::size_t shown, bool crowded, bool dark);

  Tone tone_ = Tone::saturating(0.16, 0.45);
  std::size_t tone_for_ = 0;
  bool tone_dark_ = false;
  std::vector<std::size_t> order_;
};

}  // namespace athanor::widgets
