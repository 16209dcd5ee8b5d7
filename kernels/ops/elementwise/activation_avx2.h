// The AVX2 bodies of activation over one run of elements.
#pragma once

#include "kernels/base/activation.h"

#include <cstdint>

namespace athanor::kernels {

void activation_avx2(Activation activation, std::int64_t numel, const float* x, float* y);
// dx = dy * act'(x)
void activation_grad_avx2(Activation activation, std::int64_t numel, const float* x, const float* dy, float* dx);

}  // namespace athanor::kernels
