// The AVX2 bodies of softmax over one row.
#pragma once

#include <cstdint>

namespace athanor::kernels {

// y[0, allowed) from x[0, allowed), and 0 (with log: -infinity) in y[allowed, cols). y may be x.
void softmax_row_avx2(std::int64_t cols, std::int64_t allowed, bool log, const float* x, float* y);
// dx from y and dy; dx may be dy.
void softmax_grad_row_avx2(std::int64_t cols, bool log, const float* y, const float* dy, float* dx);

}  // namespace athanor::kernels
