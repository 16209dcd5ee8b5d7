// gather: y[o,j,i] = x[o, index[o,j,i], i]
//
// Shapes      x [O,L,I], y [O,J,I]; index i32 [O or 1, J, I or 1], repeated where it has 1. x and y of equal type of 4
//             or 2 bytes, contiguous; the bits are copied. index is contiguous.
// last_only   writes 0 where a later j of the same (o,i) has the same index: the gradient of scatter without `add`.
// Outputs     y: overwritten.
// Edge cases  Empty y does nothing. 0 <= index < L is the caller's duty; the front-end refuses anything else.
// Cost        last_only compares each j with all later ones.
// Gradient    scatter with `add` into zeros.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct GatherArgs {
  View x{}, index{};
  bool last_only = false;
  View y{};

  static constexpr auto arrays() {
    return std::array{reads("x", &GatherArgs::x).narrow(), reads("index", &GatherArgs::index),
                      writes("y", &GatherArgs::y).narrow()};
  }
};

void gather(const Exec& exec, const GatherArgs& args);

// Backends.
[[nodiscard]] Candidates<GatherArgs> gather_candidates();
void gather_cuda(const Exec& exec, const GatherArgs& args);

}  // namespace athanor::kernels
