// gradient_stats: over a list of tensors, sum_squares = sum x^2 and nonfinite = how many elements are NaN or infinite.
// One pass serves gradient clipping, the norm that is logged and the check that a step may be taken.
//
// Shapes      segments: any number of f32 runs (host array of device pointers); sum_squares f64 [1], nonfinite i64 [1].
// Outputs     Both overwritten. sum_squares counts finite elements only, so that the norm says something even then.
// Accumulates f64 over pieces of kSquarePiece elements of a segment; pieces and segments are added in order, so that
//             who has some of the pieces each can add up what one has who has all (core/optim/square_sums.h).
// Workspace   gradient_stats_workspace_bytes.
// Edge cases  No segments, or empty ones: 0 and 0.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

#include <span>

namespace athanor::kernels {

inline constexpr std::int64_t kSquarePiece = 16384;

struct GradientSegment {
  const float* data = nullptr;
  std::int64_t numel = 0;
};

struct GradientStatsArgs {
  std::span<const GradientSegment> segments{};
  View sum_squares{}, nonfinite{};

  static constexpr auto arrays() {
    return std::array{writes("sum_squares", &GradientStatsArgs::sum_squares),
                      writes("nonfinite", &GradientStatsArgs::nonfinite)};
  }
};

void gradient_stats(const Exec& exec, const GradientStatsArgs& args);
[[nodiscard]] std::size_t gradient_stats_workspace_bytes(const Exec& exec, const GradientStatsArgs& args);

// Backends.
[[nodiscard]] Candidates<GradientStatsArgs> gradient_stats_candidates();
void gradient_stats_cuda(const Exec& exec, const GradientStatsArgs& args);
[[nodiscard]] std::size_t gradient_stats_cuda_workspace_bytes(const GradientStatsArgs& args);

}  // namespace athanor::kernels
