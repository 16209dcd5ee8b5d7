#include "kernels/base/error.h"
#include "kernels/ops/attention/attention.h"
#include "kernels/ops/attention/attention_cuda.cuh"

namespace athanor::kernels {

namespace {

using cuda::AttentionExtent;
using cuda::AttentionShape;

// Each warp owns kRows queries of one (sample, head); keys and values pass by in tiles of 32, of which a lane holds one
// key while scores are made. Softmax runs online: a maximum that rises rescales what was summed so far.
template <int kPerLane, int kRows, int kWarps>
__global__ void attention_kernel(AttentionExtent e, const float* qkv, const std::int32_t* lengths, float scale,
                                 float* out, float* log_sum_exp) {
  constexpr int kTile = cuda::kWarp, kDim = kPerLane * cuda::kWarp;
  __shared__ __align__(16) float queries[kRows * kWarps][kDim];
  __shared__ float tile[kTile][kDim + 1];
  const cuda::AttentionBlock block(e, kRows * kWarps);
  const std::int64_t length = lengths ? lengths[block.sample] : e.tokens;
  const int lane = static_cast<int>(threadIdx.x), first_own = static_cast<int>(threadIdx.y) * kRows;
  const float* plane = qkv + block.qkv_offset(e);
  cuda::load_rows<kDim, kDim>(&queries[0][0], kRows * kWarps, plane + block.first * e.qkv_stride(), e.qkv_stride(),
                              e.tokens - block.first, e.head_dim);

  float most[kRows], total[kRows], sum[kRows][kPerLane] = {};
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    most[r] = -INFINITY;
    total[r] = 0.0f;
  }
  for (std::int64_t key = 0; key < length; key += kTile) {
    __syncthreads();
    cuda::load_rows<kDim, kDim + 1>(&tile[0][0], kTile, plane + e.plane(1) + key * e.qkv_stride(), e.qkv_stride(),
                                    length - key, e.head_dim);
    __syncthreads();
    float score[kRows];
    cuda::dot_rows<kRows, kDim>(&queries[first_own][0], &tile[lane][0], e.head_dim, score);
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const float logit = key + lane < length ? scale * score[r] : -INFINITY;
      const float joined = cuda::Max::join(most[r], cuda::warp_reduce<cuda::Max>(logit));
      const float shrink = expf(most[r] - joined);
      most[r] = joined;
      score[r] = expf(logit - joined);
      total[r] = total[r] * shrink + cuda::warp_sum(score[r]);
#pragma unroll
      for (int i = 0; i < kPerLane; ++i) sum[r][i] *= shrink;
    }
    __syncthreads();
    cuda::load_rows<kDim, kDim + 1>(&tile[0][0], kTile, plane + e.plane(2) + key * e.qkv_stride(), e.qkv_stride(),
                                    length - key, e.head_dim);
    __syncthreads();
    cuda::add_weighted_rows<kRows, kPerLane, kTile>(score, &tile[0][0], sum);
  }
  for (int r = 0; r < kRows; ++r) {
    const std::int64_t token = block.first + first_own + r;
    if (token >= e.tokens) break;
    float* to = out + block.out_offset(e) + token * e.out_stride();
#pragma unroll
    for (int i = 0; i < kPerLane; ++i)
      if (lane + i * cuda::kWarp < e.head_dim) to[lane + i * cuda::kWarp] = sum[r][i] / total[r];
    if (log_sum_exp && lane == 0) log_sum_exp[block.statistics_offset(e) + token] = most[r] + logf(total[r]);
  }
}

template <int kPerLane, int kRows, int kWarps>
void launch_attention(const Exec& exec, const AttentionExtent& e, const AttentionArgs& args) {
  const cuda::LaunchConfig config{.blocks_x = e.blocks(kRows * kWarps), .threads_x = cuda::kWarp, .threads_y = kWarps};
  cuda::launch_kernel(exec, "attention", config, attention_kernel<kPerLane, kRows, kWarps>, e, args.qkv.as<float>(),
                      args.lengths.as<std::int32_t>(), cuda::attention_scale(args.scale, e), args.out.as<float>(),
                      args.log_sum_exp.as<float>());
}

template <int kHeadDim>
void launch_for(const Exec& exec, const AttentionExtent& e, const AttentionArgs& args) {
  constexpr AttentionShape kShape = cuda::attention_shape(kHeadDim);
  static_assert(cuda::attention_shared_bytes(kShape) <= 48 * 1024);
  static_assert(kShape.tile == cuda::kWarp);
  launch_attention<kShape.per_lane, kShape.rows, kShape.warps>(exec, e, args);
}

}  // namespace

void attention_cuda(const Exec& exec, const AttentionArgs& args) {
  const AttentionExtent e = cuda::attention_extent(args.qkv);
  if (e.empty()) return;
  cuda::refuse_large_heads("attention", e);
  if (e.head_dim <= 32) return launch_for<32>(exec, e, args);
  if (e.head_dim <= 64) return launch_for<64>(exec, e, args);
  if (e.head_dim <= 128) return launch_for<128>(exec, e, args);
  launch_for<256>(exec, e, args);
}

std::size_t attention_cuda_workspace_bytes(const AttentionArgs&) { return 0; }

}  // namespace athanor::kernels
