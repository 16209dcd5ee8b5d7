// step_values.h and gradient_factor.h on the device.
#pragma once

#include "kernels/ops/optim/gradient_factor.cuh"
#include "kernels/ops/optim/step_values.h"

namespace athanor::kernels::cuda {

// What one step of an optimizer multiplies by, from the arguments or from memory.
struct StepSource {
  GradientFactor gradient;
  float correction1, correction2;  // 1 - beta^t
  std::uint32_t step;
  const float* values;  // null: the numbers above
  const std::int32_t* step_on_device;
  const std::int64_t* nonfinite;
  std::int64_t nonfinite_count;

  __device__ bool moves() const {
    for (std::int64_t i = 0; i < nonfinite_count; ++i)
      if (nonfinite[i] != 0) return false;
    return true;
  }
  __device__ float rate(float own) const { return values ? values[StepValues::kLearningRate] * own : own; }
  __device__ float factor() const {
    GradientFactor from = gradient;
    if (values) from.gradient_scale = values[StepValues::kGradientScale];
    return from.value();
  }
  __device__ float first_correction() const { return values ? values[StepValues::kCorrection1] : correction1; }
  __device__ float second_correction() const { return values ? values[StepValues::kCorrection2] : correction2; }
  __device__ std::uint32_t number() const { return values ? static_cast<std::uint32_t>(*step_on_device) : step; }
};

template <class Args>
StepSource step_source(const Args& args) {
  StepSource source{};
  source.gradient = {args.gradient_scale, args.max_norm, args.sum_squares.template as<double>()};
  source.values = args.values.template as<const float>();
  source.nonfinite = args.nonfinite.template as<const std::int64_t>();
  source.nonfinite_count = args.nonfinite.present() ? args.nonfinite.numel() : 0;
  if constexpr (requires { args.step; }) {
    source.correction1 = bias_correction(args.beta1, args.step);
    source.correction2 = bias_correction(args.beta2, args.step);
    source.step = static_cast<std::uint32_t>(args.step);
    source.step_on_device = args.step_on_device.template as<const std::int32_t>();
  }
  return source;
}

}  // namespace athanor::kernels::cuda
