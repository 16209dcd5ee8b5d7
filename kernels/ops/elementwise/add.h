// add: y = a + b, where b is repeated over the leading dims of a.
//
// Shapes      a, y of equal shape; b holds the trailing dims of a, all of them or fewer ([B,T,C] + [T,C], [B,T,C] +
// [C]):
//             a.numel() is a multiple of b.numel(). f32, contiguous.
// Outputs     y: overwritten. y may alias a, and b when b has the size of a.
// Edge cases  Empty a does nothing.
// Gradient    da = dy; db = dy, summed over the leading dims by sum_leading when b was repeated.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct AddArgs {
  View a{}, b{}, y{};

  static constexpr auto arrays() {
    return std::array{reads("a", &AddArgs::a).narrow(), reads("b", &AddArgs::b).narrow(1),
                      writes("y", &AddArgs::y).narrow()};
  }
};

void add(const Exec& exec, const AddArgs& args);

// Backends.
[[nodiscard]] Candidates<AddArgs> add_candidates();
void add_cuda(const Exec& exec, const AddArgs& args);

}  // namespace athanor::kernels
