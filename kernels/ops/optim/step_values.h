// What an optimizer's step takes from memory of the device instead of from its arguments, so that the same launch can
// be replayed for every step. Part of AdamWArgs, LambArgs and SgdArgs:
//
//   values     f32 [4]: learning rate, which multiplies the segments' own lr; gradient_scale; 1 - beta1^t; 1 - beta2^t.
//              step (i32 [1]) is t. Both or neither; absent: the arguments of these names hold.
//   nonfinite  i64 [any]: counts. Where one is not 0 nothing is changed, and `lost` is not written.
#pragma once

#include "kernels/base/exec.h"
#include "kernels/base/view.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace athanor::kernels {

struct StepValues {
  static constexpr int kLearningRate = 0, kGradientScale = 1, kCorrection1 = 2, kCorrection2 = 3, kCount = 4;
};

// 1 - beta^t in f32.
[[nodiscard]] inline float bias_correction(float beta, std::int64_t step) {
  return static_cast<float>(1.0 - std::pow(static_cast<double>(beta), static_cast<double>(step)));
}

// On the CPU: calls `launch` with arguments that hold the numbers themselves, or not at all. The corrections follow
// from the step there.
template <class Args, class Launch>
void with_step_values(const Exec& exec, const Args& args, Launch&& launch) {
  if (exec.device.kind == DeviceKind::cuda || (!args.values.present() && !args.nonfinite.present()))
    return launch(args);
  const std::span counts(args.nonfinite.template as<const std::int64_t>(),
                         static_cast<std::size_t>(args.nonfinite.present() ? args.nonfinite.numel() : 0));
  if (std::ranges::any_of(counts, [](std::int64_t count) { return count != 0; })) return;
  Args told = args;
  told.nonfinite = {};
  if (!args.values.present()) return launch(told);
  const auto* values = args.values.template as<const float>();
  std::vector segments(args.segments.begin(), args.segments.end());
  for (auto& segment : segments) segment.lr *= values[StepValues::kLearningRate];
  told.segments = segments;
  told.gradient_scale = values[StepValues::kGradientScale];
  if constexpr (requires { told.step; }) told.step = args.step_on_device.template as<const std::int32_t>()[0];
  told.values = {};
  launch(told);
}

}  // namespace athanor::kernels
