// batched_matmul: c[s,t] = act(alpha * sum op(a[s,t]) op(b[s,t]) + bias) + residual[s,t],   op(z) = z or its transpose.
//
// Shapes      a [A0,A1,M,K], or [A0,A1,K,M] when transpose_a; b [B0,B1,K,N], or [B0,B1,N,K] when transpose_b;
//             c, residual, preactivation [C0,C1,M,N]; bias [N]. f32.
//             In each of the two batch dims, a and b have the same size or one of them has 1, which is repeated over
//             the other's; c has that size, or 1, and then holds the sum over it. a and b: inner stride 1, row and
//             batch strides of any kind. The others are contiguous. bias and residual may be absent.
// Outputs     c and preactivation (what the activation sees; wanted only for its gradient): overwritten. residual may
// be c
//             when activation is none.
// Accumulates f32 (reference: f64), in an order fixed by the shapes; sums over batches in order of (dim 0, dim 1). On
//             CUDA f16 and bf16 as in linear.
// Edge cases  K = 0 or no batch to sum leaves a product of 0. An empty c does nothing. preactivation is ignored when
//             activation is none.
// Gradient    With g = dc * act'(preactivation): da and db are batched products of g again, whose c has 1 where a or b
// had
//             been repeated; dbias = g summed over all but the last dim; the gradient of residual is dc itself.
#pragma once

#include "kernels/base/activation.h"
#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct BatchedMatmulArgs {
  View a{}, b{};
  bool transpose_a = false, transpose_b = false;
  float alpha = 1.0f;
  View bias{}, residual{};
  Activation activation = Activation::none;
  View c{}, preactivation{};

  static constexpr auto arrays() {
    using Self = BatchedMatmulArgs;
    return std::array{reads("a", &Self::a).narrow().strided(),
                      reads("b", &Self::b).narrow().strided(),
                      reads("bias", &Self::bias),
                      reads("residual", &Self::residual).narrow(),
                      writes("c", &Self::c).narrow(),
                      writes("preactivation", &Self::preactivation).narrow()};
  }
};

// Which matrices of a and b make up each matrix of c; the same walk on every device.
struct BatchWalk {
  std::int64_t c_matrices = 0;     // C0 C1
  std::int64_t sum[2] = {1, 1};    // how many batches are added in each dim
  std::int64_t batch[2] = {1, 1};  // the common sizes

  explicit BatchWalk(const BatchedMatmulArgs& args) : c_matrices(args.c.dim(0) * args.c.dim(1)) {
    for (int dim = 0; dim < 2; ++dim) {
      batch[dim] = args.a.dim(dim) == 1 ? args.b.dim(dim) : args.a.dim(dim);
      sum[dim] = args.c.dim(dim) == 1 ? batch[dim] : 1;
    }
  }
  [[nodiscard]] std::int64_t terms() const noexcept { return sum[0] * sum[1]; }
  // Where the matrix of `view` begins that is the term-th of c's matrix.
  [[nodiscard]] std::int64_t offset(const View& view, const View& c, std::int64_t matrix, std::int64_t term) const {
    const std::int64_t first = matrix / c.dim(1) + term / sum[1], second = matrix % c.dim(1) + term % sum[1];
    return (view.dim(0) == 1 ? 0 : first * view.strides[0]) + (view.dim(1) == 1 ? 0 : second * view.strides[1]);
  }
};

void batched_matmul(const Exec& exec, const BatchedMatmulArgs& args);
[[nodiscard]] std::size_t batched_matmul_workspace_bytes(const Exec& exec, const BatchedMatmulArgs& args);

// Backends.
[[nodiscard]] Candidates<BatchedMatmulArgs> batched_matmul_candidates();
void batched_matmul_cuda(const Exec& exec, const BatchedMatmulArgs& args);
[[nodiscard]] std::size_t batched_matmul_cuda_workspace_bytes(const BatchedMatmulArgs& args);

}  // namespace athanor::kernels
