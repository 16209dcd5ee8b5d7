// Element-wise maps: out[i] = f(i, in0[i], in1[i], ...), four elements per thread. Inputs may alias the output. Each
// array is stored as f32, f16 or bf16; f sees f32.
#pragma once

#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"

namespace athanor::kernels::cuda {

inline constexpr int kMapPerThread = 4;

template <class F, class Out, class... In>
__global__ void map_kernel(std::int64_t elements, bool vectors, F f, Out* out, const In*... in) {
  const std::int64_t first = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) * kMapPerThread;
  if (vectors && first + kMapPerThread <= elements) {
    const auto apply = [&](const auto&... values) {
      Four result;
#pragma unroll
      for (int i = 0; i < kMapPerThread; ++i) result.at[i] = f(first + i, values.at[i]...);
      return result;
    };
    store_vector(out + first, apply(load_vector(in + first)...));
    return;
  }
  for (std::int64_t i = first; i < elements && i < first + kMapPerThread; ++i) store(out, i, f(i, load(in, i)...));
}

// F: a copyable struct with `__device__ float operator()(std::int64_t i, float in0, ...) const`.
template <class F, class Out, class... In>
void map(const Exec& exec, const char* op, std::int64_t elements, F f, Out* out, const In*... in) {
  launch_kernel(exec, op, per_element(elements, kMapPerThread), map_kernel<F, Out, In...>, elements,
                all_on_fours(static_cast<const Out*>(out), in...), f, out, in...);
}

}  // namespace athanor::kernels::cuda
