// What attention and its gradient share on a CUDA device: where things lie, and how a warp works on its rows.
#pragma once

#include "kernels/base/error.h"
#include "kernels/base/view.h"
#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/device/vector.cuh"
#include "kernels/cuda/launch.cuh"

#include <cmath>
#include <cstdint>
#include <string>

namespace athanor::kernels::cuda {

// qkv [B,T,3,H,D], out [B,T,H,D], statistics [B,H,T].
struct AttentionExtent {
  std::int64_t batch = 0, tokens = 0, heads = 0;
  int head_dim = 0;

  [[nodiscard]] __host__ __device__ std::int64_t out_stride() const { return heads * head_dim; }
  [[nodiscard]] __host__ __device__ std::int64_t qkv_stride() const { return 3 * out_stride(); }
  [[nodiscard]] __host__ __device__ std::int64_t plane(int index) const { return index * out_stride(); }
  [[nodiscard]] __host__ __device__ std::int64_t row_blocks(int rows_per_block) const {
    return (tokens + rows_per_block - 1) / rows_per_block;
  }
  [[nodiscard]] std::int64_t blocks(int rows_per_block) const { return batch * heads * row_blocks(rows_per_block); }
  [[nodiscard]] bool empty() const { return batch * tokens * heads * head_dim == 0; }
};

[[nodiscard]] inline AttentionExtent attention_extent(const View& qkv) {
  return {.batch = qkv.dim(0), .tokens = qkv.dim(1), .heads = qkv.dim(3), .head_dim = static_cast<int>(qkv.dim(4))};
}

[[nodiscard]] inline float attention_scale(float scale, const AttentionExtent& e) {
  return scale == 0.0f ? static_cast<float>(1.0 / std::sqrt(static_cast<double>(e.head_dim))) : scale;
}

inline void refuse_large_heads(const char* op, const AttentionExtent& e) {
  if (e.head_dim > kMaxHeadDim)
    throw Failure(
        ErrorKind::unavailable, std::string("run ") + op + " on a CUDA device",
        "heads of " + std::to_string(e.head_dim) + " dims do not fit; the kernels hold " + std::to_string(kMaxHeadDim),
        "Use more heads, or the device cpu");
}

// Which rows of which (sample, head) this block owns.
struct AttentionBlock {
  std::int64_t sample, head, first;

  __device__ AttentionBlock(const AttentionExtent& e, int rows_per_block) {
    const std::int64_t row_blocks = e.row_blocks(rows_per_block);
    const std::int64_t pair = blockIdx.x / row_blocks;
    sample = pair / e.heads;
    head = pair % e.heads;
    first = (blockIdx.x - pair * row_blocks) * rows_per_block;
  }
  [[nodiscard]] __device__ std::int64_t qkv_offset(const AttentionExtent& e) const {
    return sample * e.tokens * e.qkv_stride() + head * e.head_dim;
  }
  [[nodiscard]] __device__ std::int64_t out_offset(const AttentionExtent& e) const {
    return sample * e.tokens * e.out_stride() + head * e.head_dim;
  }
  [[nodiscard]] __device__ std::int64_t statistics_offset(const AttentionExtent& e) const {
    return (sample * e.heads + head) * e.tokens;
  }
};

// The whole block copies `rows` rows of kDim values to shared memory, kStride apart; what does not exist becomes 0.
template <int kDim, int kStride>
__device__ void load_rows(float* to, int rows, const float* from, std::int64_t from_stride, std::int64_t valid_rows,
                          int valid_dims) {
  const int threads = static_cast<int>(blockDim.x * blockDim.y);
  for (int i = thread_in_block(); i < rows * kDim; i += threads) {
    const int row = i / kDim, dim = i % kDim;
    to[row * kStride + dim] = row < valid_rows && dim < valid_dims ? from[row * from_stride + dim] : 0.0f;
  }
}

// dot[r] = own[r] . other, both zero beyond `dims`. All lanes read the same `own`, each its own `other`.
template <int kRows, int kDim>
__device__ void dot_rows(const float* own, const float* other, int dims, float (&dot)[kRows]) {
#pragma unroll
  for (int r = 0; r < kRows; ++r) dot[r] = 0.0f;
  for (int dim = 0; dim < dims; dim += 4) {
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const Four mine = load_four(own + r * kDim + dim);
#pragma unroll
      for (int i = 0; i < 4; ++i) dot[r] += mine.at[i] * other[dim + i];
    }
  }
}

// sum[r][i] += sum over tile rows t of weight[r] of lane t * tile[t][lane + 32 i].
template <int kRows, int kPerLane, int kTile>
__device__ void add_weighted_rows(const float (&weight)[kRows], const float* tile, float (&sum)[kRows][kPerLane]) {
  constexpr int kStride = kPerLane * kWarp + 1;
  const int lane = static_cast<int>(threadIdx.x);
#pragma unroll 4
  for (int t = 0; t < kTile; ++t) {
    float value[kPerLane];
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) value[i] = tile[t * kStride + lane + i * kWarp];
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const float factor = __shfl_sync(kAllLanes, weight[r], t);
#pragma unroll
      for (int i = 0; i < kPerLane; ++i) sum[r][i] += factor * value[i];
    }
  }
}

}  // namespace athanor::kernels::cuda
