// Differentiable attention. Letters: B batch, T tokens, Tq queries, Tk keys, H heads, D head dim.
#pragma once

#include "core/autograd/variable.h"

namespace athanor::ops {

struct AttentionOptions {
  Tensor lengths = {};  // i32 [B], 1 <= length <= Tk: later keys are not looked at; absent: all Tk
  float scale = 0.0f;   // 0: 1/sqrt(D)
  bool causal = false;  // query t looks at keys up to t + Tk - Tq only; needs Tq <= Tk
};
// out [B,T,H,D] from the packed projection qkv [B,T,3,H,D]. Rows of padded queries are finite but mean nothing.
[[nodiscard]] Variable attention(Context& context, const Variable& qkv, const AttentionOptions& options = {});
// out [B,Tq,H,D] from q [B,Tq,H,D] and packed keys and values kv [B,Tk,2,H,D].
[[nodiscard]] Variable cross_attention(Context& context, const Variable& q, const Variable& kv,
                                       const AttentionOptions& options = {});
// The same from k and v [B,Tk,H,D] of their own.
[[nodiscard]] Variable attention(Context& context, const Variable& q, const Variable& k, const Variable& v,
                                 const AttentionOptions& options = {});

}  // namespace athanor::ops
