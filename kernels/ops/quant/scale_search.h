// scale_search: of a few scales for each row the one with which its codes in f8_e4m3 lie nearest to the numbers.
//   scale[r] = argmin_s sum_c (x[r,c] - s round(x[r,c] / s))^2,   s in { bf16 with the bits of scale[r] and k * kStep }
// A logarithmic grid of codes has the same steps under every scale but for how the numbers lie to it, so that a scale
// above the least one that does not saturate may round better: on 256 normal numbers by 8 % than the least one.
// The candidates divide an octave: beyond it the grid repeats itself, but for its subnormals, which get coarser.
//
// Shapes      x f32 [R, C], scales f32 [R], of bf16 values, normal and at most half of the largest. Contiguous.
// Outputs     scales: overwritten. Where all candidates are equally near, or x is not finite, it stays.
// Accumulates squares in f32, in eight lanes over columns that are joined by halves: the same bits everywhere.
// Host only: what is coded for other processes lies in host memory.
#pragma once

#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct ScaleSearchArgs {
  static constexpr int kCandidates = 8;
  static constexpr std::uint32_t kStep = 128 / kCandidates;  // in bits of bf16, of which 128 are an octave

  View x{}, scales{};
};

void scale_search(const Exec& exec, const ScaleSearchArgs& args);
[[nodiscard]] Candidates<ScaleSearchArgs> scale_search_candidates();

}  // namespace athanor::kernels
