// cross_entropy: the mean negative log-likelihood of one class per row, from given logits.
//   row_log[m] = log sum_v exp(x[m,v] - row_max[m]),  row_max[m] = max_v x[m,v]
//   row[m]     = row_log[m] - (1 - s) (x[m,t] - row_max[m]) - (s/V) sum_v (x[m,v] - row_max[m]),  t = targets[m]
//   loss       = (1/counted) sum_m row[m] over the rows that count: those with targets[m] != ignored
// s = smoothing, the share of the target that is spread evenly over all classes (Szegedy et al. 2016,
// arXiv:1512.00567, section 7). Maximum and logarithm are kept apart, so that large logits lose nothing.
//
// Shapes      x [..., V] (leading dims flattened to M), targets i32 [M], each ignored or within [0, V); loss [1],
//             row_max, row_log [M], counted [1]. f32, contiguous.
// Outputs     loss, row_max, row_log (both 0 in rows that do not count), counted: overwritten.
// Accumulates rows f32, the loss f64 in order of rows (reference: all f64).
// Workspace   cross_entropy_workspace_bytes: one f64 per row.
// Edge cases  No row that counts: loss 0, and gradients of 0.
//
// cross_entropy_grad: dx[m,v] = (dloss/counted) (exp(x[m,v] - row_max[m] - row_log[m]) - (1 - s) [v = t] - s/V), 0 in
// rows that do not count. Overwritten; may alias x. A target outside [0, V) that is not ignored counts, and is none of
// these classes: it stands in another part of the vocabulary.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

inline constexpr std::int32_t kIgnoredTarget = -100;

struct CrossEntropyArgs {
  View x{}, targets{};
  float smoothing = 0.0f;
  std::int32_t ignored = kIgnoredTarget;
  View loss{}, row_max{}, row_log{}, counted{};

  static constexpr auto arrays() {
    return std::array{reads("x", &CrossEntropyArgs::x),
                      reads("targets", &CrossEntropyArgs::targets),
                      writes("loss", &CrossEntropyArgs::loss),
                      writes("row_max", &CrossEntropyArgs::row_max),
                      writes("row_log", &CrossEntropyArgs::row_log),
                      writes("counted", &CrossEntropyArgs::counted)};
  }
};

struct CrossEntropyGradArgs {
  View x{}, targets{}, row_max{}, row_log{}, counted{};
  float smoothing = 0.0f;
  std::int32_t ignored = kIgnoredTarget;
  float dloss = 1.0f;
  View dx{};

  static constexpr auto arrays() {
    return std::array{reads("x", &CrossEntropyGradArgs::x),
                      reads("targets", &CrossEntropyGradArgs::targets),
                      reads("row_max", &CrossEntropyGradArgs::row_max),
                      reads("row_log", &CrossEntropyGradArgs::row_log),
                      reads("counted", &CrossEntropyGradArgs::counted),
                      writes("dx", &CrossEntropyGradArgs::dx)};
  }
};

void cross_entropy(const Exec& exec, const CrossEntropyArgs& args);
void cross_entropy_grad(const Exec& exec, const CrossEntropyGradArgs& args);
[[nodiscard]] std::size_t cross_entropy_workspace_bytes(const Exec& exec, const CrossEntropyArgs& args);

// Backends.
[[nodiscard]] Candidates<CrossEntropyArgs> cross_entropy_candidates();
[[nodiscard]] Candidates<CrossEntropyGradArgs> cross_entropy_grad_candidates();
void cross_entropy_cuda(const Exec& exec, const CrossEntropyArgs& args);
void cross_entropy_grad_cuda(const Exec& exec, const CrossEntropyGradArgs& args);
[[nodiscard]] std::size_t cross_entropy_cuda_workspace_bytes(const CrossEntropyArgs& args);

}  // namespace athanor::kernels
