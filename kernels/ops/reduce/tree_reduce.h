// tree_reduce: y[c] = x[0,c] ∘ x[1,c] ∘ … in the order of a binary counter: neighbours first, ((0∘1)∘(2∘3))∘((4∘5)∘…),
// an odd one out going up unchanged. So the sum over ranks has the bits of one process that adds the same leaves
// (core/comm/combine.h is the same on the host).
//
// Shapes      x [N, C], y [C]; N is 1 to 2^kTreeReduceDepth. f32, contiguous. y may be a row of x.
// Outputs     y: overwritten, the same bits on every device. NaN wins in maximum and minimum.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

enum class TreeReduction : std::uint8_t { sum, maximum, minimum };

inline constexpr int kTreeReduceDepth = 16;

struct TreeReduceArgs {
  View x{};
  TreeReduction reduction = TreeReduction::sum;
  View y{};

  static constexpr auto arrays() { return std::array{reads("x", &TreeReduceArgs::x), writes("y", &TreeReduceArgs::y)}; }
};

void tree_reduce(const Exec& exec, const TreeReduceArgs& args);

// Backends.
[[nodiscard]] Candidates<TreeReduceArgs> tree_reduce_candidates();
void tree_reduce_cuda(const Exec& exec, const TreeReduceArgs& args);

}  // namespace athanor::kernels
