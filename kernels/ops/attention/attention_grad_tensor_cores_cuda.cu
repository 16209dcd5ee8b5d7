#include "kernels/ops/attention/attention_tensor_cores.cuh"
#include "kernels/ops/attention/attention_tensor_cores.h"

namespace athanor::kernels {

namespace {

using cuda::AttentionArray;
using cuda::AttentionExtent;
using cuda::WarpTile;

template <class T>
struct Arrays {
  AttentionArray<const T> q, k, v, dout;
  const std::int32_t* lengths;
  const float *log_sum_exp, *delta;
  float scale;
  AttentionArray<T> dq, dk, dv;
  bool eights;
};

// What turns products into probabilities and their gradient.
struct Statistics {
  const float *log_sum_exp, *delta;  // of the block's (sample, head)
  std::int64_t valid;
  float scale;
};

// Scores become p and products of dout and v become ds; both 0 where a query does not see a key. `own` is the row of
// this lane, `first` the tile's first column.
template <bool kKeysOwn, int kColumns>
__device__ void differentiate_scores(const AttentionExtent& e, const Statistics& s, std::int64_t own,
                                     std::int64_t first, WarpTile (&p)[kColumns], WarpTile (&ds)[kColumns]) {
#pragma unroll
  for (int n = 0; n < kColumns; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const std::int64_t row = own + i / 2 * 8;
      const std::int64_t column = first + n * cuda::kTileColumns + 2 * cuda::place_in_group() + i % 2;
      const std::int64_t query = kKeysOwn ? column : row, key = kKeysOwn ? row : column;
      const bool meet = query < e.queries && key < e.seen_by(query, s.valid);
      const float probability = meet ? expf(s.scale * p[n].at[i] - s.log_sum_exp[query]) : 0.0f;
      ds[n].at[i] = meet ? s.scale * probability * (ds[n].at[i] - s.delta[query]) : 0.0f;
      p[n].at[i] = probability;
    }
}

// As attention_grad_kernel: a warp owns 16 rows of one side, (q, dout) or (k, v), and sees all rows of the other side.
//   queries own: dq += ds k          keys own: dk += ds q, dv += p dout
template <class T, bool kKeysOwn, int kDim, int kWarps, int kTile>
__global__ void attention_grad_tensor_core_kernel(AttentionExtent e, Arrays<T> in) {
  constexpr int kOwn = 16 * kWarps, kRow = kDim + cuda::kRowPadding;
  __shared__ __align__(16) T own_a[kOwn * kRow];
  __shared__ __align__(16) T own_b[kOwn * kRow];
  __shared__ __align__(16) T tile_a[kTile * kRow];
  __shared__ __align__(16) T tile_b[kTile * kRow];
  const std::int64_t own_tokens = kKeysOwn ? e.keys : e.queries;
  const cuda::AttentionBlock block(e, own_tokens, kOwn);
  const std::int64_t valid = in.lengths ? in.lengths[block.sample] : e.keys;
  const std::int64_t last_own = block.first + kOwn < own_tokens ? block.first + kOwn - 1 : own_tokens - 1;
  // The rows of the other side that any row of this block meets.
  const std::int64_t others = kKeysOwn ? e.queries : e.seen_by(last_own, valid);
  const std::int64_t first_other = kKeysOwn ? e.first_to_see(block.first) / kTile * kTile : 0;
  const int first_own = static_cast<int>(threadIdx.y) * 16;
  const std::int64_t own = block.first + first_own + cuda::group_of_lane();

  const AttentionArray<const T>&a = kKeysOwn ? in.k : in.q, &b = kKeysOwn ? in.v : in.dout;
  const AttentionArray<const T>&other_a = kKeysOwn ? in.q : in.k, &other_b = kKeysOwn ? in.dout : in.v;
  const T *a_rows = other_a.rows(block.sample, block.head), *b_rows = other_b.rows(block.sample, block.head);
  const std::int64_t at = block.statistics_offset(e);
  const Statistics statistics{in.log_sum_exp + at, in.delta + at, valid, in.scale};
  cuda::copy_rows<kDim, kRow>(own_a, kOwn, a.rows(block.sample, block.head) + block.first * a.steps.token,
                              a.steps.token, own_tokens - block.first, e.head_dim, in.eights);
  cuda::copy_rows<kDim, kRow>(own_b, kOwn, b.rows(block.sample, block.head) + block.first * b.steps.token,
                              b.steps.token, own_tokens - block.first, e.head_dim, in.eights);
  WarpTile sum_a[kDim / 8] = {}, sum_b[kKeysOwn ? kDim / 8 : 1] = {};
  for (std::int64_t first = first_other; first < others; first += kTile) {
    const T *tile_from_a = a_rows + first * other_a.steps.token, *tile_from_b = b_rows + first * other_b.steps.token;
    __syncthreads();
    cuda::copy_rows<kDim, kRow>(tile_a, kTile, tile_from_a, other_a.steps.token, others - first, e.head_dim, in.eights);
    cuda::copy_rows<kDim, kRow>(tile_b, kTile, tile_from_b, other_b.steps.token, others - first, e.head_dim, in.eights);
    __syncthreads();
    WarpTile p[kTile / 8], ds[kTile / 8];
    cuda::row_products<kDim, kRow>(own_a, first_own, tile_a, p);
    cuda::row_products<kDim, kRow>(own_b, first_own, tile_b, ds);
    differentiate_scores<kKeysOwn>(e, statistics, own, first, p, ds);
    cuda::add_weighted<kRow>(ds, tile_a, sum_a);
    if constexpr (kKeysOwn) cuda::add_weighted<kRow>(p, tile_b, sum_b);
  }
  const auto store_to = [&](const AttentionArray<T>& array) {
    T* const to = array.rows(block.sample, block.head);
    const std::int64_t step = array.steps.token;
    return [=, &block](int row, int dim, float value) {
      const std::int64_t token = block.first + first_own + row;
      if (token < own_tokens && dim < e.head_dim) cuda::store(to, token * step + dim, value);
    };
  };
  cuda::for_each_sum(sum_a, store_to(kKeysOwn ? in.dk : in.dq));
  if constexpr (kKeysOwn) cuda::for_each_sum(sum_b, store_to(in.dv));
}

template <class T, int kHeadDim>
void launch_for(const Exec& exec, const AttentionExtent& e, const Arrays<T>& arrays) {
  constexpr auto kShape = cuda::tensor_core_attention_grad(kHeadDim);
  static_assert(kShape.shared_bytes(2, 2) <= 48 * 1024);
  const auto config = [&](std::int64_t tokens) {
    return cuda::LaunchConfig{.blocks_x = cuda::attention_blocks(e, tokens, kShape.rows_per_block()),
                              .threads_x = cuda::kWarp,
                              .threads_y = kShape.warps};
  };
  cuda::launch_kernel(exec, "attention_grad", config(e.queries),
                      attention_grad_tensor_core_kernel<T, false, kShape.dim, kShape.warps, kShape.tile>, e, arrays);
  cuda::launch_kernel(exec, "attention_grad", config(e.keys),
                      attention_grad_tensor_core_kernel<T, true, kShape.dim, kShape.warps, kShape.tile>, e, arrays);
}

template <class T>
void differentiate(const Exec& exec, const AttentionExtent& e, const AttentionGradArgs& args, const float* delta) {
  Arrays<T> arrays{.q = AttentionArray<const T>(args.q),
                   .k = AttentionArray<const T>(args.k),
                   .v = AttentionArray<const T>(args.v),
                   .dout = AttentionArray<const T>(args.dout),
                   .lengths = args.lengths.as<std::int32_t>(),
                   .log_sum_exp = args.log_sum_exp.as<float>(),
                   .delta = delta,
                   .scale = cuda::attention_scale(args.scale, e),
                   .dq = AttentionArray<T>(args.dq),
                   .dk = AttentionArray<T>(args.dk),
                   .dv = AttentionArray<T>(args.dv),
                   .eights = false};
  arrays.eights = cuda::in_eights(arrays.q) && cuda::in_eights(arrays.k) && cuda::in_eights(arrays.v) &&
                  cuda::in_eights(arrays.dout);
  if (e.head_dim <= 32) return launch_for<T, 32>(exec, e, arrays);
  if (e.head_dim <= 64) return launch_for<T, 64>(exec, e, arrays);
  launch_for<T, 128>(exec, e, arrays);
}

}  // namespace

bool attention_grad_by_tensor_cores(const Exec& exec, const AttentionGradArgs& args, const float* delta) {
  const AttentionExtent e = cuda::attention_extent(args);
  if (!cuda::suits_tensor_cores(e, args.q.dtype)) return false;
  if (args.q.dtype == DType::f16)
    differentiate<cuda::Half>(exec, e, args, delta);
  else
    differentiate<cuda::BHalf>(exec, e, args, delta);
  return true;
}

}  // namespace athanor::kernels
