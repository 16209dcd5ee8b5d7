// Curves for tests of plots.
#pragma once

#include "widgets/plot/curve.h"

#include <vector>

namespace athanor::widgets {

inline SharedColumns shared(const std::vector<CurveColumn>& columns) {
  CurveColumns made;
  for (const CurveColumn& column : columns) made.append(column);
  return share(std::move(made));
}

inline Curve curve_of(const std::vector<CurveColumn>& columns) {
  Curve curve;
  curve.columns = shared(columns);
  return curve;
}

}  // namespace athanor::widgets
