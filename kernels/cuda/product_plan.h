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
  bool bias = false, workspace = false;
  std::uint32_t alignment_bytes = 4;

  [[nodiscard]] auto operator<=>(const PlanKey&) const = default;
};

// Two classes only, so that where a tensor happens to lie changes the plan as rarely as possible.
[[nodiscard]] inline std::uint32_t alignment_of(const Product& args) noexcept {
  const auto aligned = [](const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0; };
  return aligned(args.a) && aligned(args.b) && aligned(args.c) && aligned(args.d) && aligned(args.bias) ? 16 : 4;
}

[[nodiscard]] inline PlanKey key_of(int device, const Product& args) noexcept {
  return {.device = device,
          .transpose_a = args.transpose_a,
          .transpose_b = args.transpose_b,
          .m = args.m,
          .n = args.n,
          .k = args.k,
          .a_stride = args.a_stride,
          .b_stride = args.b_stride,
          .c_stride = args.beta == 0.0f ? args.d_stride : args.c_stride,
          .d_stride = args.d_stride,
          .bias = args.bias != nullptr,
          .workspace = args.workspace != nullptr,
          .alignment_bytes = alignment_of(args)};
}

}  // namespace athanor::kernels::cuda
