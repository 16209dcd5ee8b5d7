// attention: for each sample b and head h,
//   s = scale * q k^T     p = softmax of s over the keys that a query sees     out = p v
// A query sees the keys t' < lengths[b]; with `causal`, query t also only those with t' <= t + Tk - Tq, so that the
// last query sees the last key (queries that continue cached keys need no other rule). Source: Vaswani et al. 2017,
// arXiv:1706.03762, eq. 1; tiles and the running softmax of Dao 2023, arXiv:2307.08691, algorithms 1 and 2: only the
// log-sum-exp of each row is kept, p is made again, nothing of size Tq x Tk exists.
//
// Shapes      q, out [B,Tq,H,D], k, v [B,Tk,H,D], log_sum_exp [B,H,Tq], lengths i32 [B] or absent (all Tk). Views of
// any
//             strides (the planes of a packed projection [B,T,3,H,D] are three of them); the quick kernels want the
//             head dim dense. log_sum_exp and lengths are contiguous.
// Outputs     out, log_sum_exp: overwritten. Rows of padded queries are computed like all others, over the valid keys,
//             so they are finite; what reads them must mask them. log_sum_exp may be absent when no gradient is wanted.
// Accumulates f32; the maximum is subtracted first (reference: f64). Sums run over tiles in order of keys. On CUDA f16
//             and bf16 with heads up to 128 go to tensor cores: p and ds are then rounded to that format, too.
// Workspace   attention_workspace_bytes: a few tiles per thread, whatever Tq and Tk are.
// Edge cases  1 <= lengths[b] <= Tk, and Tq <= Tk where causal, are the caller's duty: each query sees a key. The
//             front-end refuses anything else. B = 0 or Tq = 0 does nothing.
//
// attention_grad, with delta[t] = sum_d dout[t,d] out[t,d]:
//   dv = p^T dout     ds = p * (dout v^T - delta)     dq = scale ds k     dk = scale ds^T q
// Shapes      dq, dk, dv: those of q, k, v, with strides of their own. dout, out: views of any strides.
// Outputs     dq, dk, dv: overwritten; keys and values that nobody sees get 0.
// Workspace   attention_grad_workspace_bytes: tiles per thread, and at most one f32 row per query of a head for each.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct AttentionArgs {
  View q{}, k{}, v{}, lengths{};
  float scale = 0.0f;  // 0 means 1/sqrt(D)
  bool causal = false;
  View out{}, log_sum_exp{};

  static constexpr auto arrays() {
    return std::array{
        reads("q", &AttentionArgs::q).narrow().strided(),      reads("k", &AttentionArgs::k).narrow().strided(),
        reads("v", &AttentionArgs::v).narrow().strided(),      reads("lengths", &AttentionArgs::lengths),
        writes("out", &AttentionArgs::out).narrow().strided(), writes("log_sum_exp", &AttentionArgs::log_sum_exp)};
  }
};

struct AttentionGradArgs {
  View q{}, k{}, v{}, lengths{}, out{}, log_sum_exp{}, dout{};
  float scale = 0.0f;
  bool causal = false;
  View dq{}, dk{}, dv{};

  static constexpr auto arrays() {
    return std::array{reads("q", &AttentionGradArgs::q).narrow().strided(),
                      reads("k", &AttentionGradArgs::k).narrow().strided(),
                      reads("v", &AttentionGradArgs::v).narrow().strided(),
                      reads("lengths", &AttentionGradArgs::lengths),
                      reads("out", &AttentionGradArgs::out).narrow().strided(),
                      reads("log_sum_exp", &AttentionGradArgs::log_sum_exp),
                      reads("dout", &AttentionGradArgs::dout).narrow().strided(),
                      writes("dq", &AttentionGradArgs::dq).narrow().strided(),
                      writes("dk", &AttentionGradArgs::dk).narrow().strided(),
                      writes("dv", &AttentionGradArgs::dv).narrow().strided()};
  }
};

// Plane `index` of a packed projection [B,T,planes,H,D] as a view [B,T,H,D].
[[nodiscard]] inline View attention_plane(const View& packed, std::int64_t index) {
  View plane = packed;
  plane.data = packed.as<std::byte>() + storage_bytes(packed.dtype, index * packed.strides[2]);
  plane.shape = {packed.dim(0), packed.dim(1), packed.dim(3), packed.dim(4)};
  plane.strides = {packed.strides[0], packed.strides[1], packed.strides[3], packed.strides[4]};
  return plane;
}

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
