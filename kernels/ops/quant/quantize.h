// quantize: codes[r,c] = round(x[r,c] / scale(r,c)) in the format of codes, saturating; scale per group (scaling.h).
// dequantize: y[r,c] = code * scale, rounded to the format of y.
//
// Shapes      x [..., C], flattened to [R, C]: f32, f16 or bf16. codes of the same shape: f16, bf16, f8_e4m3, f8_e5m2,
//             i8 or i4 (then C and, for the column-wise copy, R are even). scales f32 [down, across] of the grid.
//             column_codes [C, R] and column_scales are the same of the transpose of x, made from x itself and never
//             from codes. stats f64 [8]: QuantizeStats of codes; amax, sums and counts over the finite elements.
//             Contiguous. codes may be absent (only scales and stats are wanted), so may column_codes and stats.
//             1 <= block <= 256.
// Outputs     codes, column_codes, stats: overwritten. scales and column_scales: read when the scale is given,
//             otherwise overwritten with scale_for(amax of the group). A tensor or a square has one scale for both
//             copies: column_scales is the transpose of scales and may be absent for a tensor.
// Accumulates stats in f64, in an order fixed by the shapes.
// Edge cases  A group's amax looks at finite elements only. NaN stays NaN (0 in integers); infinities saturate in f8
//             and integers. Empty x writes stats of 0 and no scales.
// Workspace   quantize_workspace_bytes.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/scaling.h"

namespace athanor::kernels {

struct QuantizeArgs {
  View x{};
  Grouping grouping = Grouping::tensor;
  std::int64_t block = kQuantBlock;
  DType format = DType::f8_e4m3;  // of codes
  bool given_scale = false;
  bool power_of_two = true;
  View codes{}, scales{}, column_codes{}, column_scales{}, stats{};

  static constexpr bool kAnyFormat = true;
  static constexpr auto arrays() {
    return std::array{reads("x", &QuantizeArgs::x),
                      writes("codes", &QuantizeArgs::codes),
                      updates("scales", &QuantizeArgs::scales),
                      writes("column_codes", &QuantizeArgs::column_codes),
                      updates("column_scales", &QuantizeArgs::column_scales),
                      writes("stats", &QuantizeArgs::stats)};
  }
};

struct DequantizeArgs {
  View codes{}, scales{};
  Grouping grouping = Grouping::tensor;
  std::int64_t block = kQuantBlock;
  View y{};

  static constexpr bool kAnyFormat = true;
  static constexpr auto arrays() {
    return std::array{reads("codes", &DequantizeArgs::codes), reads("scales", &DequantizeArgs::scales),
                      writes("y", &DequantizeArgs::y)};
  }
};

void quantize(const Exec& exec, const QuantizeArgs& args);
void dequantize(const Exec& exec, const DequantizeArgs& args);
[[nodiscard]] std::size_t quantize_workspace_bytes(const Exec& exec, const QuantizeArgs& args);

// Backends.
[[nodiscard]] Candidates<QuantizeArgs> quantize_candidates();
[[nodiscard]] Candidates<DequantizeArgs> dequantize_candidates();
void quantize_cuda(const Exec& exec, const QuantizeArgs& args);
void dequantize_cuda(const Exec& exec, const DequantizeArgs& args);
[[nodiscard]] std::size_t quantize_cuda_workspace_bytes(const QuantizeArgs& args);

}  // namespace athanor::kernels
