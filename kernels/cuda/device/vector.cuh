// Four neighbouring floats moved as one.
#pragma once

#include <cstdint>

namespace athanor::kernels::cuda {

struct Four {
  float at[4];
};

// `from` lies on a multiple of 16 bytes.
__device__ inline Four load_four(const float* from) {
  const float4 packed = *reinterpret_cast<const float4*>(from);
  return {{packed.x, packed.y, packed.z, packed.w}};
}

__device__ inline void store_four(float* to, const Four& value) {
  *reinterpret_cast<float4*>(to) = make_float4(value.at[0], value.at[1], value.at[2], value.at[3]);
}

template <class... Pointers>
[[nodiscard]] inline bool all_on_16_bytes(const Pointers*... pointers) noexcept {
  return ((reinterpret_cast<std::uintptr_t>(pointers) % 16 == 0) && ...);
}

}  // namespace athanor::kernels::cuda
