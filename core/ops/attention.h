// Differentiable attention. Letters: B batch, T tokens, H heads, D head dim.
#pragma once

#include "core/autograd/variable.h"

namespace athanor::ops {

struct AttentionOptions {
  Tensor lengths = {};  // i32 [B], 1 <= length <= T: later keys are not looked at; absent: all T
  float scale = 0.0f;   // 0: 1/sqrt(D)
};
// out [B,T,H,D] from the packed projection qkv [B,T,3,H,D]. Rows of padded queries are finite but mean nothing.
[[nodiscard]] Variable attention(Context& context, const Variable& qkv, const AttentionOptions& options = {});

}  // namespace athanor::ops
