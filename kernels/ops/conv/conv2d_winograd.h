// conv2d by Winograd's F(2x2, 3x3): matrix products on fixed chunks of images, see winograd_avx2.h.
#pragma once

#include "kernels/ops/conv/conv2d.h"

namespace athanor::kernels {

// Why not, or null: only 3x3 windows with stride 1 and padding 1, channels in multiples of 8, at least 16, and pictures
// of at most 1024 tiles (64 x 64 pixels).
[[nodiscard]] const char* conv2d_winograd_refusal(const View& x, const View& w, int stride, int padding);

void conv2d_winograd(const Exec& exec, const Conv2dArgs& args);
void conv2d_grad_winograd(const Exec& exec, const Conv2dGradArgs& args);
[[nodiscard]] std::size_t conv2d_winograd_workspace_bytes(const Exec& exec, const Conv2dArgs& args);
[[nodiscard]] std::size_t conv2d_grad_winograd_workspace_bytes(const Exec& exec, const Conv2dGradArgs& args);

}  // namespace athanor::kernels
