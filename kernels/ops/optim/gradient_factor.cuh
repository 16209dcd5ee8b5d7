// gradient_factor.h on the device.
#pragma once

#include "kernels/base/view.h"

namespace athanor::kernels::cuda {

struct GradientFactor {
  float gradient_scale, max_norm;
  const double* sum_squares;  // null: no clipping

  __device__ float value() const {
    if (!sum_squares || !(max_norm > 0.0f)) return gradient_scale;
    const double norm = static_cast<double>(gradient_scale) * sqrt(*sum_squares);
    const double factor = static_cast<double>(max_norm) / (norm + 1e-6);
    return gradient_scale * static_cast<float>(factor < 1.0 ? factor : 1.0);
  }
};

}  // namespace athanor::kernels::cuda
