// How x reads, by what it means. GUI thread only, as it is translated.
#pragma once

#include "widgets/plot/curve.h"

namespace athanor::widgets {

[[nodiscard]] QString axis_name(XAxis axis);             // "Step", of a column of numbers
[[nodiscard]] QString x_text(XAxis axis, double x);      // "1200", "4 min 12 s"
[[nodiscard]] QString x_sentence(XAxis axis, double x);  // "step 1200"

}  // namespace athanor::widgets
