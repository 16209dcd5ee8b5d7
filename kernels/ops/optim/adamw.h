// adamw: one step of Adam with decoupled weight decay over a list of tensors, in one pass. With g = c * grad,
//   m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
//   param = param * (1 - lr * weight_decay) - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
// Source: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2, with the decay multiplied by lr as in common use.
// c = gradient_scale * min(1, max_norm / (norm + 1e-6)), norm = gradient_scale * sqrt(sum_squares); the second factor
// only when sum_squares is given and max_norm > 0. On CUDA nothing needs to come back to the host for clipping.
//
// Shapes      segments: host array of runs of f32; sum_squares f64 [1] from gradient_stats, or absent.
// Outputs     param, m, v: updated in place. grad is only read.
// Arithmetic  f32 per element (reference: f64); the bias corrections in f64.
// Edge cases  step counts from 1. Empty segments do nothing. A non-finite gradient spoils its elements: check first.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

#include <span>

namespace athanor::kernels {

struct AdamWSegment {
  float* param = nullptr;
  const float* grad = nullptr;
  float* m = nullptr;
  float* v = nullptr;
  std::int64_t numel = 0;
  float lr = 0.0f;
  float weight_decay = 0.0f;
};

struct AdamWArgs {
  std::span<const AdamWSegment> segments{};
  float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
  std::int64_t step = 1;
  float gradient_scale = 1.0f;
  View sum_squares{};
  float max_norm = 0.0f;  // 0: no clipping

  static constexpr auto arrays() { return std::array{reads("sum_squares", &AdamWArgs::sum_squares)}; }
};

void adamw(const Exec& exec, const AdamWArgs& args);

// Backends.
[[nodiscard]] Candidates<AdamWArgs> adamw_candidates();
void adamw_cuda(const Exec& exec, const AdamWArgs& args);

}  // namespace athanor::kernels
