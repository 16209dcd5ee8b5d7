#include "kernels/ops/attention/attention_tensor_cores.cuh"
#include "kernels/ops/attention/attention_tensor_cores.h"

namespace athanor::kernels {

namespace {

using cuda::AttentionArray;
using cuda::AttentionExtent;
using cuda::WarpTile;

template <class T>
struct Arrays {
  AttentionArray<const T> q, k, v;
  const std::int32_t* lengths;
  float scale;
  AttentionArray<T> out;
  float* log_sum_exp;
  bool eights;
};

// What one lane knows of its two rows.
struct Running {
  float most[2] = {-INFINITY, -INFINITY}, total[2] = {};
};

// Logits become e^(logit - maximum so far); what was summed before shrinks where the maximum rose.
template <int kColumns, int kDims>
__device__ void softmax_step(WarpTile (&score)[kColumns], float scale, const std::int64_t (&seen)[2], Running& running,
                             WarpTile (&sum)[kDims]) {
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    float most = -INFINITY;
#pragma unroll
    for (int n = 0; n < kColumns; ++n)
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        float& logit = score[n].at[2 * r + j];
        const int column = n * cuda::kTileColumns + 2 * cuda::place_in_group() + j;
        logit = column < seen[r] ? scale * logit : -INFINITY;
        most = cuda::Max::join(most, logit);
      }
    const float joined = cuda::Max::join(running.most[r], cuda::row_reduce<cuda::Max>(most));
    const float shrink = expf(running.most[r] - joined);
    running.most[r] = joined;
    float added = 0.0f;
#pragma unroll
    for (int n = 0; n < kColumns; ++n)
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        float& share = score[n].at[2 * r + j];
        share = expf(share - joined);
        added += share;
      }
    running.total[r] = running.total[r] * shrink + added;
#pragma unroll
    for (int n = 0; n < kDims; ++n) {
      sum[n].at[2 * r] *= shrink;
      sum[n].at[2 * r + 1] *= shrink;
    }
  }
}

// Each warp owns 16 queries of one (sample, head); keys and values pass by in tiles.
template <class T, int kDim, int kWarps, int kTile>
__global__ void attention_tensor_core_kernel(AttentionExtent e, Arrays<T> in) {
  constexpr int kOwn = 16 * kWarps, kRow = kDim + cuda::kRowPadding;
  __shared__ __align__(16) T queries[kOwn * kRow];
  __shared__ __align__(16) T keys[kTile * kRow];
  __shared__ __align__(16) T values[kTile * kRow];
  const cuda::AttentionBlock block(e, e.queries, kOwn);
  const std::int64_t valid = in.lengths ? in.lengths[block.sample] : e.keys;
  const std::int64_t last = block.first + kOwn < e.queries ? block.first + kOwn - 1 : e.queries - 1;
  const std::int64_t length = e.seen_by(last, valid);  // what any query of this block sees
  const int first_own = static_cast<int>(threadIdx.y) * 16;
  const T *key_rows = in.k.rows(block.sample, block.head), *value_rows = in.v.rows(block.sample, block.head);
  cuda::copy_rows<kDim, kRow>(queries, kOwn, in.q.rows(block.sample, block.head) + block.first * in.q.steps.token,
                              in.q.steps.token, e.queries - block.first, e.head_dim, in.eights);
  const std::int64_t first_query = block.first + first_own + cuda::group_of_lane();
  Running running;
  WarpTile sum[kDim / 8] = {};
  for (std::int64_t key = 0; key < length; key += kTile) {
    __syncthreads();
    cuda::copy_rows<kDim, kRow>(keys, kTile, key_rows + key * in.k.steps.token, in.k.steps.token, length - key,
                                e.head_dim, in.eights);
    cuda::copy_rows<kDim, kRow>(values, kTile, value_rows + key * in.v.steps.token, in.v.steps.token, length - key,
                                e.head_dim, in.eights);
    __syncthreads();
    WarpTile score[kTile / 8];
    cuda::row_products<kDim, kRow>(queries, first_own, keys, score);
    const std::int64_t seen[2] = {e.seen_by(first_query, valid) - key, e.seen_by(first_query + 8, valid) - key};
    softmax_step(score, in.scale, seen, running, sum);
    cuda::add_weighted<kRow>(score, values, sum);
  }
  const float total[2] = {cuda::row_reduce<cuda::Sum>(running.total[0]), cuda::row_reduce<cuda::Sum>(running.total[1])};
  T* const out = in.out.rows(block.sample, block.head);
  cuda::for_each_sum(sum, [&](int row, int dim, float value) {
    const std::int64_t token = block.first + first_own + row;
    const float share = row < 8 ? value / total[0] : value / total[1];
    if (token < e.queries && dim < e.head_dim) cuda::store(out, token * in.out.steps.token + dim, share);
  });
  if (!in.log_sum_exp || cuda::place_in_group() != 0) return;
  for (int r = 0; r < 2; ++r)
    if (first_query + 8 * r < e.queries)
      in.log_sum_exp[block.statistics_offset(e) + first_query + 8 * r] = running.most[r] + logf(total[r]);
}

template <class T, int kHeadDim>
void launch_for(const Exec& exec, const AttentionExtent& e, const Arrays<T>& arrays) {
  constexpr auto kShape = cuda::tensor_core_attention(kHeadDim);
  static_assert(kShape.shared_bytes(1, 2) <= 48 * 1024);
  const cuda::LaunchConfig config{.blocks_x = cuda::attention_blocks(e, e.queries, kShape.rows_per_block()),
                                  .threads_x = cuda::kWarp,
                                  .threads_y = kShape.warps};
  cuda::launch_kernel(exec, "attention", config, attention_tensor_core_kernel<T, kShape.dim, kShape.warps, kShape.tile>,
                      e, arrays);
}

template <class T>
void attend(const Exec& exec, const AttentionExtent& e, const AttentionArgs& args) {
  Arrays<T> arrays{.q = AttentionArray<const T>(args.q),
                   .k = AttentionArray<const T>(args.k),
                   .v = AttentionArray<const T>(args.v),
                   .lengths = args.lengths.as<std::int32_t>(),
                   .scale = cuda::attention_scale(args.scale, e),
                   .out = AttentionArray<T>(args.out),
                   .log_sum_exp = args.log_sum_exp.as<float>(),
                   .eights = false};
  arrays.eights = cuda::in_eights(arrays.q) && cuda::in_eights(arrays.k) && cuda::in_eights(arrays.v);
  if (e.head_dim <= 32) return launch_for<T, 32>(exec, e, arrays);
  if (e.head_dim <= 64) return launch_for<T, 64>(exec, e, arrays);
  launch_for<T, 128>(exec, e, arrays);
}

}  // namespace

bool attention_by_tensor_cores(const Exec& exec, const AttentionArgs& args) {
  const AttentionExtent e = cuda::attention_extent(args);
  if (!cuda::suits_tensor_cores(e, args.q.dtype)) return false;
  if (args.q.dtype == DType::f16)
    attend<cuda::Half>(exec, e, args);
  else
    attend<cuda::BHalf>(exec, e, args);
  return true;
}

}  // namespace athanor::kernels
