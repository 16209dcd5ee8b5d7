// masked_mean: y[b,c] = (1/lengths[b]) sum_{t < lengths[b]} x[b,t,c]
//
// Shapes      x [B,T,C], lengths i32 [B] or absent (all T), y [B,C]. f32, contiguous.
// Outputs     y: overwritten.
// Accumulates f32, in order of t (reference: f64).
// Edge cases  1 <= lengths[b] <= T is the caller's duty; the front-end refuses anything else.
//
// masked_mean_grad: dx[b,t,c] = dy[b,c] / lengths[b] for t < lengths[b], 0 beyond.
// Outputs     dx: overwritten.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct MaskedMeanArgs {
  View x{}, lengths{}, y{};

  static constexpr auto arrays() {
    return std::array{reads("x", &MaskedMeanArgs::x).narrow(), reads("lengths", &MaskedMeanArgs::lengths),
                      writes("y", &MaskedMeanArgs::y).narrow()};
  }
};

struct MaskedMeanGradArgs {
  View dy{}, lengths{}, dx{};

  static constexpr auto arrays() {
    return std::array{reads("dy", &MaskedMeanGradArgs::dy).narrow(), reads("lengths", &MaskedMeanGradArgs::lengths),
                      writes("dx", &MaskedMeanGradArgs::dx).narrow()};
  }
};

void masked_mean(const Exec& exec, const MaskedMeanArgs& args);
void masked_mean_grad(const Exec& exec, const MaskedMeanGradArgs& args);

// Backends.
[[nodiscard]] Candidates<MaskedMeanArgs> masked_mean_candidates();
[[nodiscard]] Candidates<MaskedMeanGradArgs> masked_mean_grad_candidates();
void masked_mean_cuda(const Exec& exec, const MaskedMeanArgs& args);
void masked_mean_grad_cuda(const Exec& exec, const MaskedMeanGradArgs& args);

}  // namespace athanor::kernels
