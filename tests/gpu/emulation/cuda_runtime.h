// CUDA's language, as far as our kernels use it, in plain C++: the .cu files compile with it as they are. See grid.h.
#pragma once

#include "cuda_runtime_api.h"
#include "tests/gpu/emulation/grid.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __align__(bytes) __attribute__((aligned(bytes)))

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes;
  cudaStream_t stream;
};

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  athanor::emulation::put(config->stream, [grid = config->gridDim, block = config->blockDim, kernel,
                                           kept = std::tuple<std::decay_t<Parameters>...>(arguments...)] {
    athanor::emulation::run_grid(grid, block, [&] { std::apply(kernel, kept); });
  });
  return cudaSuccess;
}

struct alignas(16) float4 {
  float x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

inline void __syncthreads() { athanor::emulation::wait_for_block(); }

template <class T>
T __shfl_sync(unsigned, T value, int source) {
  return athanor::emulation::exchange(value, source);
}
template <class T>
T __shfl_xor_sync(unsigned, T value, int mask) {
  return athanor::emulation::exchange(value, athanor::emulation::lane() ^ mask);
}
inline unsigned __ballot_sync(unsigned, bool predicate) { return athanor::emulation::ballot(predicate); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }

using std::isfinite;
using std::isnan;
inline double cospi(double x) { return std::cos(3.14159265358979323846 * x); }
