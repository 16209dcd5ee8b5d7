// One quantity of many things, a value each, and where values stand on an axis. Pure values; any thread.
#pragma once

#include <QString>

#include <utility>
#include <vector>

namespace athanor::widgets {

struct Quantity {
  QString title{};
  std::vector<double> values{};    // by thing; NaN: not known
  std::vector<QString> choices{};  // not empty: a value is the index of one
  std::vector<QString> texts{};    // of values, by thing, as people read them
  bool is_logarithmic = false;     // all known values are above 0 then

  [[nodiscard]] bool is_known(std::size_t thing) const;
};

// Least and greatest known value; of choices the first and the last. {0, 1} where there are none.
[[nodiscard]] std::pair<double, double> extent_of(const Quantity& quantity);
// From 0 at the least to 1 at the greatest; in the middle where all are the same; NaN: not known.
[[nodiscard]] double place_of(const Quantity& quantity, std::pair<double, double> extent, double value);

// What an axis has written beside it, from low to high.
struct AxisText {
  double place = 0;  // 0 … 1
  QString text{};
};
// At most so many: choices as far as they fit, of numbers the ends and what lies evenly between them.
[[nodiscard]] std::vector<AxisText> axis_texts(const Quantity& quantity, std::size_t most);

}  // namespace athanor::widgets
