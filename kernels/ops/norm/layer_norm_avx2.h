// The AVX2 bodies of layer_norm over some rows. Null pointers mean what absent views mean in layer_norm.h.
#pragma once

#include <cstdint>

namespace athanor::kernels {

void layer_norm_rows_avx2(std::int64_t rows, std::int64_t cols, const float* x, const float* gain, const float* bias,
                          float eps, float* y, float* mean, float* rstd);

// dgain and dbias receive the sums over these rows (overwritten).
void layer_norm_grad_rows_avx2(std::int64_t rows, std::int64_t cols, const float* x, const float* gain,
                               const float* mean, const float* rstd, const float* dy, float* dx, float* dgain,
                               float* dbias);

}  // namespace athanor::kernels
