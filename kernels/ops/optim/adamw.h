// adamw: one step of Adam with decoupled weight decay over a list of tensors, in one pass. With g = c * grad,
//   m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
//   param = param * (1 - lr * weight_decay) - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
// Source: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2, with the decay multiplied by lr as in common use.
// c = gradient_scale * min(1, max_norm / (norm + 1e-6)), norm = gradient_scale * sqrt(sum_squares); the second factor
// only when sum_squares is given and max_norm > 0. On CUDA nothing needs to come back to the host for clipping.
//
// Formats     param f32, or bf16 by `rounding` (8 significant bits: most late steps are less than half a unit):
//               nearest      to even; such steps are lost. Only to be measured against.
//               stochastic   up with the probability of the part cut off, so that the mean is right. The 16 random bits
//               of
//                            element e are those of philox_at(seed, step, stream, p), p = 8 (e / 64) + e % 8, word
//                            (e % 64) / 16, upper half where (e % 16) >= 8: any device, any cut of the list, same bits.
//               compensated  param + compensation (bf16) is the value, about 16 significant bits; see Kahan 1965.
//             m, v f32 or bf16, the latter stochastic with p + 2^61 (m) and p + 2^62 (v).
// Shapes      segments: host array of runs; sum_squares f64 [1] from gradient_stats, or absent; lost i64 [2] or absent.
// Outputs     param, m, v, compensation: updated in place. grad is only read. lost, overwritten: elements whose value
//             did not change although m is not 0, and elements whose m is not 0.
// Arithmetic  f32 per element (reference: f64); the bias corrections in f64.
// Workspace   adamw_workspace_bytes: counts per block, where `lost` is wanted.
// Edge cases  step counts from 1. Empty segments do nothing. A non-finite gradient spoils its elements: check first.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"
#include "kernels/ops/optim/master_rounding.h"
#include "kernels/ops/optim/step_values.h"

#include <span>

namespace athanor::kernels {

struct AdamWSegment {
  void* param = nullptr;
  const float* grad = nullptr;
  void* m = nullptr;
  void* v = nullptr;
  std::int64_t numel = 0;
  float lr = 0.0f;
  float weight_decay = 0.0f;
  std::uint16_t* compensation = nullptr;  // bf16
  std::uint32_t stream = 0;               // names the tensor to the random numbers
};

struct AdamWArgs {
  std::span<const AdamWSegment> segments{};
  float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
  std::int64_t step = 1;
  float gradient_scale = 1.0f;
  View sum_squares{};
  float max_norm = 0.0f;  // 0: no clipping
  DType master = DType::f32, moments = DType::f32;
  MasterRounding rounding = MasterRounding::stochastic;
  std::uint64_t seed = 0;
  View lost{};
  View values{}, step_on_device{}, nonfinite{};  // see step_values.h

  static constexpr auto arrays() {
    return std::array{reads("sum_squares", &AdamWArgs::sum_squares), writes("lost", &AdamWArgs::lost),
                      reads("values", &AdamWArgs::values), reads("step", &AdamWArgs::step_on_device),
                      reads("nonfinite", &AdamWArgs::nonfinite)};
  }
};

void adamw(const Exec& exec, const AdamWArgs& args);
[[nodiscard]] std::size_t adamw_workspace_bytes(const Exec& exec, const AdamWArgs& args);

// Backends.
[[nodiscard]] Candidates<AdamWArgs> adamw_candidates();
void adamw_cuda(const Exec& exec, const AdamWArgs& args);
[[nodiscard]] std::size_t adamw_cuda_workspace_bytes(const AdamWArgs& args);

}  // namespace athanor::kernels
