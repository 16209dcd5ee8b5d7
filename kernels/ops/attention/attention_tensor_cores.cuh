// What attention on tensor cores and its gradient share. Arrays in f16 or bf16, head dims up to 128.
#pragma once

#include "kernels/cuda/device/mma.cuh"
#include "kernels/ops/attention/attention_cuda.cuh"

#include <cstring>

namespace athanor::kernels::cuda {

// Behind each row in shared memory, so that the lanes of a factor read different banks.
inline constexpr int kRowPadding = 8;

[[nodiscard]] inline bool suits_tensor_cores(const AttentionExtent& e, DType format) {
  return (format == DType::f16 || format == DType::bf16) && e.head_dim <= kMaxTensorCoreHeadDim;
}

// Whether eight elements of a row may be moved as one: every row begins on 16 bytes.
template <class T>
[[nodiscard]] bool in_eights(const AttentionArray<T>& array) {
  const auto eighth = [](std::int64_t steps) { return steps % 8 == 0; };
  return reinterpret_cast<std::uintptr_t>(array.data) % 16 == 0 && eighth(array.steps.sample) &&
         eighth(array.steps.token) && eighth(array.steps.head);
}

// Eight elements, which lie on 16 bytes in both places.
template <class T>
__device__ void copy_eight(T* to, const T* from) {
#if defined(__CUDA_ARCH__)
  *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(from);
#else
  std::memcpy(to, from, 8 * sizeof(T));
#endif
}

// The whole block copies `rows` rows of kDim elements, kStride apart; what does not exist becomes 0.
template <int kDim, int kStride, class T>
__device__ void copy_rows(T* to, int rows, const T* from, std::int64_t from_stride, std::int64_t valid_rows,
                          int valid_dims, bool eights) {
  const int threads = static_cast<int>(blockDim.x * blockDim.y);
  if (eights && valid_dims % 8 == 0) {
    for (int i = thread_in_block(); i < rows * (kDim / 8); i += threads) {
      const int row = i / (kDim / 8), dim = i % (kDim / 8) * 8;
      T* const eight = to + row * kStride + dim;
      if (row < valid_rows && dim < valid_dims) {
        copy_eight(eight, from + row * from_stride + dim);
      } else {
#pragma unroll
        for (int j = 0; j < 8; ++j) eight[j] = T{};
      }
    }
    return;
  }
  for (int i = thread_in_block(); i < rows * kDim; i += threads) {
    const int row = i / kDim, dim = i % kDim;
    to[row * kStride + dim] = row < valid_rows && dim < valid_dims ? from[row * from_stride + dim] : T{};
  }
}

// product[n] = 16 own rows times the transposes of 8 n … of the tile's rows, over kDim.
template <int kDim, int kStride, int kColumns, class T>
__device__ void row_products(const T* own, int first_own, const T* tile, WarpTile (&product)[kColumns]) {
#pragma unroll
  for (int n = 0; n < kColumns; ++n) product[n] = {};
#pragma unroll
  for (int k = 0; k < kDim; k += kTileDepth) {
    const FactorA a = load_a<kStride>(own, first_own, k);
#pragma unroll
    for (int n = 0; n < kColumns; ++n) multiply_add<T>(a, load_b<kStride>(tile, n * kTileColumns, k), product[n]);
  }
}

// sum[n] += weights [16, 8 kColumns] times the tile's rows.
template <int kStride, int kColumns, int kDims, class T>
__device__ void add_weighted(const WarpTile (&weights)[kColumns], const T* tile, WarpTile (&sum)[kDims]) {
#pragma unroll
  for (int k = 0; k < kColumns / 2; ++k) {
    const FactorA a = as_factor<T>(weights[2 * k], weights[2 * k + 1]);
#pragma unroll
    for (int n = 0; n < kDims; ++n)
      multiply_add<T>(a, load_b_upright<kStride>(tile, k * kTileDepth, n * kTileColumns), sum[n]);
  }
}

// Calls store(row of 16, dim, value) for what a lane holds of sum.
template <int kDims, class Store>
__device__ void for_each_sum(const WarpTile (&sum)[kDims], Store&& store) {
#pragma unroll
  for (int n = 0; n < kDims; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i)
      store(group_of_lane() + i / 2 * 8, n * kTileColumns + 2 * place_in_group() + i % 2, sum[n].at[i]);
}

}  // namespace athanor::kernels::cuda
