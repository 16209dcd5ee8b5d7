// top_k: the k largest numbers of each row and where they stand, largest first; of equals the one further left first.
//   values[m,i] = x[m, indices[m,i]]
// NaN counts as larger than every number, so that it is seen.
//
// Shapes      x [..., N] (leading dims flattened to M), values [..., k], indices i32 [..., k], 1 <= k <= N. f32,
// contiguous. Outputs     values, indices: overwritten. Edge cases  M = 0 does nothing.
//
// top_k_grad: dx [..., N] = dvalues at the indices, 0 elsewhere. Overwritten.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct TopKArgs {
  View x{};
  View values{}, indices{};

  static constexpr auto arrays() {
    return std::array{reads("x", &TopKArgs::x), writes("values", &TopKArgs::values),
                      writes("indices", &TopKArgs::indices)};
  }
};

struct TopKGradArgs {
  View dvalues{}, indices{};
  View dx{};

  static constexpr auto arrays() {
    return std::array{reads("dvalues", &TopKGradArgs::dvalues), reads("indices", &TopKGradArgs::indices),
                      writes("dx", &TopKGradArgs::dx)};
  }
};

void top_k(const Exec& exec, const TopKArgs& args);
void top_k_grad(const Exec& exec, const TopKGradArgs& args);

// Backends.
[[nodiscard]] Candidates<TopKArgs> top_k_candidates();
[[nodiscard]] Candidates<TopKGradArgs> top_k_grad_candidates();
void top_k_cuda(const Exec& exec, const TopKArgs& args);
void top_k_grad_cuda(const Exec& exec, const TopKGradArgs& args);

}  // namespace athanor::kernels
