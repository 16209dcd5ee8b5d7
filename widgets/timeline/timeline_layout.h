// Where the parts of a timeline lie. Pure functions; any thread.
#pragma once

#include "widgets/timeline/timeline_values.h"

#include <optional>
#include <span>
#include <vector>

namespace athanor::widgets {

// What is drawn for one bar, or for several that are together below a pixel: from where the first begins to where the
// last ends, as the kind that takes most of it.
struct BarBox {
  double left = 0, right = 0;  // pixels
  int kind = 0;
  int bar = -1;  // its place in the row; negative: of several
};

// Boxes of the bars within [from, to] over `width` pixels, left to right; at most some two a pixel whatever their
// number. Bars are by begin and do not overlap.
[[nodiscard]] std::vector<BarBox> bar_boxes(std::span<const TimelineBar> bars, double from, double to, double width);

// The bar at a time, or one no farther away than `tolerance`; negative: none.
[[nodiscard]] int bar_at(std::span<const TimelineBar> bars, double time, double tolerance);

// The bar of the same kind, number and part as the one at `index`; where there are several, the one that comes as late
// among them. Negative: none.
[[nodiscard]] int twin_of(std::span<const TimelineBar> bars, int index, std::span<const TimelineBar> among);

// Top and height of every row, and where each group's label goes; `height` is what all of them need.
struct RowPlaces {
  struct Place {
    int top = 0, height = 0;
  };
  struct Group {
    QString name;
    int top = 0, height = 0;
    Role tone = Role::muted;
  };
  std::vector<Place> rows;
  std::vector<Group> groups;
  int height = 0;
};
[[nodiscard]] RowPlaces place_rows(const std::vector<TimelineRow>& rows);

// A moment as exactly as a range of this length asks for: "2 h 5 min 7.25 s".
[[nodiscard]] QString exact_time(double seconds, double length);

// Round times for a ruler, no closer than `least` pixels.
[[nodiscard]] std::vector<double> ruler_times(double from, double to, double width, double least);

}  // namespace athanor::widgets
