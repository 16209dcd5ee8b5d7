// The AVX2 bodies of rms_norm over some rows. Null pointers mean what absent views mean in rms_norm.h.
#pragma once

#include <cstdint>

namespace athanor::kernels {

void rms_norm_rows_avx2(std::int64_t rows, std::int64_t cols, const float* x, const float* gain, float eps, float* y,
                        float* rstd);

// dgain receives the sum over these rows (overwritten).
void rms_norm_grad_rows_avx2(std::int64_t rows, std::int64_t cols, const float* x, const float* gain, const float* rstd,
                             const float* dy, float* dx, float* dgain);

}  // namespace athanor::kernels
