// Reductions over a warp or a block, in an order fixed by the block's shape. Every thread gets the result, with the
// same bits. All threads of the warp (block) must call; blocks hold whole warps.
#pragma once

namespace athanor::kernels::cuda {

inline constexpr unsigned kAllLanes = 0xffffffffu;

struct Sum {
  template <class T>
  __device__ static T join(T a, T b) {
    return a + b;
  }
};

struct Max {
  template <class T>
  __device__ static T join(T a, T b) {
    return b > a ? b : a;
  }
};

__device__ inline int thread_in_block() { return static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x); }

template <class Join, class T>
__device__ T warp_reduce(T value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2)
    value = Join::join(value, __shfl_xor_sync(kAllLanes, value, distance));
  return value;
}

template <class T>
__device__ T warp_sum(T value) {
  return warp_reduce<Sum>(value);
}

// `neutral` stands in for the warps a small block does not have.
template <class Join, class T>
__device__ T block_reduce(T value, T neutral) {
  __shared__ T partial[32];
  const int thread = thread_in_block();
  const int warps = static_cast<int>(blockDim.x * blockDim.y) / 32;
  value = warp_reduce<Join>(value);
  __syncthreads();  // an earlier reduction may still be read
  if (thread % 32 == 0) partial[thread / 32] = value;
  __syncthreads();
  return warp_reduce<Join>(thread % 32 < warps ? partial[thread % 32] : neutral);
}

template <class T>
__device__ T block_sum(T value) {
  return block_reduce<Sum>(value, T{0});
}

}  // namespace athanor::kernels::cuda
