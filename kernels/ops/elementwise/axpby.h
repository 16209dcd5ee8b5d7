// axpby: y = alpha * x + beta * y, element by element. Scaling, adding gradients up and moving averages of weights
// (alpha = 1 - decay, beta = decay) are all this.
//
// Shapes      x, y of equal shape. f32, contiguous.
// Outputs     y: overwritten when beta is 0 (old values, even NaN, are not read), otherwise updated. y may alias x.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct AxpbyArgs {
  float alpha = 1.0f;
  View x{};
  float beta = 0.0f;
  View y{};

  static constexpr auto arrays() {
    return std::array{reads("x", &AxpbyArgs::x).narrow(), updates("y", &AxpbyArgs::y).narrow(1)};
  }
};

void axpby(const Exec& exec, const AxpbyArgs& args);

// Backends.
[[nodiscard]] Candidates<AxpbyArgs> axpby_candidates();
void axpby_cuda(const Exec& exec, const AxpbyArgs& args);

}  // namespace athanor::kernels
