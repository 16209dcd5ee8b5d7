// reduce_dim: y[o,i] = sum, mean or maximum over l of x[o,l,i].
//
// Shapes      x [O,L,I], y [O,I]; index i32 [O,I] or absent, for maximum only. Numbers f32, contiguous.
// Outputs     y: overwritten. index: overwritten with the l of the maximum, the first of equal ones.
// Accumulates f32 (reference: f64), in an order fixed by L and by whether I is 1.
// Edge cases  L = 0 gives a sum of 0; a mean or maximum of nothing is refused by the front-end. A NaN makes a sum or
// mean
//             NaN and is the maximum of its column, the first one if there are several.
//
// reduce_dim_grad: dx[o,l,i] = dy[o,i] (sum), dy[o,i] / L (mean), dy[o,i] where l = index[o,i] and 0 elsewhere
// (maximum). Outputs     dx [O,L,I]: overwritten.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

enum class Reduction : std::uint8_t { sum, mean, maximum };

struct ReduceDimArgs {
  View x{};
  Reduction reduction = Reduction::sum;
  View y{}, index{};

  static constexpr auto arrays() {
    return std::array{reads("x", &ReduceDimArgs::x).narrow(), writes("y", &ReduceDimArgs::y).narrow(),
                      writes("index", &ReduceDimArgs::index)};
  }
};

struct ReduceDimGradArgs {
  View dy{}, index{};
  Reduction reduction = Reduction::sum;
  View dx{};

  static constexpr auto arrays() {
    return std::array{reads("dy", &ReduceDimGradArgs::dy).narrow(), reads("index", &ReduceDimGradArgs::index),
                      writes("dx", &ReduceDimGradArgs::dx).narrow()};
  }
};

void reduce_dim(const Exec& exec, const ReduceDimArgs& args);
void reduce_dim_grad(const Exec& exec, const ReduceDimGradArgs& args);

// Backends.
[[nodiscard]] Candidates<ReduceDimArgs> reduce_dim_candidates();
[[nodiscard]] Candidates<ReduceDimGradArgs> reduce_dim_grad_candidates();
void reduce_dim_cuda(const Exec& exec, const ReduceDimArgs& args);
void reduce_dim_grad_cuda(const Exec& exec, const ReduceDimGradArgs& args);

}  // namespace athanor::kernels
