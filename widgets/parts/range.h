// The range in sight of a longer whole. Pure; any thread.
#pragma once

#include <utility>

namespace athanor::widgets {

// [from, to] moved and scaled about `anchor`, kept inside [low, high] and never narrower than `least`.
[[nodiscard]] std::pair<double, double> zoomed(std::pair<double, double> range, double anchor, double factor,
                                               std::pair<double, double> limits, double least);
[[nodiscard]] std::pair<double, double> panned(std::pair<double, double> range, double by,
                                               std::pair<double, double> limits);

}  // namespace athanor::widgets
