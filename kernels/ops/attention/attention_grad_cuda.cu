#include "kernels/cuda/device/row_team.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/attention/attention.h"
#include "kernels/ops/attention/attention_cuda.cuh"
#include "kernels/ops/attention/attention_tensor_cores.h"

namespace athanor::kernels {

namespace {

using cuda::AttentionArray;
using cuda::AttentionExtent;
using cuda::AttentionShape;

// delta[b,h,t] = sum_d dout[b,t,h,d] out[b,t,h,d]: one warp per (b, t, h).
template <class T>
__global__ void attention_delta_kernel(AttentionExtent e, std::int64_t rows, AttentionArray<const T> out,
                                       AttentionArray<const T> dout, float* delta) {
  using Team = cuda::RowTeam<false>;
  const std::int64_t row = Team::row();
  if (row >= rows) return;
  const std::int64_t head = row % e.heads, token = row / e.heads % e.queries, sample = row / e.heads / e.queries;
  const T *mine = out.rows(sample, head) + token * out.steps.token,
          *other = dout.rows(sample, head) + token * dout.steps.token;
  float sum = 0.0f;
  for (int dim = Team::lane(); dim < e.head_dim; dim += Team::size())
    sum += cuda::load(mine, dim) * cuda::load(other, dim);
  sum = Team::sum(sum);
  if (Team::lane() == 0) delta[(sample * e.heads + head) * e.queries + token] = sum;
}

template <class T>
struct GradArrays {
  AttentionArray<const T> q, k, v, dout;
  const std::int32_t* lengths;
  const float *log_sum_exp, *delta;
  float scale;
  AttentionArray<T> dq, dk, dv;
};

// Both passes have one form: a warp owns rows of one side, (q, dout) or (k, v), and sees all rows of the other side in
// tiles, a lane holding one. p and ds are made again for each pair, so that every sum stays within its warp.
//   queries own: dq += ds k          keys own: dk += ds q, dv += p dout
template <class T, bool kKeysOwn, int kPerLane, int kRows, int kWarps, int kTile>
__global__ void attention_grad_kernel(AttentionExtent e, GradArrays<T> in) {
  constexpr int kDim = kPerLane * cuda::kWarp, kOwn = kRows * kWarps;
  __shared__ __align__(16) float own_a[kOwn][kDim];
  __shared__ __align__(16) float own_b[kOwn][kDim];
  __shared__ float tile_a[kTile][kDim + 1];
  __shared__ float tile_b[kTile][kDim + 1];
  const std::int64_t own_tokens = kKeysOwn ? e.keys : e.queries;
  const cuda::AttentionBlock block(e, own_tokens, kOwn);
  const std::int64_t valid = in.lengths ? in.lengths[block.sample] : e.keys;
  const std::int64_t last_own = block.first + kOwn < own_tokens ? block.first + kOwn - 1 : own_tokens - 1;
  // The rows of the other side that any row of this block meets.
  const std::int64_t others = kKeysOwn ? e.queries : e.seen_by(last_own, valid);
  const std::int64_t first_other = kKeysOwn ? e.first_to_see(block.first) / kTile * kTile : 0;
  const int lane = static_cast<int>(threadIdx.x), first_own = static_cast<int>(threadIdx.y) * kRows;

  const AttentionArray<const T>&a = kKeysOwn ? in.k : in.q, &b = kKeysOwn ? in.v : in.dout;
  const AttentionArray<const T>&other_a = kKeysOwn ? in.q : in.k, &other_b = kKeysOwn ? in.dout : in.v;
  const T *a_rows = other_a.rows(block.sample, block.head), *b_rows = other_b.rows(block.sample, block.head);
  const float *log_sum_exp = in.log_sum_exp + block.statistics_offset(e),
              *delta = in.delta + block.statistics_offset(e);
  cuda::load_rows<kDim, kDim>(&own_a[0][0], kOwn, a.rows(block.sample, block.head) + block.first * a.steps.token,
                              a.steps.token, own_tokens - block.first, e.head_dim);
  cuda::load_rows<kDim, kDim>(&own_b[0][0], kOwn, b.rows(block.sample, block.head) + block.first * b.steps.token,
                              b.steps.token, own_tokens - block.first, e.head_dim);

  float sum_a[kRows][kPerLane] = {}, sum_b[kRows][kPerLane] = {};
  for (std::int64_t first = first_other; first < others; first += kTile) {
    __syncthreads();
    cuda::load_rows<kDim, kDim + 1>(&tile_a[0][0], kTile, a_rows + first * other_a.steps.token, other_a.steps.token,
                                    others - first, e.head_dim);
    cuda::load_rows<kDim, kDim + 1>(&tile_b[0][0], kTile, b_rows + first * other_b.steps.token, other_b.steps.token,
                                    others - first, e.head_dim);
    __syncthreads();
    float p[kRows], ds[kRows];
    cuda::dot_rows<kRows, kDim>(&own_a[first_own][0], &tile_a[lane % kTile][0], e.head_dim, p);
    cuda::dot_rows<kRows, kDim>(&own_b[first_own][0], &tile_b[lane % kTile][0], e.head_dim, ds);
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const std::int64_t own = block.first + first_own + r, other = first + lane;
      const std::int64_t query = kKeysOwn ? other : own, key = kKeysOwn ? own : other;
      const bool meet = lane < kTile && query < e.queries && key < e.seen_by(query, valid);
      p[r] = meet ? expf(in.scale * p[r] - log_sum_exp[query]) : 0.0f;
      ds[r] = meet ? in.scale * p[r] * (ds[r] - delta[query]) : 0.0f;
    }
    cuda::add_weighted_rows<kRows, kPerLane, kTile>(ds, &tile_a[0][0], sum_a);
    if constexpr (kKeysOwn) cuda::add_weighted_rows<kRows, kPerLane, kTile>(p, &tile_b[0][0], sum_b);
  }
  const AttentionArray<T>& da = kKeysOwn ? in.dk : in.dq;
  for (int r = 0; r < kRows; ++r) {
    const std::int64_t token = block.first + first_own + r;
    if (token >= own_tokens) break;
    T* to_a = da.rows(block.sample, block.head) + token * da.steps.token;
    T* to_b = kKeysOwn ? in.dv.rows(block.sample, block.head) + token * in.dv.steps.token : nullptr;
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) {
      const int dim = lane + i * cuda::kWarp;
      if (dim >= e.head_dim) continue;
      cuda::store(to_a, dim, sum_a[r][i]);
      if constexpr (kKeysOwn) cuda::store(to_b, dim, sum_b[r][i]);
    }
  }
}

