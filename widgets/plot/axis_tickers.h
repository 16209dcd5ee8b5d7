// Where the axes of a plot have numbers, and how they read. Private to this folder, as QCustomPlot is.
#pragma once

#include "widgets/plot/curve.h"

#include <qcustomplot.h>

namespace athanor::widgets {

// For what x means, or for values; on a narrow plot with fewer numbers.
[[nodiscard]] QSharedPointer<QCPAxisTicker> x_ticker(XAxis axis, bool logarithmic, bool narrow);
[[nodiscard]] QSharedPointer<QCPAxisTicker> value_ticker(bool logarithmic, bool percent);

}  // namespace athanor::widgets
