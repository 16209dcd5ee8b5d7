// What attention and its gradient share on a CUDA device: where things lie, and how a warp works on its rows.
#pragma once

#include "kernels/base/error.h"
#include "kernels/base/view.h"
#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/device/vector.cuh"
#include "kernels/cuda/launch.cuh"

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace athanor::kernels::cuda {

// Steps from one sample, token and head of a view [B,T,H,D] to the next; the head dim is dense.
struct AttentionSteps {
  std::int64_t sample = 0, token = 0, head = 0;

  AttentionSteps() = default;
  explicit AttentionSteps(const View& view) : sample(view.strides[0]), token(view.strides[1]), head(view.strides[2]) {}
};

template <class T>
struct AttentionArray {
  T* data = nullptr;
  AttentionSteps steps;

  AttentionArray() = default;
  explicit AttentionArray(const View& view) : data(view.as<T>()), steps(view) {}
  // The first of the rows of one head of one sample; the next lies steps.token further.
  [[nodiscard]] __device__ T* rows(std::int64_t sample, std::int64_t head) const {
    return data + sample * steps.sample + head * steps.head;
  }
};

struct AttentionExtent {
  std::int64_t batch = 0, queries = 0, keys = 0, heads = 0;
  int head_dim = 0;
  bool causal = false;

  // How many of `valid` keys query t sees.
  [[nodiscard]] __host__ __device__ std::int64_t seen_by(std::int64_t t, std::int64_t valid) const {
    const std::int64_t seen = t + keys - queries + 1;
    return causal && seen < valid ? seen : valid;
  }
  // The first query that sees a key.
  [[nodiscard]] __host__ __device__ std::int64_t first_to_see(std::int64_t key) const {
    const std::int64_t first = key - (keys - queries);
    return causal && first > 0 ? first : 0;
  }
};

template <class Args>
[[nodiscard]] AttentionExtent attention_extent(const Args& args) {
  return {.batch = args.q.dim(0),
          .queries = args.q.dim(1),
          .keys = args.k.dim(1),
          .heads = args.q.dim(2),
          .head_dim = static_cast<int>(args.q.dim(3)),
          .causal = args.causal};
}

[[nodiscard]] inline float attention_scale(float scale, const AttentionExtent& e) {
  return scale == 0.0f ? static_cast<float>(1.0 / std::sqrt(static_cast<double>(e.head_dim))) : scale;
}

inline void check_heads(const char* op, const AttentionExtent& e, std::initializer_list<const View*> views) {
  const std::string intention = std::string("run ") + op + " on a CUDA device";
  if (e.head_dim > kMaxHeadDim)
    throw Failure(
        ErrorKind::unavailable, intention,
        "heads of " + std::to_string(e.head_dim) + " dims do not fit; the kernels hold " + std::to_string(kMaxHeadDim),
        "Use more heads, or the device cpu");
  for (const View* view : views)
    if (view->dim(3) > 1 && view->strides[3] != 1)
      throw Failure(ErrorKind::unavailable, intention, "the head dim of an array is strided",
                    "Copy the array to contiguous memory first");
}

// Which rows of which (sample, head) this block owns, of `tokens` rows.
struct AttentionBlock {
  std::int64_t sample, head, first;

  __device__ AttentionBlock(const AttentionExtent& e, std::int64_t tokens, int rows_per_block) {
    const std::int64_t row_blocks = (tokens + rows_per_block - 1) / rows_per_block;
    const std::int64_t pair = blockIdx.x / row_blocks;
    sample = pair / e.heads;
    head = pair % e.heads;
    first = (blockIdx.x - pair * row_blocks) * rows_per_block;
  }
  [[nodiscard]] __device__ std::int64_t statistics_offset(const AttentionExtent& e) const {
    return (sample * e.heads + head) * e.queries;
  }
};

[[nodiscard]] inline std::int64_t attention_blocks(const AttentionExtent& e, std::int64_t tokens, int rows_per_block) {
  return e.batch * e.heads * ceil_div(tokens, rows_per_block);
}

// The whole block copies `rows` rows of kDim values to shared memory, kStride apart; what does not exist becomes 0.
template <int kDim, int kStride, class T>
__device__ void load_rows(float* to, int rows, const T* from, std::int64_t from_stride, std::int64_t valid_rows,
                          int valid_dims) {
  const int threads = static_cast<int>(blockDim.x * blockDim.y);
  for (int i = thread_in_block(); i < rows * kDim; i += threads) {
    const int row = i / kDim, dim = i % kDim;
    to[row * kStride + dim] = row < valid_rows && dim < valid_dims ? load(from, row * from_stride + dim) : 0.0f;
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
