// nearest_code: for each row the code of a codebook that lies nearest, and how far away all of them lie.
//   indices[m] = argmin_k |x[m] - codebook[k]|^2      codes[m] = codebook[indices[m]]
//   distance = (1/MD) sum_md (x[m,d] - codes[m,d])^2
// Source: van den Oord et al. 2017, arXiv:1711.00937, eq. 1 to 3. Of equally near codes the first is taken; codes whose
// distances differ by less than rounding may change places between devices, never between runs.
//
// Shapes      x, codes [..., D] (leading dims flattened to M), codebook [K,D], K >= 1, indices i32 [...], distance [1].
//             f32, contiguous.
// Outputs     codes, indices, distance: overwritten.
// Accumulates distances f32 (reference: f64) as |c|^2 - 2 x c on the CPU, the mean f64 in order of rows.
// Workspace   nearest_code_workspace_bytes: products of a chunk of rows with all codes, and one f64 per row.
// Edge cases  M = 0: distance 0.
//
// nearest_code_grad, of commitment * distance with respect to x and of distance with respect to the codebook:
//   dx = dloss commitment (2/MD) (x - codes)      dcodebook[k] = dloss (2/MD) sum over m with indices[m] = k, codes - x
// Outputs     dx: overwritten. dcodebook: overwritten, or added to when accumulate_parameters. Each may be absent.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct NearestCodeArgs {
  View x{}, codebook{};
  View codes{}, indices{}, distance{};

  static constexpr auto arrays() {
    return std::array{reads("x", &NearestCodeArgs::x), reads("codebook", &NearestCodeArgs::codebook),
                      writes("codes", &NearestCodeArgs::codes), writes("indices", &NearestCodeArgs::indices),
                      writes("distance", &NearestCodeArgs::distance)};
  }
};

struct NearestCodeGradArgs {
  View x{}, codebook{}, indices{};
  float commitment = 0.25f;
  float dloss = 1.0f;
  bool accumulate_parameters = false;
  View dx{}, dcodebook{};

  static constexpr auto arrays() {
    return std::array{reads("x", &NearestCodeGradArgs::x), reads("codebook", &NearestCodeGradArgs::codebook),
                      reads("indices", &NearestCodeGradArgs::indices), writes("dx", &NearestCodeGradArgs::dx),
                      updates("dcodebook", &NearestCodeGradArgs::dcodebook)};
  }
};

void nearest_code(const Exec& exec, const NearestCodeArgs& args);
void nearest_code_grad(const Exec& exec, const NearestCodeGradArgs& args);
[[nodiscard]] std::size_t nearest_code_workspace_bytes(const Exec& exec, const NearestCodeArgs& args);

// Backends.
[[nodiscard]] Candidates<NearestCodeArgs> nearest_code_candidates();
[[nodiscard]] Candidates<NearestCodeGradArgs> nearest_code_grad_candidates();
void nearest_code_cuda(const Exec& exec, const NearestCodeArgs& args);
void nearest_code_grad_cuda(const Exec& exec, const NearestCodeGradArgs& args);
[[nodiscard]] std::size_t nearest_code_cuda_workspace_bytes(const NearestCodeArgs& args);

}  // namespace athanor::kernels
