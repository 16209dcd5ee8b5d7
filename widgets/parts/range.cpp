#include "widgets/parts/range.h"

#include <algorithm>

namespace athanor::widgets {

std::pair<double, double> zoomed(std::pair<double, double> range, double anchor, double factor,
                                 std::pair<double, double> limits, double least) {
  const double width =
      std::clamp((range.second - range.first) * factor, least, std::max(least, limits.second - limits.first));
  const double share = range.second > range.first ? (anchor - range.first) / (range.second - range.first) : 0.5;
  const double from = anchor - width * std::clamp(share, 0.0, 1.0);
  return panned({from, from + width}, 0, limits);
}

std::pair<double, double> panned(std::pair<double, double> range, double by, std::pair<double, double> limits) {
  const double width = range.second - range.first;
  double from = range.first + by;
  from = std::min(from, limits.second - width);
  from = std::max(from, limits.first);
  return {from, from + width};
}

}  // namespace athanor::widgets
