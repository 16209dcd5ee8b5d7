#include "kernels/base/error.h"
#include "kernels/ops/attention/attention.h"
#include "kernels/ops/attention/attention_cuda.cuh"
#include "kernels/ops/attention/attention_tensor_cores.h"

namespace athanor::kernels {

namespace {

using cuda::AttentionArray;
using cuda::AttentionExtent;
using cuda::AttentionShape;

template <class T>
struct Arrays {
  AttentionArray<const T> q, k, v;
  const std::int32_t* lengths;
  float scale;
  AttentionArray<T> out;
  float* log_sum_exp;
};

// Each warp owns kRows queries of one (sample, head); keys and values pass by in tiles of 32, of which a lane holds one
// key while scores are made. Softmax runs online: a maximum that rises rescales what was summed so far.
template <class T, int kPerLane, int kRows, int kWarps>
__global__ void attention_kernel(AttentionExtent e, Arrays<T> in) {
  constexpr int kTile = cuda::kWarp, kDim = kPerLane * cuda::kWarp, kOwn = kRows * kWarps;
  __shared__ __align__(16) float queries[kOwn][kDim];
  __shared__ float tile[kTile][kDim + 1];
  const cuda::AttentionBlock block(e, e.queries, kOwn);
  const std::int64_t valid = in.lengths ? in.lengths[block.sample] : e.keys;
  const std::int64_t last = block.first + kOwn < e.queries ? block.first + kOwn - 1 : e.queries - 1;
  const std::int64_t length = e.seen_by(last, valid);  // what any query of this block sees
  const int lane = static_cast<int>(threadIdx.x), first_own = static_cast<int>(threadIdx.y) * kRows;
  const T* query = in.q.rows(block.sample, block.head) + block.first * in.q.steps.token;
  const T *key_rows = in.k.rows(block.sample, block.head), *value_rows = in.v.rows(block.sample, block.head);
  cuda::load_rows<kDim, kDim>(&queries[0][0], kOwn, query, in.q.steps.token, e.queries - block.first, e.head_dim);

  float most[kRows], total[kRows], sum[kRows][kPerLane] = {};
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    most[r] = -INFINITY;
    total[r] = 0.0f;
  }
  for (std::int64_t key = 0; key < length; key += kTile) {
    __syncthreads();
    cuda::load_rows<kDim, kDim + 1>(&tile[0][0], kTile, key_rows + key * in.k.steps.token, in.k.steps.token,
                                    length - key, e.head_dim);
    __syncthreads();
    float score[kRows];
    cuda::dot_rows<kRows, kDim>(&queries[first_own][0], &tile[lane][0], e.head_dim, score);
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      // A row beyond the last query sees what the last one does; it is not stored.
      const std::int64_t seen = e.seen_by(block.first + first_own + r, valid);
      const float logit = key + lane < seen ? in.scale * score[r] : -INFINITY;
      const float joined = cuda::Max::join(most[r], cuda::warp_reduce<cuda::Max>(logit));
      const float shrink = expf(most[r] - joined);
      most[r] = joined;
      score[r] = expf(logit - joined);
      total[r] = total[r] * shrink + cuda::warp_sum(score[r]);
#pragma unroll
      for (int i = 0; i < kPerLane; ++i) sum[r][i] *= shrink;
    }
    __syncthreads();
    cuda::load_rows<kDim, kDim + 1>(&tile[0][0], kTile, value_rows + key * in.v.steps.token, in.v.steps.token,
                                    length - key, e.head_dim);
    __syncthreads();
    cuda::add_weighted_rows<kRows, kPerLane, kTile>(score, &tile[0][0], sum);
  }
  for (int r = 0; r < kRows; ++r) {
    const std::int64_t token = block.first + first_own + r;
    if (token >= e.queries) break;
    T* to = in.out.rows(block.sample, block.head) + token * in.out.steps.token;
#pragma unroll
    for (int i = 0; i < kPerLane; ++i)
      if (lane + i * cuda::kWarp < e.head_dim) cuda::store(to, lane + i * cuda::kWarp, sum[r][i] / total[r]);
    if (in.log_sum_exp && lane == 0) in.log_sum_exp[block.statistics_offset(e) + token] = most[r] + logf(total[r]);
  }
}

template <class T, int kHeadDim>
void launch_for(const Exec& exec, const AttentionExtent& e, const Arrays<T>& arrays) {
  constexpr AttentionShape kShape = cuda::attention_shape(kHeadDim);
  static_assert(cuda::attention_shared_bytes(kShape) <= 48 * 1024);
  static_assert(kShape.tile == cuda::kWarp);
  const cuda::LaunchConfig config{.blocks_x = cuda::attention_blocks(e, e.queries, kShape.rows_per_block()),
                                  .threads_x = cuda::kWarp,
                                  .threads_y = kShape.warps};
  cuda::launch_kernel(exec, "attention", config, attention_kernel<T, kShape.per_lane, kShape.rows, kShape.warps>, e,
                      arrays);
}

}  // namespace

void attention_cuda(const Exec& exec, const AttentionArgs& args) {
  const AttentionExtent e = cuda::attention_extent(args);
  cuda::check_heads("attention", e, {&args.q, &args.k, &args.v, &args.out});
  if (attention_by_tensor_cores(exec, args)) return;
  cuda::with_storage(args.q.dtype, [&]<class T>() {
    const Arrays<T> arrays{.q = AttentionArray<const T>(args.q),
                           .k = AttentionArray<const T>(args.k),
                           .v = AttentionArray<const T>(args.v),
                           .lengths = args.lengths.as<std::int32_t>(),
                           .scale = cuda::attention_scale(args.scale, e),
                           .out = AttentionArray<T>(args.out),
                           .log_sum_exp = args.log_sum_exp.as<float>()};
    if (e.head_dim <= 32) return launch_for<T, 32>(exec, e, arrays);
    if (e.head_dim <= 64) return launch_for<T, 64>(exec, e, arrays);
    if (e.head_dim <= 128) return launch_for<T, 128>(exec, e, arrays);
    launch_for<T, 256>(exec, e, arrays);
  });
}

std::size_t attention_cuda_workspace_bytes(const AttentionArgs&) { return 0; }

}  // namespace athanor::kernels
