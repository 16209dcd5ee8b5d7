// The AVX2 body of adamw over one run of elements.
#pragma once

#include <cstdint>

namespace athanor::kernels {

// The factors of one step for one segment, all corrections folded in.
struct AdamWFactors {
  float beta1, beta2, eps;
  float gradient;        // what gradients are multiplied by
  float decay;           // 1 - lr * weight_decay
  float step_size;       // lr / (1 - beta1^t)
  float inverse_root_v;  // 1 / sqrt(1 - beta2^t)
};

void adamw_avx2(const AdamWFactors& factors, std::int64_t numel, const float* grad, float* param, float* m, float* v);

}  // namespace athanor::kernels
