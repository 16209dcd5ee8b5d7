// What a plan for a matrix product depends on, and nothing else. Plain C++, tested without a GPU.
#pragma once

#include "kernels/cuda/product.h"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace athanor::kernels::cuda {

struct PlanKey {
  int device = 0;
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 0, n = 0, k = 0;
  std::int64_t a_stride = 0, b_stride = 0, c_stride = 0, d_stride = 0;
  DType a_format = DType::f32, b_format = DType::f32, d_format = DType::f32;
  std::int64_t batch = 1, a_step = 0, b_step = 0, d_step = 0;
  Activation activation = Activation::none;
  bool preactivation = false, bias = false, workspace = false, tf32 = false;
  Scaling a_scaling = Scaling::none, b_scaling = Scaling::none;
  std::uint32_t alignment_bytes = 4;

  [[nodiscard]] auto operator<=>(const PlanKey&) const = default;
};

// Two classes only, so that where a tensor happens to lie changes the plan as rarely as possible.
[[nodiscard]] inline std::uint32_t alignment_of(const Product& args) noexcept {
  const auto aligned = [](const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0; };
  for (const void* pointer : {args.a, args.b, args.c, static_cast<const void*>(args.d), args.bias,
                              static_cast<const void*>(args.preactivation)})
    if (!aligned(pointer))
      return static_cast<std::uint32_t>(std::min(size_bits(args.a_format), size_bits(args.d_format))) / 8;
  return 16;
}

[[nodiscard]] inline PlanKey key_of(const Exec& exec, const Product& args) noexcept {
  return {.device = exec.device.index,
          .transpose_a = args.transpose_a,
          .transpose_b = args.transpose_b,
          .m = args.m,
          .n = args.n,
          .k = args.k,
          .a_stride = args.a_stride,
          .b_stride = args.b_stride,
          .c_stride = args.beta == 0.0f ? args.d_stride : args.c_stride,
          .d_stride = args.d_stride,
          .a_format = args.a_format,
          .b_format = args.b_format,
          .d_format = args.d_format,
          .batch = args.batch,
          .a_step = args.a_step,
          .b_step = args.b_step,
          .d_step = args.d_step,
          .activation = args.activation,
          .preactivation = args.preactivation != nullptr,
          .bias = args.bias != nullptr,
          .workspace = args.workspace != nullptr,
          .tf32 = exec.tf32 && args.a_format == DType::f32,
          .a_scaling = args.a_scaling,
          .b_scaling = args.b_scaling,
          .alignment_bytes = alignment_of(args)};
}

}  // namespace athanor::kernels::cuda
