// Differentiable convolution and pooling over NHWC images. Letters: B batch, H height, W width, I/O channels in/out.
#pragma once

#include "core/autograd/variable.h"

namespace athanor::ops {

struct Conv2dOptions {
  int stride = 1;
  int padding = 0;
};
// y [B,OH,OW,O] from x [B,H,W,I], weight [O,KH,KW,I], bias [O] or absent.
[[nodiscard]] Variable conv2d(Context& context, const Variable& x, const Variable& weight, const Variable& bias,
                              const Conv2dOptions& options = {});
// 2x2 windows, stride 2: [B,H,W,C] -> [B,H/2,W/2,C].
[[nodiscard]] Variable max_pool2d(Context& context, const Variable& x);
[[nodiscard]] Variable avg_pool2d(Context& context, const Variable& x);

}  // namespace athanor::ops
