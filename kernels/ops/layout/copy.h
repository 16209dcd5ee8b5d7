// copy: y[index] = x[index] for every index, whatever the strides. A permuted view of x makes it a transpose, a sliced
// view of y a concatenation, a stride of 0 in x a repetition.
//
// Shapes      x, y of equal shape (rank <= 6) and equal dtype of whole bytes (any but i4), whose bits are copied;
// strides of
//             any kind, but no two indices of y may name the same element.
// Outputs     y: overwritten; elements of its memory outside the view are untouched. x and y must not overlap.
// Edge cases  Empty shapes do nothing.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct CopyArgs {
  View x{}, y{};
  static constexpr bool kAnyFormat = true;

  static constexpr auto arrays() {
    return std::array{reads("x", &CopyArgs::x).strided(), writes("y", &CopyArgs::y).strided()};
  }
};

void copy(const Exec& exec, const CopyArgs& args);

// Backends.
[[nodiscard]] Candidates<CopyArgs> copy_candidates();
void copy_cuda(const Exec& exec, const CopyArgs& args);

}  // namespace athanor::kernels
