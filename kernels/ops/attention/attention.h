// attention: for each sample b and head h, with q, k, v [T,D] taken from the packed projection,
//   s = scale * q k^T     p = softmax over keys t' < lengths[b]     out = p v
// Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1. scale defaults to 1/sqrt(D). The backward pass follows Dao et
// al. 2022, arXiv:2205.14135, algorithm 4: only the log-sum-exp of each row is kept and p is recomputed.
//
// Shapes      qkv [B,T,3,H,D] (plane 0 q, 1 k, 2 v: the output of one linear layer of width 3*H*D), out [B,T,H,D],
//             log_sum_exp [B,H,T], lengths i32 [B] or absent (all T). f32, contiguous.
// Outputs     out, log_sum_exp: overwritten. Rows of padded queries (t >= lengths[b]) are computed like all others,
// over
//             the valid keys, so they are finite; what reads them must mask them. log_sum_exp may be absent when no
//             gradient is wanted.
// Accumulates f32; the maximum is subtracted first (reference: f64).
// Workspace   attention_workspace_bytes: a few T x T tiles per thread.
// Edge cases  1 <= lengths[b] <= T is the caller's duty; the front-end refuses anything else. B = 0 does nothing.
//
// attention_grad, with delta[t] = sum_d dout[t,d] out[t,d]:
//   dv = p^T dout     ds = p * (dout v^T - delta)     dq = scale ds k     dk = scale ds^T q
// Outputs     dqkv: overwritten; keys and values beyond lengths[b] get 0.
// Workspace   attention_grad_workspace_bytes.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct AttentionArgs {
  View qkv{}, lengths{};
  float scale = 0.0f;  // 0 means 1/sqrt(D)
  View out{}, log_sum_exp{};

  static constexpr auto arrays() {
    return std::array{reads("qkv", &AttentionArgs::qkv), reads("lengths", &AttentionArgs::lengths),
                      writes("out", &AttentionArgs::out), writes("log_sum_exp", &AttentionArgs::log_sum_exp)};
  }
};

struct AttentionGradArgs {
  View qkv{}, lengths{}, out{}, log_sum_exp{}, dout{};
  float scale = 0.0f;
  View dqkv{};

  static constexpr auto arrays() {
    return std::array{reads("qkv", &AttentionGradArgs::qkv),   reads("lengths", &AttentionGradArgs::lengths),
                      reads("out", &AttentionGradArgs::out),   reads("log_sum_exp", &AttentionGradArgs::log_sum_exp),
                      reads("dout", &AttentionGradArgs::dout), writes("dqkv", &AttentionGradArgs::dqkv)};
  }
};

void attention(const Exec& exec, const AttentionArgs& args);
void attention_grad(const Exec& exec, const AttentionGradArgs& args);
[[nodiscard]] std::size_t attention_workspace_bytes(const Exec& exec, const AttentionArgs& args);
[[nodiscard]] std::size_t attention_grad_workspace_bytes(const Exec& exec, const AttentionGradArgs& args);

// Backends.
[[nodiscard]] Candidates<AttentionArgs> attention_candidates();
[[nodiscard]] Candidates<AttentionGradArgs> attention_grad_candidates();
void attention_cuda(const Exec& exec, const AttentionArgs& args);
void attention_grad_cuda(const Exec& exec, const AttentionGradArgs& args);
[[nodiscard]] std::size_t attention_cuda_workspace_bytes(const AttentionArgs& args);
[[nodiscard]] std::size_t attention_grad_cuda_workspace_bytes(const AttentionGradArgs& args);

}  // namespace athanor::kernels
