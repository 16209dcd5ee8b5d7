// Element-wise maps: out[i] = f(i, in0[i], in1[i], ...), four elements per thread. Inputs may alias the output.
#pragma once

#include "kernels/cuda/device/vector.cuh"
#include "kernels/cuda/launch.cuh"

namespace athanor::kernels::cuda {

inline constexpr int kMapPerThread = 4;

template <class F, class... In>
__global__ void map_kernel(std::int64_t elements, bool vectors, F f, float* out, In... in) {
  const std::int64_t first = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) * kMapPerThread;
  if (vectors && first + kMapPerThread <= elements) {
    const auto apply = [&](const auto&... values) {
      Four result;
#pragma unroll
      for (int i = 0; i < kMapPerThread; ++i) result.at[i] = f(first + i, values.at[i]...);
      return result;
    };
    store_four(out + first, apply(load_four(in + first)...));
    return;
  }
  for (std::int64_t i = first; i < elements && i < first + kMapPerThread; ++i) out[i] = f(i, in[i]...);
}

// F: a copyable struct with `__device__ float operator()(std::int64_t i, float in0, ...) const`.
template <class F, class... In>
void map(const Exec& exec, const char* op, std::int64_t elements, F f, float* out, const In*... in) {
  launch_kernel(exec, op, per_element(elements, kMapPerThread), map_kernel<F, const In*...>, elements,
                all_on_16_bytes(static_cast<const float*>(out), in...), f, out, in...);
}

}  // namespace athanor::kernels::cuda
