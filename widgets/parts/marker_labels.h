// Where the words of markers stand: each at its line, those that would lie over each other as one. Pure; any thread.
#pragma once

#include <QString>

#include <functional>
#include <vector>

namespace athanor::widgets {

struct MarkerLabel {
  double left = 0;  // pixels, like the markers' places
  QString text;     // "resumed", or of several "forked, resumed ×3"
};

struct MarkedPlace {
  double x = 0;
  QString text;
};

// Of the markers within [left, right]; `width` measures a text. No two labels overlap, and none leaves the stretch
// unless it is wider than that.
[[nodiscard]] std::vector<MarkerLabel> marker_labels(std::vector<MarkedPlace> markers, double left, double right,
                                                     const std::function<double(const QString&)>& width);

}  // namespace athanor::widgets
