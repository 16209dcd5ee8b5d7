// The AVX2 bodies of regression_loss over one run of numbers. beta = 0 is l1.
#pragma once

#include <cstdint>

namespace athanor::kernels {

// sum f(x - target)
[[nodiscard]] float distance_sum_avx2(const float* x, const float* target, std::int64_t count, float beta);
// dx = factor f'(x - target)
void distance_grad_avx2(const float* x, const float* target, std::int64_t count, float beta, float factor, float* dx);

}  // namespace athanor::kernels
