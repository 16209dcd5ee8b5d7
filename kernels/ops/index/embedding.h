// embedding: y[n,:] = table[ids[n] - first,:]
//
// Shapes      table [V,C], the rows from `first` on of a larger one or all of it; ids i32 [...] (flattened to N),
//             y [..., C]. f32, contiguous.
// Outputs     y: overwritten.
// Edge cases  An id whose row the table has not gives zeros, and no gradient.
//
// embedding_grad: dtable[v,:] = sum over n with ids[n] - first == v of dy[n,:], added in order of n on every device.
// Outputs     dtable: overwritten (rows that no id names get 0), or added to when accumulate_parameters.
// Accumulates f32 in order of n (reference: f64).
// Workspace   embedding_grad_workspace_bytes.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct EmbeddingArgs {
  View table{}, ids{};
  std::int32_t first = 0;
  View y{};

  static constexpr auto arrays() {
    return std::array{reads("table", &EmbeddingArgs::table), reads("ids", &EmbeddingArgs::ids),
                      writes("y", &EmbeddingArgs::y)};
  }
};

struct EmbeddingGradArgs {
  View ids{}, dy{};
  std::int32_t first = 0;
  bool accumulate_parameters = false;
  View dtable{};

  static constexpr auto arrays() {
    return std::array{reads("ids", &EmbeddingGradArgs::ids), reads("dy", &EmbeddingGradArgs::dy),
                      updates("dtable", &EmbeddingGradArgs::dtable)};
  }
};

void embedding(const Exec& exec, const EmbeddingArgs& args);
void embedding_grad(const Exec& exec, const EmbeddingGradArgs& args);
[[nodiscard]] std::size_t embedding_grad_workspace_bytes(const Exec& exec, const EmbeddingGradArgs& args);

// Backends.
[[nodiscard]] Candidates<EmbeddingArgs> embedding_candidates();
[[nodiscard]] Candidates<EmbeddingGradArgs> embedding_grad_candidates();
void embedding_cuda(const Exec& exec, const EmbeddingArgs& args);
void embedding_grad_cuda(const Exec& exec, const EmbeddingGradArgs& args);
[[nodiscard]] std::size_t embedding_grad_cuda_workspace_bytes(const EmbeddingGradArgs& args);

}  // namespace athanor::kernels
