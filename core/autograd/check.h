// Numeric gradient check: the tape against finite differences.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <functional>
#include <span>
#include <string>

namespace athanor {

struct GradientCheckOptions {
  double step = 2e-2;      // of the five-point stencil; numbers are f32, so smaller is not better
  double relative = 1e-2;  // tolerated, of the larger of the two
  double absolute = 2e-3;  // tolerated, of the largest numeric gradient of the same parameter
  int samples = 24;        // elements tried per parameter, spread evenly
  std::uint64_t seed = 1;  // of the random weights that make one number of the output
};

struct GradientCheckResult {
  bool ok = true;
  double worst = 0;   // error as a multiple of what is tolerated
  std::string where;  // "weight[3]: tape 0.5, numeric 0.25"
};

// `function` must compute the same value each time it is called. Parameters' gradients are cleared before and after.
// Source of the stencil: Abramowitz and Stegun 1964, 25.3.6.
[[nodiscard]] GradientCheckResult check_gradients(Context& context, const std::function<Variable()>& function,
                                                  std::span<const Parameter> parameters,
                                                  const GradientCheckOptions& options = {});

}  // namespace athanor
