// The threads that work on one row together: a warp (rows are laid over threadIdx.y) or a whole block. See per_row.
#pragma once

#include "kernels/cuda/device/reduce.cuh"

#include <cstdint>

namespace athanor::kernels::cuda {

template <bool kBlock>
struct RowTeam {
  __device__ static std::int64_t row() {
    return kBlock ? std::int64_t{blockIdx.x} : std::int64_t{blockIdx.x} * blockDim.y + threadIdx.y;
  }
  __device__ static int lane() { return static_cast<int>(threadIdx.x); }
  __device__ static int size() { return static_cast<int>(blockDim.x); }

  template <class T>
  __device__ static T sum(T value) {
    if constexpr (kBlock)
      return block_sum(value);
    else
      return warp_sum(value);
  }
};

}  // namespace athanor::kernels::cuda
