// scatter: for every column (o,i) and j = 0, 1, … in this order, y[o, index[o,j,i], i] becomes u[o,j,i], or with `add`
// grows by it. Where several j name the same element, the last one stays, or all are added in order of j, on every
// device.
//
// Shapes      u [O,J,I], y [O,L,I]; index i32 [O or 1, J, I or 1], repeated where it has 1. Numbers f32, all
// contiguous. Outputs     y: updated; elements that no index names keep their value. Accumulates f32 (reference: f64),
// in order of j. Edge cases  Empty u does nothing. 0 <= index < L is the caller's duty; the front-end refuses anything
// else. Gradient    of u: gather of dy (without `add`, last_only); of the old y: dy, without `add` 0 where index names
// it.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct ScatterArgs {
  View u{}, index{};
  bool add = true;
  View y{};

  static constexpr auto arrays() {
    return std::array{reads("u", &ScatterArgs::u).narrow(), reads("index", &ScatterArgs::index),
                      updates("y", &ScatterArgs::y).narrow()};
  }
};

void scatter(const Exec& exec, const ScatterArgs& args);

// Backends.
[[nodiscard]] Candidates<ScatterArgs> scatter_candidates();
void scatter_cuda(const Exec& exec, const ScatterArgs& args);

}  // namespace athanor::kernels
