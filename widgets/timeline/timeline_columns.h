// Rows that are told by columns: what is drawn of them and said of them. Pure functions; any thread.
#pragma once

#include "widgets/timeline/timeline_values.h"

#include <QColor>
#include <QImage>

#include <span>
#include <vector>

namespace athanor::widgets {

// [from, to] of a row as a picture of this size, over what lies below it: in every pixel of width the kinds are stacked
// from the bottom up, each as high as its share. What there is at all is a pixel high. `colours` are by kind.
[[nodiscard]] QImage columns_picture(const TimelineColumns& columns, std::span<const QColor> colours, double from,
                                     double to, QSize size);

// Where a pause lies that is far longer than most and yet too short to be seen at this width: the longest few.
struct Pause {
  double at = 0;       // about: the middle of its column
  double seconds = 0;  // its length
};
[[nodiscard]] std::vector<Pause> hidden_pauses(const TimelineColumns& columns, double from, double to, double width);

// What is known of the columns within [from, to].
struct ColumnsSum {
  std::vector<double> seconds;  // by place in TimelineColumns::kinds
  double begun = 0, longest = 0, longest_pause = 0;
};
[[nodiscard]] ColumnsSum sum_of(const TimelineColumns& columns, double from, double to);

}  // namespace athanor::widgets
