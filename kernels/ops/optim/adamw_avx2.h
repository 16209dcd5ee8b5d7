// The AVX2 bodies of adamw over one run of elements.
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

struct UpdateCount {
  std::int64_t lost, wanted;
};

// Everything in f32.
UpdateCount adamw_avx2(const AdamWFactors& factors, std::int64_t numel, const float* grad, float* param, float* m,
                       float* v);

// A run of a tensor of which at least one array is bf16.
struct NarrowRun {
  std::int64_t first, numel;  // elements [first, first + numel) of the tensor; `first` is a multiple of 64
  const float* grad;          // this and all below: of the whole tensor
  void *param, *m, *v;
  std::uint16_t* compensation;
  bool narrow_param, narrow_moments;
  int rounding;  // of bf16 parameters: a MasterRounding
  std::uint64_t seed;
  std::uint32_t step, stream;
};
UpdateCount adamw_narrow_avx2(const AdamWFactors& factors, const NarrowRun& run);

}  // namespace athanor::kernels
