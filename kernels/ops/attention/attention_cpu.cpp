#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/attention/attention.h"
#include "kernels/ops/attention/attention_avx2.h"
#include "kernels/ops/attention/attention_reference.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace athanor::kernels {

namespace {

// The sizes of a packed [B,T,3,H,D] projection, and where one head of one sample begins.
struct Packed {
  std::int64_t batch, tokens, heads, width;

  explicit Packed(const View& qkv) : batch(qkv.dim(0)), tokens(qkv.dim(1)), heads(qkv.dim(3)), width(qkv.dim(4)) {}
  [[nodiscard]] std::int64_t plane() const { return heads * width; }
  [[nodiscard]] std::int64_t qkv_begin(std::int64_t sample, std::int64_t head) const {
    return sample * tokens * 3 * plane() + head * width;
  }
  [[nodiscard]] std::int64_t out_begin(std::int64_t sample, std::int64_t head) const {
    return sample * tokens * plane() + head * width;
  }
};

AttentionHead head_of(const Packed& p, const View& qkv, const View& lengths, float scale, std::int64_t sample,
                      std::int64_t head) {
  const float* q = qkv.as<float>() + p.qkv_begin(sample, head);
  return {.tokens = p.tokens,
          .keys = lengths.present() ? lengths.as<std::int32_t>()[sample] : p.tokens,
          .width = p.width,
          .qkv_row = 3 * p.plane(),
          .out_row = p.plane(),
          .scale = scale != 0.0f ? scale : 1.0f / std::sqrt(static_cast<float>(p.width)),
          .q = q,
          .k = q + p.plane(),
          .v = q + 2 * p.plane()};
}

// One scratch per thread.
float* take_scratch(const Exec& exec, cpu::WorkspaceCutter& cutter, std::int64_t floats) {
  return cutter.take<float>(floats * std::max(exec.threads, 1));
}

void attention_heads(const Exec& exec, const AttentionArgs& args) {
  const Packed p(args.qkv);
  cpu::WorkspaceCutter cutter(exec);
  const std::int64_t floats = attention_scratch_floats(p.tokens, p.width);
  float* scratch = take_scratch(exec, cutter, floats);
  cpu::parallel_for(exec.threads, p.batch * p.heads, [&](std::int64_t block, int worker) {
    const std::int64_t sample = block / p.heads, head = block % p.heads;
    attention_head_avx2(head_of(p, args.qkv, args.lengths, args.scale, sample, head), scratch + worker * floats,
                        args.out.as<float>() + p.out_begin(sample, head),
                        args.log_sum_exp.present() ? args.log_sum_exp.as<float>() + block * p.tokens : nullptr);
  });
}

void attention_grad_heads(const Exec& exec, const AttentionGradArgs& args) {
  const Packed p(args.qkv);
  cpu::WorkspaceCutter cutter(exec);
  const std::int64_t floats = attention_grad_scratch_floats(p.tokens, p.width);
  float* scratch = take_scratch(exec, cutter, floats);
  cpu::parallel_for(exec.threads, p.batch * p.heads, [&](std::int64_t block, int worker) {
    const std::int64_t sample = block / p.heads, head = block % p.heads;
    float* dq = args.dqkv.as<float>() + p.qkv_begin(sample, head);
    const AttentionHeadGrad grad{.out = args.out.as<float>() + p.out_begin(sample, head),
                                 .dout = args.dout.as<float>() + p.out_begin(sample, head),
                                 .log_sum_exp = args.log_sum_exp.as<float>() + block * p.tokens,
                                 .dq = dq,
                                 .dk = dq + p.plane(),
                                 .dv = dq + 2 * p.plane()};
    attention_head_grad_avx2(head_of(p, args.qkv, args.lengths, args.scale, sample, head), grad,
                             scratch + worker * floats);
  });
}

const char* refuse(const Exec&, const AttentionArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const AttentionGradArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<AttentionArgs>, 2> kCandidates{{
    {"attention_cpu_avx2_tile_per_head", refuse, attention_heads},
    {"attention_cpu_reference", nullptr, attention_reference},
}};
constexpr std::array<Candidate<AttentionGradArgs>, 2> kGradCandidates{{
    {"attention_grad_cpu_avx2_tile_per_head", refuse_grad, attention_grad_heads},
    {"attention_grad_cpu_reference", nullptr, attention_grad_reference},
}};

}  // namespace

Candidates<AttentionArgs> attention_candidates() { return kCandidates; }
Candidates<AttentionGradArgs> attention_grad_candidates() { return kGradCandidates; }

void attention(const Exec& exec, const AttentionArgs& args) {
  launch("attention", exec, args, attention_candidates(), attention_cuda);
}

void attention_grad(const Exec& exec, const AttentionGradArgs& args) {
  launch("attention_grad", exec, args, attention_grad_candidates(), attention_grad_cuda);
}

std::size_t attention_workspace_bytes(const Exec& exec, const AttentionArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return attention_cuda_workspace_bytes(args);
  const Packed p(args.qkv);
  cpu::WorkspaceCutter cutter;
  take_scratch(exec, cutter, attention_scratch_floats(p.tokens, p.width));
  return cutter.bytes();
}

std::size_t attention_grad_workspace_bytes(const Exec& exec, const AttentionGradArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return attention_grad_cuda_workspace_bytes(args);
  const Packed p(args.qkv);
  cpu::WorkspaceCutter cutter;
  take_scratch(exec, cutter, attention_grad_scratch_floats(p.tokens, p.width));
  return cutter.bytes();
}

}  // namespace athanor::kernels
