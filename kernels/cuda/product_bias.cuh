// The bias of a product as cuBLASLt reads it: on 16 bytes, and in the format of the output. Rounding it so is what
// frameworks do that keep a bias in that format.
#pragma once

#include "kernels/base/view.h"
#include "kernels/cuda/map.cuh"
#include "kernels/cuda/workspace.h"

namespace athanor::kernels::cuda {

struct Unchanged {
  __device__ float operator()(std::int64_t, float x) const { return x; }
};

[[nodiscard]] inline void* take_bias(WorkspaceCutter& cutter, const View& bias) {
  return bias.present() ? cutter.take<float>(bias.numel()) : nullptr;
}

// `bias` f32 or absent, `scratch` from take_bias.
[[nodiscard]] inline const void* product_bias(const Exec& exec, const char* op, const View& bias, DType format,
                                              void* scratch) {
  if (!bias.present() || (format == DType::f32 && all_on_16_bytes(bias.as<const float>()))) return bias.data;
  with_storage(format, [&]<class T>() {
    map(exec, op, bias.numel(), Unchanged{}, static_cast<T*>(scratch), bias.as<const float>());
  });
  return scratch;
}

}  // namespace athanor::kernels::cuda
