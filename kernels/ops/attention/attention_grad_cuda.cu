#include "kernels/cuda/device/row_team.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/attention/attention.h"
#include "kernels/ops/attention/attention_cuda.cuh"

namespace athanor::kernels {

namespace {

using cuda::AttentionExtent;
using cuda::AttentionShape;

// delta[b,h,t] = sum_d dout[b,t,h,d] out[b,t,h,d]: one warp per (b, t, h).
__global__ void attention_delta_kernel(AttentionExtent e, std::int64_t rows, const float* out, const float* dout,
                                       float* delta) {
  using Team = cuda::RowTeam<false>;
  const std::int64_t row = Team::row();
  if (row >= rows) return;
  float sum = 0.0f;
  for (int dim = Team::lane(); dim < e.head_dim; dim += Team::size())
    sum += out[row * e.head_dim + dim] * dout[row * e.head_dim + dim];
  sum = Team::sum(sum);
  const std::int64_t head = row % e.heads, token = row / e.heads % e.tokens, sample = row / e.heads / e.tokens;
  if (Team::lane() == 0) delta[(sample * e.heads + head) * e.tokens + token] = sum;
}

struct GradInputs {
  const float* qkv;
  const std::int32_t* lengths;
  const float *log_sum_exp, *delta, *dout;
  float scale;
};

// Both passes have one form: a warp owns rows of one side, (q, dout) or (k, v), and sees all rows of the other side in
// tiles, a lane holding one. p and ds are made again for each pair, so that every sum stays within its warp.
//   queries own: dq += ds k          keys own: dk += ds q, dv += p dout
template <bool kKeysOwn, int kPerLane, int kRows, int kWarps, int kTile>
__global__ void attention_grad_kernel(AttentionExtent e, GradInputs in, float* dqkv) {
  constexpr int kDim = kPerLane * cuda::kWarp, kOwn = kRows * kWarps;
  __shared__ __align__(16) float own_a[kOwn][kDim];
  __shared__ __align__(16) float own_b[kOwn][kDim];
  __shared__ float tile_a[kTile][kDim + 1];
  __shared__ float tile_b[kTile][kDim + 1];
  const cuda::AttentionBlock block(e, kOwn);
  const std::int64_t keys = in.lengths ? in.lengths[block.sample] : e.tokens;
  const std::int64_t others = kKeysOwn ? e.tokens : keys;
  const int lane = static_cast<int>(threadIdx.x), first_own = static_cast<int>(threadIdx.y) * kRows;

  const float* qkv = in.qkv + block.qkv_offset(e);
  const float* dout = in.dout + block.out_offset(e);
  const float *query = qkv, *key = qkv + e.plane(1), *value = qkv + e.plane(2);
  const float *a = kKeysOwn ? key : query, *b = kKeysOwn ? value : dout;
  const float *other_a = kKeysOwn ? query : key, *other_b = kKeysOwn ? dout : value;
  const std::int64_t a_stride = e.qkv_stride();
  const std::int64_t b_stride = kKeysOwn ? e.qkv_stride() : e.out_stride();
  const std::int64_t other_b_stride = kKeysOwn ? e.out_stride() : e.qkv_stride();
  const float *log_sum_exp = in.log_sum_exp + block.statistics_offset(e),
              *delta = in.delta + block.statistics_offset(e);
  cuda::load_rows<kDim, kDim>(&own_a[0][0], kOwn, a + block.first * a_stride, a_stride, e.tokens - block.first,
                              e.head_dim);
  cuda::load_rows<kDim, kDim>(&own_b[0][0], kOwn, b + block.first * b_stride, b_stride, e.tokens - block.first,
                              e.head_dim);

  float sum_a[kRows][kPerLane] = {}, sum_b[kRows][kPerLane] = {};
  for (std::int64_t first = 0; first < others; first += kTile) {
    __syncthreads();
    cuda::load_rows<kDim, kDim + 1>(&tile_a[0][0], kTile, other_a + first * a_stride, a_stride, others - first,
                                    e.head_dim);
    cuda::load_rows<kDim, kDim + 1>(&tile_b[0][0], kTile, other_b + first * other_b_stride, other_b_stride,
                                    others - first, e.head_dim);
    __syncthreads();
    float p[kRows], ds[kRows];
    cuda::dot_rows<kRows, kDim>(&own_a[first_own][0], &tile_a[lane % kTile][0], e.head_dim, p);
    cuda::dot_rows<kRows, kDim>(&own_b[first_own][0], &tile_b[lane % kTile][0], e.head_dim, ds);
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const std::int64_t own = block.first + first_own + r, other = first + lane;
      const bool valid = lane < kTile && other < others && own < (kKeysOwn ? keys : e.tokens);
      const std::int64_t row = kKeysOwn ? other : own;
      p[r] = valid ? expf(in.scale * p[r] - log_sum_exp[row]) : 0.0f;
      ds[r] = valid ? in.scale * p[r] * (ds[r] - delta[row]) : 0.0f;
    }
    cuda::add_weighted_rows<kRows, kPerLane, kTile>(ds, &tile_a[0][0], sum_a);
    if constexpr (kKeysOwn) cuda::add_weighted_rows<kRows, kPerLane, kTile>(p, &tile_b[0][0], sum_b);
  }
  for (int r = 0; r < kRows; ++r) {
    const std::int64_t token = block.first + first_own + r;
    if (token >= e.tokens) break;
    float* to = dqkv + block.qkv_offset(e) + token * e.qkv_stride();
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) {
      const int dim = lane + i * cuda::kWarp;
      if (dim >= e.head_dim) continue;
      to[e.plane(kKeysOwn ? 1 : 0) + dim] = sum_a[r][i];
      if constexpr (kKeysOwn) to[e.plane(2) + dim] = sum_b[r][i];
    }
  }
}

