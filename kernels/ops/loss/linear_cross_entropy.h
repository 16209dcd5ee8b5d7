// linear_cross_entropy: a classifying head and its cross_entropy in one, without the M x V logits.
//   l[M,V] = x[M,K] w[V,K]^T + bias[V]      loss = cross_entropy(l, targets); see cross_entropy.h
// Rows are taken in chunks: the logits of a chunk become their own gradient g in place, from which dx of the chunk and
// its share of dw and dbias follow at once. So the gradient costs no second product x w^T.
// Source: Hsu et al. 2024, "Liger kernel", arXiv:2410.10989, section 3.2.
//
// Shapes      x [..., K] (leading dims flattened to M), w [V,K], bias [V] or absent, targets i32 [M], each ignored or
//             within [0, V); loss, counted [1]; dx as x, dw [V,K], dbias [V]. f32, contiguous.
// Outputs     loss, counted (rows with targets[m] != ignored), and the gradients of loss dx, dw, dbias: overwritten.
//             Each gradient may be absent.
// Accumulates products and rows f32, the loss f64 in order of rows (reference: all f64). Blocks depend on shapes only.
// Workspace   linear_cross_entropy_workspace_bytes: the logits of one chunk and one f64 per row.
// Edge cases  No row that counts: loss 0, gradients 0.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"
#include "kernels/ops/loss/cross_entropy.h"

namespace athanor::kernels {

struct LinearCrossEntropyArgs {
  View x{}, w{}, bias{}, targets{};
  float smoothing = 0.0f;
  std::int32_t ignored = kIgnoredTarget;
  View loss{}, counted{}, dx{}, dw{}, dbias{};

  static constexpr auto arrays() {
    return std::array{
        reads("x", &LinearCrossEntropyArgs::x).narrow(), reads("w", &LinearCrossEntropyArgs::w).narrow(),
        reads("bias", &LinearCrossEntropyArgs::bias),    reads("targets", &LinearCrossEntropyArgs::targets),
        writes("loss", &LinearCrossEntropyArgs::loss),   writes("counted", &LinearCrossEntropyArgs::counted),
        writes("dx", &LinearCrossEntropyArgs::dx),       writes("dw", &LinearCrossEntropyArgs::dw),
        writes("dbias", &LinearCrossEntropyArgs::dbias)};
  }
};

void linear_cross_entropy(const Exec& exec, const LinearCrossEntropyArgs& args);
[[nodiscard]] std::size_t linear_cross_entropy_workspace_bytes(const Exec& exec, const LinearCrossEntropyArgs& args);

// Backends.
[[nodiscard]] Candidates<LinearCrossEntropyArgs> linear_cross_entropy_candidates();
void linear_cross_entropy_cuda(const Exec& exec, const LinearCrossEntropyArgs& args);
[[nodiscard]] std::size_t linear_cross_entropy_cuda_workspace_bytes(const LinearCrossEntropyArgs& args);

}  // namespace athanor::kernels
