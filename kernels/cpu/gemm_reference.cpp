#include "kernels/cpu/gemm.h"

namespace athanor::kernels::cpu {

void gemm_reference(const GemmArgs& args) {
  const std::int64_t a_row = args.transpose_a ? 1 : args.lda, a_k = args.transpose_a ? args.lda : 1;
  const std::int64_t b_k = args.transpose_b ? 1 : args.ldb, b_col = args.transpose_b ? args.ldb : 1;
  for (std::int64_t row = 0; row < args.m; ++row)
    for (std::int64_t col = 0; col < args.n; ++col) {
      double sum = 0.0;
      for (std::int64_t k = 0; k < args.k; ++k)
        sum += static_cast<double>(args.a[row * a_row + k * a_k]) * static_cast<double>(args.b[k * b_k + col * b_col]);
      float& c = args.c[row * args.ldc + col];
      const double before = args.beta == 0.0f ? 0.0 : static_cast<double>(args.beta) * static_cast<double>(c);
      c = static_cast<float>(static_cast<double>(args.alpha) * sum + before);
    }
}

}  // namespace athanor::kernels::cpu
