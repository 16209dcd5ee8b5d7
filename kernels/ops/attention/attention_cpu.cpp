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
#include <initializer_list>

namespace athanor::kernels {

namespace {

float* head_data(const View& view, std::int64_t sample, std::int64_t head) {
  return view.as<float>() + sample * view.strides[0] + head * view.strides[2];
}

AttentionRows rows_of(const View& view, std::int64_t sample, std::int64_t head) {
  return {head_data(view, sample, head), view.strides[1]};
}

template <class Args>
AttentionHead head_of(const Args& args, std::int64_t sample, std::int64_t head) {
  const std::int64_t width = args.q.dim(3);
  return {.queries = args.q.dim(1),
          .keys = args.lengths.present() ? args.lengths.template as<std::int32_t>()[sample] : args.k.dim(1),
          .width = width,
          .causal = args.causal,
          .offset = args.k.dim(1) - args.q.dim(1),
          .scale = args.scale != 0.0f ? args.scale : 1.0f / std::sqrt(static_cast<float>(width)),
          .q = rows_of(args.q, sample, head),
          .k = rows_of(args.k, sample, head),
          .v = rows_of(args.v, sample, head)};
}

// One scratch per thread.
float* take_scratch(const Exec& exec, cpu::WorkspaceCutter& cutter, std::int64_t floats) {
  return cutter.take<float>(floats * std::max(exec.threads, 1));
}

void attention_tiles(const Exec& exec, const AttentionArgs& args) {
  const std::int64_t queries = args.q.dim(1), heads = args.q.dim(2);
  if (queries == 0) return;
  cpu::WorkspaceCutter cutter(exec);
  const std::int64_t floats = attention_scratch_floats(queries, args.q.dim(3));
  float* scratch = take_scratch(exec, cutter, floats);
  const std::int64_t piece = attention_queries_per_piece(queries), pieces = cpu::block_count(queries, piece);
  cpu::parallel_for(exec.threads, args.q.dim(0) * heads * pieces, [&](std::int64_t block, int worker) {
    const std::int64_t pair = block / pieces, sample = pair / heads, head = pair % heads;
    const cpu::BlockRange range = cpu::block_range(block % pieces, piece, queries);
    attention_head_avx2(head_of(args, sample, head), range.begin, range.end, scratch + worker * floats,
                        head_data(args.out, sample, head), args.out.strides[1],
                        args.log_sum_exp.present() ? args.log_sum_exp.as<float>() + pair * queries : nullptr);
  });
}

void clear_rows(const View& view, std::int64_t sample, std::int64_t head, std::int64_t begin) {
  for (std::int64_t t = begin; t < view.dim(1); ++t)
    std::fill_n(head_data(view, sample, head) + t * view.strides[1], view.dim(3), 0.0f);
}

void attention_grad_tiles(const Exec& exec, const AttentionGradArgs& args) {
  const std::int64_t queries = args.q.dim(1), heads = args.q.dim(2);
  cpu::WorkspaceCutter cutter(exec);
  const std::int64_t floats = attention_grad_scratch_floats(queries, args.q.dim(3));
  float* scratch = take_scratch(exec, cutter, floats);
  cpu::parallel_for(exec.threads, args.q.dim(0) * heads, [&](std::int64_t pair, int worker) {
    const std::int64_t sample = pair / heads, head = pair % heads;
    const AttentionHead h = head_of(args, sample, head);
    attention_head_grad_avx2(h,
                             {.out = rows_of(args.out, sample, head),
                              .dout = rows_of(args.dout, sample, head),
                              .log_sum_exp = args.log_sum_exp.as<float>() + pair * queries,
                              .dq = head_data(args.dq, sample, head),
                              .dk = head_data(args.dk, sample, head),
                              .dv = head_data(args.dv, sample, head),
                              .dq_stride = args.dq.strides[1],
                              .dk_stride = args.dk.strides[1],
                              .dv_stride = args.dv.strides[1]},
                             scratch + worker * floats);
    clear_rows(args.dk, sample, head, h.keys);
    clear_rows(args.dv, sample, head, h.keys);
  });
}

bool dense_heads(std::initializer_list<const View*> views) {
  return std::all_of(views.begin(), views.end(), [](const View* v) { return v->dim(3) <= 1 || v->strides[3] == 1; });
}

constexpr const char* kStrided = "the head dim of an array is strided";

const char* refuse(const Exec&, const AttentionArgs& args) {
  if (!dense_heads({&args.q, &args.k, &args.v, &args.out})) return kStrided;
  return cpu::avx2_refusal();
}
const char* refuse_grad(const Exec&, const AttentionGradArgs& args) {
  if (!dense_heads({&args.q, &args.k, &args.v, &args.out, &args.dout, &args.dq, &args.dk, &args.dv})) return kStrided;
  return cpu::avx2_refusal();
}

constexpr std::array<Candidate<AttentionArgs>, 2> kCandidates{{
    {"attention_cpu_avx2_tiles", refuse, attention_tiles},
    {"attention_cpu_reference", nullptr, attention_reference},
}};
constexpr std::array<Candidate<AttentionGradArgs>, 2> kGradCandidates{{
    {"attention_grad_cpu_avx2_tiles", refuse_grad, attention_grad_tiles},
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
  cpu::WorkspaceCutter cutter;
  take_scratch(exec, cutter, attention_scratch_floats(args.q.dim(1), args.q.dim(3)));
  return cutter.bytes();
}

std::size_t attention_grad_workspace_bytes(const Exec& exec, const AttentionGradArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return attention_grad_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  take_scratch(exec, cutter, attention_grad_scratch_floats(args.q.dim(1), args.q.dim(3)));
  return cutter.bytes();
}

}  // namespace athanor::kernels
