// softmax: over the allowed columns of each row, y[r,c] = exp(x[r,c] - m_r) / s_r with m_r their maximum and
// s_r = sum exp(x[r,c] - m_r); with `log`, y[r,c] = x[r,c] - m_r - ln s_r. Other columns get 0, with `log` -infinity.
//
// Shapes      x, y of equal shape [..., C], R rows in all; lengths i32 [G] or absent: R is a multiple of G and row r
// allows
//             its first lengths[r / (R / G)] columns, absent: all C. f32, contiguous.
// Outputs     y: overwritten. y may alias x.
// Accumulates f32 (reference: f64), in an order fixed by C.
// Masks       x = -infinity is a column that is not allowed. A row that allows nothing gets 0 (-infinity) throughout.
// Edge cases  A NaN or +infinity among the first lengths columns makes all of these NaN. No rows: nothing.
//             0 <= lengths[g] <= C is the caller's duty; the front-end refuses anything else.
//
// softmax_grad, from y: dx = y (dy - sum_c y dy); with `log`, dx = dy - exp(y) sum_c dy over the allowed columns.
//             Columns that were not allowed get 0, whatever their (finite) dy.
// Outputs     dx: overwritten. dx may alias dy.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct SoftmaxArgs {
  View x{}, lengths{};
  bool log = false;
  static constexpr bool kWritesMinusInfinity = true;
  View y{};

  static constexpr auto arrays() {
    return std::array{reads("x", &SoftmaxArgs::x).narrow(), reads("lengths", &SoftmaxArgs::lengths),
                      writes("y", &SoftmaxArgs::y).narrow()};
  }
};

struct SoftmaxGradArgs {
  View y{}, dy{};
  bool log = false;
  View dx{};

  static constexpr auto arrays() {
    return std::array{reads("y", &SoftmaxGradArgs::y).narrow(), reads("dy", &SoftmaxGradArgs::dy).narrow(),
                      writes("dx", &SoftmaxGradArgs::dx).narrow()};
  }
};

void softmax(const Exec& exec, const SoftmaxArgs& args);
void softmax_grad(const Exec& exec, const SoftmaxGradArgs& args);

// Backends.
[[nodiscard]] Candidates<SoftmaxArgs> softmax_candidates();
[[nodiscard]] Candidates<SoftmaxGradArgs> softmax_grad_candidates();
void softmax_cuda(const Exec& exec, const SoftmaxArgs& args);
void softmax_grad_cuda(const Exec& exec, const SoftmaxGradArgs& args);

}  // namespace athanor::kernels
