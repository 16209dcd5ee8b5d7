// sgd: one step of stochastic gradient descent with momentum over a list of tensors, in one pass.
//   g = c * grad + weight_decay * param        momentum = mu * momentum + g
//   param = param - lr * (nesterov ? g + mu * momentum : momentum)
// Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", eq. 1 to 4, in
// the form whose velocity does not hold lr. c clips by the global norm, as in adamw.h.
//
// Shapes      segments: host array of runs of f32; sum_squares f64 [1] from gradient_stats, or absent. A segment's
//             momentum may be null: then mu is 0.
// Outputs     param, momentum: updated in place. grad is only read.
// Arithmetic  f32 per element (reference: f64).
// Edge cases  Empty segments do nothing. A non-finite gradient spoils its elements: check first.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"
#include "kernels/ops/optim/step_values.h"

#include <span>

namespace athanor::kernels {

struct SgdSegment {
  float* param = nullptr;
  const float* grad = nullptr;
  float* momentum = nullptr;
  std::int64_t numel = 0;
  float lr = 0.0f;
  float weight_decay = 0.0f;
};

struct SgdArgs {
  std::span<const SgdSegment> segments{};
  float mu = 0.9f;
  bool nesterov = false;
  float gradient_scale = 1.0f;
  View sum_squares{};
  float max_norm = 0.0f;       // 0: no clipping
  View values{}, nonfinite{};  // see step_values.h

  static constexpr auto arrays() {
    return std::array{reads("sum_squares", &SgdArgs::sum_squares), reads("values", &SgdArgs::values),
                      reads("nonfinite", &SgdArgs::nonfinite)};
  }
};

void sgd(const Exec& exec, const SgdArgs& args);

// Backends.
[[nodiscard]] Candidates<SgdArgs> sgd_candidates();
void sgd_cuda(const Exec& exec, const SgdArgs& args);

}  // namespace athanor::kernels
