// The AVX2 bodies of swiglu over one row.
#pragma once

#include <cstdint>

namespace athanor::kernels {

void swiglu_row_avx2(std::int64_t cols, const float* gate, const float* value, float* y);
// dgate may be gate, dvalue may be value.
void swiglu_grad_row_avx2(std::int64_t cols, const float* gate, const float* value, const float* dy, float* dgate,
                          float* dvalue);

}  // namespace athanor::kernels
