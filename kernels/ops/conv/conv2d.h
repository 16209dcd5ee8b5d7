// conv2d: y[b,oh,ow,o] = bias[o] + sum_{kh,kw,i} x[b, oh*stride - padding + kh, ow*stride - padding + kw, i]
// w[o,kh,kw,i] (cross-correlation with zero padding; positions outside x count as 0).
//
// Shapes      x [B,H,W,I] (NHWC), w [O,KH,KW,I] contiguous in that order, bias [O] or absent, y [B,OH,OW,O] with
//             OH = (H + 2*padding - KH) / stride + 1 (rounded down), OW likewise. f32, contiguous.
// Outputs     y: overwritten.
// Accumulates f32, in an order fixed by the shapes (reference: f64). On the CPU 3x3 windows with stride 1, padding 1
// and
//             channels in multiples of 8 go by minimal filtering (Lavin and Gray 2015, arXiv:1509.09308), all else
//             directly. On CUDA f16 and bf16 as in linear.
// Workspace   conv2d_workspace_bytes.
// Edge cases  B = 0 does nothing. Windows wholly inside the padding give the bias.
//
// conv2d_grad: dx and dw are the adjoints of the map above, dbias[o] = sum_{b,oh,ow} dy[b,oh,ow,o].
// Outputs     dx: overwritten, positions that no window reads get 0. dw and dbias: overwritten, or added to when
//             accumulate_parameters. Each may be absent (the first layer of a model needs no dx), and none changes a
//             bit of another.
// Inputs      x is read only where dw or dbias is wanted, w only for dx; elsewhere a shape without numbers will do.
// Workspace   conv2d_grad_workspace_bytes. Sums over the batch run in fixed chunks of images, added in order.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct Conv2dArgs {
  View x{}, w{}, bias{};
  int stride = 1;
  int padding = 0;
  View y{};

  static constexpr auto arrays() {
    return std::array{reads("x", &Conv2dArgs::x).narrow(), reads("w", &Conv2dArgs::w).narrow(),
                      reads("bias", &Conv2dArgs::bias), writes("y", &Conv2dArgs::y).narrow()};
  }
};

struct Conv2dGradArgs {
  View x{}, w{}, dy{};
  int stride = 1;
  int padding = 0;
  bool accumulate_parameters = false;
  View dx{}, dw{}, dbias{};

  static constexpr auto arrays() {
    return std::array{reads("x", &Conv2dGradArgs::x).narrow(),   reads("w", &Conv2dGradArgs::w).narrow(),
                      reads("dy", &Conv2dGradArgs::dy).narrow(), writes("dx", &Conv2dGradArgs::dx).narrow(),
                      updates("dw", &Conv2dGradArgs::dw),        updates("dbias", &Conv2dGradArgs::dbias)};
  }
};

// The length of the output along one side.
[[nodiscard]] constexpr std::int64_t conv_out_size(std::int64_t in, std::int64_t kernel, int stride,
                                                   int padding) noexcept {
  return (in + 2 * padding - kernel) / stride + 1;
}

void conv2d(const Exec& exec, const Conv2dArgs& args);
void conv2d_grad(const Exec& exec, const Conv2dGradArgs& args);
[[nodiscard]] std::size_t conv2d_workspace_bytes(const Exec& exec, const Conv2dArgs& args);
[[nodiscard]] std::size_t conv2d_grad_workspace_bytes(const Exec& exec, const Conv2dGradArgs& args);

// Backends.
[[nodiscard]] Candidates<Conv2dArgs> conv2d_candidates();
[[nodiscard]] Candidates<Conv2dGradArgs> conv2d_grad_candidates();
void conv2d_cuda(const Exec& exec, const Conv2dArgs& args);
void conv2d_grad_cuda(const Exec& exec, const Conv2dGradArgs& args);
[[nodiscard]] std::size_t conv2d_cuda_workspace_bytes(const Conv2dArgs& args);
[[nodiscard]] std::size_t conv2d_grad_cuda_workspace_bytes(const Conv2dGradArgs& args);

}  // namespace athanor::kernels
