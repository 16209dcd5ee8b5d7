// The AVX2 parts of linear: what surrounds the matrix product.
#pragma once

#include "kernels/base/activation.h"

#include <cstdint>

namespace athanor::kernels {

// y holds x w^T on entry: adds bias [cols], keeps a copy in preactivation, applies the activation, adds residual. Each
// pointer may be null. residual and preactivation have the layout of y.
void linear_epilogue_avx2(Activation activation, std::int64_t rows, std::int64_t cols, const float* bias,
                          const float* residual, float* preactivation, float* y);

}  // namespace athanor::kernels
