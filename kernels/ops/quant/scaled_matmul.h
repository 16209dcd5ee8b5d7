// scaled_matmul: c[m,n] = sum_k a[m,k] b[n,k] + bias[n] over codes with scales (scaling.h), both sides with k
// innermost, the order that FP8 tensor cores read.
//
// Shapes      a [..., K] flattened to [M, K], b [N, K]: codes f8_e4m3, f8_e5m2 or i8, each with its grouping and scales
//             f32. c [M, N]: f32, f16 or bf16. bias f32 [N] or absent. Contiguous.
// Outputs     c: overwritten, or added to when accumulate (c is then f32 and there is no bias).
// Accumulates f32 (reference: f64), in an order fixed by the shapes. Rounded to the format of c once, at the end.
//             On CUDA FP8 goes to tensor cores where the library takes it: sizes in multiples of 16 and scales by
//             tensor, row, or blocks of 128. These keep fewer bits of a sum; the bias of a narrow c is rounded, too.
// Edge cases  M or N = 0 does nothing; K = 0 gives the bias.
// Workspace   scaled_matmul_workspace_bytes.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/scaling.h"

namespace athanor::kernels {

struct ScaledMatmulArgs {
  View a{}, a_scales{};
  Grouping a_grouping = Grouping::tensor;
  View b{}, b_scales{};
  Grouping b_grouping = Grouping::tensor;
  std::int64_t block = kQuantBlock;
  View bias{};
  bool accumulate = false;
  View c{};

  static constexpr bool kAnyFormat = true;
  static constexpr auto arrays() {
    return std::array{reads("a", &ScaledMatmulArgs::a),       reads("a_scales", &ScaledMatmulArgs::a_scales),
                      reads("b", &ScaledMatmulArgs::b),       reads("b_scales", &ScaledMatmulArgs::b_scales),
                      reads("bias", &ScaledMatmulArgs::bias), updates("c", &ScaledMatmulArgs::c)};
  }
};

void scaled_matmul(const Exec& exec, const ScaledMatmulArgs& args);
[[nodiscard]] std::size_t scaled_matmul_workspace_bytes(const Exec& exec, const ScaledMatmulArgs& args);

// Backends.
[[nodiscard]] Candidates<ScaledMatmulArgs> scaled_matmul_candidates();
void scaled_matmul_cuda(const Exec& exec, const ScaledMatmulArgs& args);
[[nodiscard]] std::size_t scaled_matmul_cuda_workspace_bytes(const ScaledMatmulArgs& args);

}  // namespace athanor::kernels