template <int kHeadDim>
void launch_for(const Exec& exec, const AttentionExtent& e, const GradInputs& in, float* dqkv) {
  constexpr AttentionShape kShape = cuda::attention_grad_shape(kHeadDim);
  static_assert(cuda::attention_grad_shared_bytes(kShape) <= 48 * 1024);
  const cuda::LaunchConfig config{
      .blocks_x = e.blocks(kShape.rows_per_block()), .threads_x = cuda::kWarp, .threads_y = kShape.warps};
  cuda::launch_kernel(exec, "attention_grad", config,
                      attention_grad_kernel<false, kShape.per_lane, kShape.rows, kShape.warps, kShape.tile>, e, in,
                      dqkv);
  cuda::launch_kernel(exec, "attention_grad", config,
                      attention_grad_kernel<true, kShape.per_lane, kShape.rows, kShape.warps, kShape.tile>, e, in,
                      dqkv);
}

}  // namespace

void attention_grad_cuda(const Exec& exec, const AttentionGradArgs& args) {
  const AttentionExtent e = cuda::attention_extent(args.qkv);
  if (e.empty()) return;
  cuda::refuse_large_heads("attention_grad", e);
  cuda::WorkspaceCutter cutter(exec);
  const std::int64_t rows = e.batch * e.tokens * e.heads;
  auto* const delta = cutter.take<float>(rows);
  cuda::launch_kernel(exec, "attention_grad", cuda::per_row(rows, e.head_dim).config, attention_delta_kernel, e, rows,
                      args.out.as<float>(), args.dout.as<float>(), delta);
  const GradInputs in{.qkv = args.qkv.as<float>(),
                      .lengths = args.lengths.as<std::int32_t>(),
                      .log_sum_exp = args.log_sum_exp.as<float>(),
                      .delta = delta,
                      .dout = args.dout.as<float>(),
                      .scale = cuda::attention_scale(args.scale, e)};
  auto* const dqkv = args.dqkv.as<float>();
  if (e.head_dim <= 32) return launch_for<32>(exec, e, in, dqkv);
  if (e.head_dim <= 64) return launch_for<64>(exec, e, in, dqkv);
  if (e.head_dim <= 128) return launch_for<128>(exec, e, in, dqkv);
  launch_for<256>(exec, e, in, dqkv);
}

std::size_t attention_grad_cuda_workspace_bytes(const AttentionGradArgs& args) {
  const AttentionExtent e = cuda::attention_extent(args.qkv);
  cuda::WorkspaceCutter cutter;
  static_cast<void>(cutter.take<float>(e.batch * e.tokens * e.heads));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
