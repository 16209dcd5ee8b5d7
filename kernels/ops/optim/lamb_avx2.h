// The AVX2 bodies of lamb over one run of elements.
#pragma once

#include <cstdint>

namespace athanor::kernels {

struct LambFactors {
  float beta1, beta2, eps;
  float gradient;                   // what gradients are multiplied by
  float inverse_m, inverse_root_v;  // 1 / (1 - beta1^t), 1 / sqrt(1 - beta2^t)
  float weight_decay;
};

struct LambNorms {
  double param, update;  // sums of squares
};

// Updates m and v and measures.
LambNorms lamb_moments_avx2(const LambFactors& factors, std::int64_t numel, const float* grad, const float* param,
                            float* m, float* v);
// param -= length * u, from m and v as they are now.
void lamb_apply_avx2(const LambFactors& factors, float length, std::int64_t numel, const float* m, const float* v,
                     float* param);

}  // namespace athanor::kernels
