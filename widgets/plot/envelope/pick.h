// Which curve is meant by a place in a plot. Pure; any thread.
#pragma once

#include "widgets/plot/envelope/look.h"

#include <QPointF>

#include <optional>

namespace athanor::widgets {

// The index of the curve shown whose line passes nearest to `place`, in pixels from the corner of the frame's
// rectangle, at most `reach` away; of several the one drawn last. Its band counts as further away than its line.
[[nodiscard]] std::optional<std::size_t> curve_near(const std::vector<Curve>& curves, const Frame& frame, QPointF place,
                                                    double reach);
// The curve shown that comes next above (`up`) or below `current` at x, by the values of the line. With no current one
// it begins at the uppermost, upwards at the lowest. Curves without a value there lie below all others.
[[nodiscard]] std::optional<std::size_t> next_curve(const std::vector<Curve>& curves, XAxis axis, double x,
                                                    std::optional<std::size_t> current, bool up);

}  // namespace athanor::widgets
