// What gradients are multiplied by before an optimizer uses them: a given scale, and clipping by the global norm.
#pragma once

#include "kernels/base/view.h"

#include <algorithm>
#include <cmath>

namespace athanor::kernels {

// See adamw.h. sum_squares f64 [1] on the host, or absent.
[[nodiscard]] inline double gradient_factor(float gradient_scale, const View& sum_squares, float max_norm) {
  const double scale = static_cast<double>(gradient_scale);
  if (!sum_squares.present() || max_norm <= 0.0f) return scale;
  const double norm = scale * std::sqrt(sum_squares.as<double>()[0]);
  return scale * std::min(1.0, static_cast<double>(max_norm) / (norm + 1e-6));
}

}  // namespace athanor::kernels
