// lamb: one step of Adam whose length is made proportional to each tensor's norm, over a list of tensors. With g, m and
// v as in adamw.h,
//   u = (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay * param
//   param = param - lr * r * u,   r = |param| / |u| of the whole tensor, 1 where either is 0
// Source: You et al. 2020, arXiv:1904.00962, algorithm 2. As in common use, tensors without weight decay (biases,
// gains) keep r = 1.
//
// Shapes      segments: host array of runs of f32, each a whole tensor; sum_squares f64 [1], or absent.
// Outputs     param, m, v: updated in place. grad is only read.
// Arithmetic  f32 per element, norms f32 within a block and f64 across blocks in their order (reference: f64).
// Workspace   lamb_workspace_bytes: two sums per block. One pass makes m, v and the norms, a second moves param.
// Edge cases  step counts from 1. Empty segments do nothing. A non-finite gradient spoils its tensor: check first.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"
#include "kernels/ops/optim/step_values.h"

#include <span>

namespace athanor::kernels {

struct LambSegment {
  float* param = nullptr;
  const float* grad = nullptr;
  float* m = nullptr;
  float* v = nullptr;
  std::int64_t numel = 0;
  float lr = 0.0f;
  float weight_decay = 0.0f;
};

struct LambArgs {
  std::span<const LambSegment> segments{};
  float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-6f;
  std::int64_t step = 1;
  float gradient_scale = 1.0f;
  View sum_squares{};
  float max_norm = 0.0f;                         // 0: no clipping
  View values{}, step_on_device{}, nonfinite{};  // see step_values.h

  static constexpr auto arrays() {
    return std::array{reads("sum_squares", &LambArgs::sum_squares), reads("values", &LambArgs::values),
                      reads("step", &LambArgs::step_on_device), reads("nonfinite", &LambArgs::nonfinite)};
  }
};

void lamb(const Exec& exec, const LambArgs& args);
[[nodiscard]] std::size_t lamb_workspace_bytes(const Exec& exec, const LambArgs& args);

// Backends.
[[nodiscard]] Candidates<LambArgs> lamb_candidates();
void lamb_cuda(const Exec& exec, const LambArgs& args);
[[nodiscard]] std::size_t lamb_cuda_workspace_bytes(const LambArgs& args);

}  // namespace athanor::kernels
