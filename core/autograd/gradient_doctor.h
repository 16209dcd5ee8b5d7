// The gradients of a whole model against differences of its own loss, parameter by parameter.
//
// For a parameter p with the tape's gradient g, the derivative of the loss along a direction d of length 1 must be g·d.
// Directions: g itself (finds a wrong size), random signs (find what g leaves out), and the element that g says matters
// most (finds a wrong place). The derivative is taken by central differences at halved steps: a large step meets
// curvature and corners, a small one the error of an f32 loss, its last bits, divided by the step. It is trusted as far
// as finer steps confirm it.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace athanor {

struct GradientDoctorOptions {
  double relative = 0.02;   // difference that is tolerated, of the larger of the two
  double trust = 4.0;       // and what the differences may be off by, times this
  double loss_error = 2.0;  // last bits in which a loss may be wrong
  int random_directions = 2;
  std::uint64_t seed = 1;  // of the random signs
  // What is recorded, where that is not the loss as it stands: the same in narrower formats. Its gradients are made
  // `scale` times as large, so that they do not underflow there, and divided again. `noise` is how far they may be off,
  // as a share of their length.
  std::function<Variable()> recorded = {};
  float scale = 1.0f;
  double noise = 0;
};

enum class GradientVerdict : std::uint8_t {
  right,
  unclear,  // what the differences may be off by hides the answer: the gradient is too small beside the loss
  wrong,
};
[[nodiscard]] const char* to_string(GradientVerdict verdict) noexcept;

// The direction in which a parameter did worst.
struct GradientRow {
  std::string path;
  std::int64_t elements = 0;
  std::string direction;         // "gradient", "random 1", "element 37"
  double tape = 0, numeric = 0;  // derivative of the loss along it
  double uncertainty = 0;        // of numeric
  double error = 0;              // |tape - numeric| as a multiple of what is tolerated
  GradientVerdict verdict = GradientVerdict::right;
};

// `loss` has one element and must be the same function each time; differences are taken of it. Rows come worst first.
// Parameters hold their old values afterwards and no gradients. Throws Failure(numeric) when the loss is not finite.
[[nodiscard]] std::vector<GradientRow> examine_gradients(Context& context, const std::function<Variable()>& loss,
                                                         std::span<const Parameter> parameters,
                                                         const GradientDoctorOptions& options = {});

}  // namespace athanor
