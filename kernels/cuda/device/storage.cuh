// How numbers lie in memory, for kernels that are templates over it: f32, f16 or bf16 outside, f32 arithmetic inside.
//
//   template <class T>
//   __global__ void twice_kernel(std::int64_t count, const T* x, T* y) { … store(y, i, 2.0f * load(x, i)); }
//   with_storage(args.x.dtype, [&]<class T>() { … twice_kernel<T>, count, args.x.as<T>(), args.y.as<T>() … });
//
// Conversions give the bits of kernels/base/number_format.h; only the payload of a NaN may differ on a device.
#pragma once

#include "kernels/base/error.h"
#include "kernels/base/number_format.h"
#include "kernels/cuda/device/vector.cuh"

#include <cstdint>
#include <string>
#include <type_traits>

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

namespace athanor::kernels::cuda {

struct Half {
  std::uint16_t bits;
};
struct BHalf {
  std::uint16_t bits;
};

__device__ inline float to_f32(float value) { return value; }
__device__ inline float to_f32(Half value) {
#if defined(__CUDA_ARCH__)
  return __half2float(__ushort_as_half(value.bits));
#else
  return Float16::decode(value.bits);
#endif
}
__device__ inline float to_f32(BHalf value) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(static_cast<unsigned>(value.bits) << 16);
#else
  return BFloat16::decode(value.bits);
#endif
}

template <class T>
__device__ inline T from_f32(float value) {
  if constexpr (std::is_same_v<T, float>) {
    return value;
  } else if constexpr (std::is_same_v<T, Half>) {
#if defined(__CUDA_ARCH__)
    return {__half_as_ushort(__float2half_rn(value))};
#else
    return {static_cast<std::uint16_t>(Float16::encode(value))};
#endif
  } else {
#if defined(__CUDA_ARCH__)
    return {__bfloat16_as_ushort(__float2bfloat16_rn(value))};
#else
    return {static_cast<std::uint16_t>(BFloat16::encode(value))};
#endif
  }
}

template <class T>
__device__ inline float load(const T* from, std::int64_t i) {
  return to_f32(from[i]);
}
template <class T>
__device__ inline void store(T* to, std::int64_t i, float value) {
  to[i] = from_f32<T>(value);
}

// Four neighbours; `from` lies on a multiple of four elements.
template <class T>
__device__ inline Four load_vector(const T* from) {
  if constexpr (std::is_same_v<T, float>) {
    return load_four(from);
  } else {
    struct alignas(4 * sizeof(T)) Packed {
      T at[4];
    };
    const Packed packed = *reinterpret_cast<const Packed*>(from);
    return {{to_f32(packed.at[0]), to_f32(packed.at[1]), to_f32(packed.at[2]), to_f32(packed.at[3])}};
  }
}
template <class T>
__device__ inline void store_vector(T* to, const Four& value) {
  if constexpr (std::is_same_v<T, float>) {
    store_four(to, value);
  } else {
    struct alignas(4 * sizeof(T)) Packed {
      T at[4];
    };
    *reinterpret_cast<Packed*>(to) = {
        {from_f32<T>(value.at[0]), from_f32<T>(value.at[1]), from_f32<T>(value.at[2]), from_f32<T>(value.at[3])}};
  }
}

// Whether every pointer lies on a multiple of four of its elements.
template <class... T>
[[nodiscard]] inline bool all_on_fours(const T*... pointers) noexcept {
  return ((reinterpret_cast<std::uintptr_t>(pointers) % (4 * sizeof(T)) == 0) && ...);
}

// Calls function.template operator()<T>() with the storage behind f32, f16 or bf16.
template <class Function>
void with_storage(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::f32: return function.template operator()<float>();
    case DType::f16: return function.template operator()<Half>();
    case DType::bf16: return function.template operator()<BHalf>();
    default:
      throw Failure(ErrorKind::internal, "run a kernel on a CUDA device",
                    std::string("an array holds ") + to_string(dtype) + ", it reads f32, f16 or bf16");
  }
}

}  // namespace athanor::kernels::cuda
