// From what the store has of a curve to what a plot draws. Pure; any thread.
#pragma once

#include "core/store/types.h"
#include "widgets/plot/curve_columns.h"

#include <vector>

namespace athanor::app {

// What x is counted from, and how many samples of the data a step sees; 0: not known.
struct CurveOrigin {
  double began_ns = 0;
  double samples_per_step = 0;
};

[[nodiscard]] widgets::SharedColumns curve_columns_of(const std::vector<store::Bucket>& buckets,
                                                      const CurveOrigin& origin);
// `whole` with what was read of steps [first, last] more finely in the place of its own.
[[nodiscard]] widgets::SharedColumns with_detail(const widgets::CurveColumns& whole, std::int64_t first,
                                                 std::int64_t last, const std::vector<store::Bucket>& detail,
                                                 const CurveOrigin& origin);
// The steps that lie between two places of an axis, as far as columns tell, and a little beyond.
[[nodiscard]] store::CurveRange steps_between(const widgets::CurveColumns& columns, widgets::XAxis axis, double from,
                                              double to);

}  // namespace athanor::app
