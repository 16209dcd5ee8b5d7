// One plot of curves as SVG: lines through last values, and bands that hold every sample. Pure.
#pragma once

#include "core/store/types.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::report {

struct ChartCurve {
  std::size_t look = 0;  // which colour and which dashes
  std::vector<store::Bucket> buckets;
};

// The look of the n-th run: a colour of a palette that colour-blind readers can tell apart, and dashes once that is
// used up.
[[nodiscard]] std::string colour_of(std::size_t look);
[[nodiscard]] std::string dashes_of(std::size_t look);  // of stroke-dasharray; empty: none

// Empty where no value is finite. `label` is what a screen reader says.
[[nodiscard]] std::string chart_svg(std::string_view label, std::span<const ChartCurve> curves);

// What may stand in HTML and SVG as text and in attributes.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace athanor::report
