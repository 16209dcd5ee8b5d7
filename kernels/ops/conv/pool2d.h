// max_pool2d, avg_pool2d: the maximum or mean of each 2x2 window, stride 2, per channel.
//
// Shapes      x [B,H,W,C] (NHWC), y [B,H/2,W/2,C] (rounded down: a last odd row or column is not read). f32,
// contiguous. Outputs     y: overwritten. Edge cases  The maximum of a window holding NaN is NaN. Any size 0 does
// nothing.
//
// max_pool2d_grad: dy goes to the first position (row by row) that holds the maximum of its window, which is recomputed
//                  from x. avg_pool2d_grad: each position of the window gets dy / 4; x is not read.
// Outputs     dx: overwritten; positions in no window get 0.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct Pool2dArgs {
  View x{}, y{};

  static constexpr auto arrays() {
    return std::array{reads("x", &Pool2dArgs::x).narrow(), writes("y", &Pool2dArgs::y).narrow()};
  }
};

struct MaxPool2dGradArgs {
  View x{}, dy{}, dx{};

  static constexpr auto arrays() {
    return std::array{reads("x", &MaxPool2dGradArgs::x).narrow(), reads("dy", &MaxPool2dGradArgs::dy).narrow(),
                      writes("dx", &MaxPool2dGradArgs::dx).narrow()};
  }
};

struct AvgPool2dGradArgs {
  View dy{}, dx{};

  static constexpr auto arrays() {
    return std::array{reads("dy", &AvgPool2dGradArgs::dy).narrow(), writes("dx", &AvgPool2dGradArgs::dx).narrow()};
  }
};

void max_pool2d(const Exec& exec, const Pool2dArgs& args);
void max_pool2d_grad(const Exec& exec, const MaxPool2dGradArgs& args);
void avg_pool2d(const Exec& exec, const Pool2dArgs& args);
void avg_pool2d_grad(const Exec& exec, const AvgPool2dGradArgs& args);

// Backends.
[[nodiscard]] Candidates<Pool2dArgs> max_pool2d_candidates();
[[nodiscard]] Candidates<MaxPool2dGradArgs> max_pool2d_grad_candidates();
[[nodiscard]] Candidates<Pool2dArgs> avg_pool2d_candidates();
[[nodiscard]] Candidates<AvgPool2dGradArgs> avg_pool2d_grad_candidates();
void max_pool2d_cuda(const Exec& exec, const Pool2dArgs& args);
void max_pool2d_grad_cuda(const Exec& exec, const MaxPool2dGradArgs& args);
void avg_pool2d_cuda(const Exec& exec, const Pool2dArgs& args);
void avg_pool2d_grad_cuda(const Exec& exec, const AvgPool2dGradArgs& args);

}  // namespace athanor::kernels
