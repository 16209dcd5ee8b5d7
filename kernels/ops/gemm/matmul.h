// matmul: c[M,N] = alpha * op(a) op(b) + beta * c,   op(z) = z or its transpose.
//
// Shapes      a [M,K], or [K,M] when transpose_a; b [K,N], or [N,K] when transpose_b; c [M,N]. All f32.
//             The inner stride of each is 1; the row stride may be larger than the row.
// Outputs     c: overwritten when beta is 0 (old values, even NaN, are not read), otherwise accumulated into.
// Accumulates f32 (reference: f64), in an order fixed by M, N and K.
// Edge cases  K = 0 gives beta * c. M = 0 or N = 0 does nothing. c must not alias a or b.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct MatmulArgs {
  View a{}, b{}, c{};
  bool transpose_a = false;
  bool transpose_b = false;
  float alpha = 1.0f;
  float beta = 0.0f;

  static constexpr auto arrays() {
    return std::array{reads("a", &MatmulArgs::a).narrow().strided(), reads("b", &MatmulArgs::b).narrow().strided(),
                      updates("c", &MatmulArgs::c).narrow().strided()};
  }
};

void matmul(const Exec& exec, const MatmulArgs& args);

// Backends.
[[nodiscard]] Candidates<MatmulArgs> matmul_candidates();
void matmul_cuda(const Exec& exec, const MatmulArgs& args);

}  // namespace athanor::kernels