template <class T, int kHeadDim>
void launch_for(const Exec& exec, const AttentionExtent& e, const GradArrays<T>& arrays) {
  constexpr AttentionShape kShape = cuda::attention_grad_shape(kHeadDim);
  static_assert(cuda::attention_grad_shared_bytes(kShape) <= 48 * 1024);
  const auto config = [&](std::int64_t tokens) {
    return cuda::LaunchConfig{.blocks_x = cuda::attention_blocks(e, tokens, kShape.rows_per_block()),
                              .threads_x = cuda::kWarp,
                              .threads_y = kShape.warps};
  };
  cuda::launch_kernel(exec, "attention_grad", config(e.queries),
                      attention_grad_kernel<T, false, kShape.per_lane, kShape.rows, kShape.warps, kShape.tile>, e,
                      arrays);
  cuda::launch_kernel(exec, "attention_grad", config(e.keys),
                      attention_grad_kernel<T, true, kShape.per_lane, kShape.rows, kShape.warps, kShape.tile>, e,
                      arrays);
}

template <class T>
void differentiate(const Exec& exec, const AttentionExtent& e, const AttentionGradArgs& args) {
  cuda::WorkspaceCutter cutter(exec);
  const std::int64_t rows = e.batch * e.queries * e.heads;
  auto* const delta = cutter.take<float>(rows);
  const AttentionArray<const T> out(args.out), dout(args.dout);
  cuda::launch_kernel(exec, "attention_grad", cuda::per_row(rows, e.head_dim).config, attention_delta_kernel<T>, e,
                      rows, out, dout, delta);
  if (attention_grad_by_tensor_cores(exec, args, delta)) return;
  const GradArrays<T> arrays{.q = AttentionArray<const T>(args.q),
                             .k = AttentionArray<const T>(args.k),
                             .v = AttentionArray<const T>(args.v),
                             .dout = dout,
                             .lengths = args.lengths.as<std::int32_t>(),
                             .log_sum_exp = args.log_sum_exp.as<float>(),
                             .delta = delta,
                             .scale = cuda::attention_scale(args.scale, e),
                             .dq = AttentionArray<T>(args.dq),
                             .dk = AttentionArray<T>(args.dk),
                             .dv = AttentionArray<T>(args.dv)};
  if (e.head_dim <= 32) return launch_for<T, 32>(exec, e, arrays);
  if (e.head_dim <= 64) return launch_for<T, 64>(exec, e, arrays);
  if (e.head_dim <= 128) return launch_for<T, 128>(exec, e, arrays);
  launch_for<T, 256>(exec, e, arrays);
}

}  // namespace

void attention_grad_cuda(const Exec& exec, const AttentionGradArgs& args) {
  const AttentionExtent e = cuda::attention_extent(args);
  cuda::check_heads("attention_grad", e,
                    {&args.q, &args.k, &args.v, &args.out, &args.dout, &args.dq, &args.dk, &args.dv});
  cuda::with_storage(args.q.dtype, [&]<class T>() { differentiate<T>(exec, e, args); });
}

std::size_t attention_grad_cuda_workspace_bytes(const AttentionGradArgs& args) {
  const AttentionExtent e = cuda::attention_extent(args);
  cuda::WorkspaceCutter cutter;
  static_cast<void>(cutter.take<float>(e.batch * e.queries * e.heads));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
