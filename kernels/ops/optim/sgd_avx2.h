// The AVX2 body of sgd over one run of elements.
#pragma once

#include <cstdint>

namespace athanor::kernels {

struct SgdFactors {
  float gradient;  // what gradients are multiplied by
  float weight_decay, mu, lr;
  bool nesterov;
};

// momentum may be null.
void sgd_avx2(const SgdFactors& factors, std::int64_t numel, const float* grad, float* param, float* momentum);

}  // namespace athanor::kernels
