// scale_search: of a few scales for each row the one with which its codes in f8_e4m3 lie nearest to the numbers.
//   scale[r] = argmin_s sum_c (x[r,c] - s round(x[r,c] / s))^2,   s in { bf16 with the bits of scale[r] and kMore[k] }
// A logarithmic grid of codes has the same steps under every scale but for how the numbers lie to it, so that a scale
// above the least one that does not saturate may round better: on 256 normal numbers by 7 % than the least one.
// The candidates lie within an octave: beyond it the grid repeats itself, but for its subnormals, which get coarser.
// The least one has the largest number close to 448; the others have it at 281 to 315 and, three of them, at 239 to
// 273, for below 256 its steps are half as large. They were chosen by simulation on normal numbers, and gain as much on
// uniform, Laplace and t-distributed ones.
//
// Shapes      x f32 [R, C], scales f32 [R], of bf16 values, normal and at most half of the largest. Contiguous.
// Outputs     scales: overwritten. Where all candidates are equally near, or x is not finite, it stays.
// Accumulates squares in f32, in eight lanes over columns that are joined by halves: the same bits everywhere. A row
// without subnormal codes is rounded as whole numbers are, which is quicker.
// Host only: what is coded for other processes lies in host memory.
#pragma once

#include "kernels/base/launch.h"
#include "kernels/base/view.h"

#include <array>
#include <cstdint>

namespace athanor::kernels {

struct ScaleSearchArgs {
  static constexpr int kCandidates = 5;
  static constexpr std::array<std::uint32_t, kCandidates> kMore = {0, 76, 100, 104, 112};  // 128 are an octave

  View x{}, scales{};
};

void scale_search(const Exec& exec, const ScaleSearchArgs& args);
[[nodiscard]] Candidates<ScaleSearchArgs> scale_search_candidates();

}  // namespace athanor::kernels
