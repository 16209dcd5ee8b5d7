// The AVX2 parts of linear: what surrounds the matrix product.
#pragma once

#include "kernels/base/activation.h"

#include <cstdint>

namespace athanor::kernels {

// y holds x w^T on entry: adds bias [cols], keeps a copy in preactivation, applies the activation, adds residual. Each
// pointer may be null. residual and preactivation have the layout of y.
void linear_epilogue_avx2(Activation activation, std::int64_t rows, std::int64_t cols, const float* bias,
                          const float* residual, float* preactivation, float* y);

// Columns [begin, end) of the transpose of w [n,k]: out[i * out_row + column] = w[column * k + i].
void transpose_rows_avx2(const float* w, std::int64_t k, std::int64_t begin, std::int64_t end, float* out,
                         std::int64_t out_row);

}  // namespace athanor::kernels
