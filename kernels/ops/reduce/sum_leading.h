// sum_leading: y[c] = sum_n x[n,c]: the gradient of everything that was repeated over leading dims (biases, positions).
//
// Shapes      y holds the trailing dims of x, flattened to C; the leading dims of x are flattened to N. f32,
// contiguous. Outputs     y: overwritten, or added to when accumulate. Accumulates f32 over fixed blocks of rows, the
// blocks added in order (reference: f64). Workspace   sum_leading_workspace_bytes. Edge cases  N = 0 writes zeros (or
// leaves y when accumulating).
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct SumLeadingArgs {
  View x{};
  bool accumulate = false;
  View y{};

  static constexpr auto arrays() {
    return std::array{reads("x", &SumLeadingArgs::x).narrow(), updates("y", &SumLeadingArgs::y)};
  }
};

void sum_leading(const Exec& exec, const SumLeadingArgs& args);
[[nodiscard]] std::size_t sum_leading_workspace_bytes(const Exec& exec, const SumLeadingArgs& args);

// Backends.
[[nodiscard]] Candidates<SumLeadingArgs> sum_leading_candidates();
void sum_leading_cuda(const Exec& exec, const SumLeadingArgs& args);
[[nodiscard]] std::size_t sum_leading_cuda_workspace_bytes(const SumLeadingArgs& args);

}  // namespace athanor::kernels
