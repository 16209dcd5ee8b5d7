// The matrix product that CPU kernels call on one fixed block, on the calling thread.
#pragma once

#include <cstdint>

namespace athanor::kernels::cpu {

// c[m,n] = alpha * op(a) op(b) + beta * c, row-major, with op(a) [m,k], op(b) [k,n] and row strides lda, ldb, ldc. f32;
// the order of additions is a function of the sizes. Throws Failure (internal) outside a block of parallel_for, which
// keeps it on one thread and signal handlers away (block.h), and if the library refuses.
struct GemmArgs {
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 0, n = 0, k = 0;
  float alpha = 1.0f;
  const float* a = nullptr;
  std::int64_t lda = 0;
  const float* b = nullptr;
  std::int64_t ldb = 0;
  float beta = 0.0f;
  float* c = nullptr;
  std::int64_t ldc = 0;
};

void gemm(const GemmArgs& args);

// The same by three loops with double accumulation: the oracle.
void gemm_reference(const GemmArgs& args);

}  // namespace athanor::kernels::cpu
