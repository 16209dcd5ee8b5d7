// The AVX2 bodies of giou_loss over a run of boxes, eight at a time.
#pragma once

#include <cstdint>

namespace athanor::kernels {

// losses[m] = 1 - giou of x[m] and target[m]
void giou_losses_avx2(const float* x, const float* target, std::int64_t rows, float* losses);

// dx[m] = the gradient of losses[m], times factors[m]
void giou_gradients_avx2(const float* x, const float* target, const float* factors, std::int64_t rows, float* dx);

}  // namespace athanor::kernels
