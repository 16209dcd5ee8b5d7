// Matrix products on the device by cuBLASLt, row-major: d = alpha * op(a) op(b) + beta * c + bias.
//
// Shapes    op(a) [m,k], op(b) [k,n], c and d [m,n]; the given strides are those of stored rows. bias [n] or null. c is
//           read when beta is not 0 and may be d.
// Exact     f32 throughout, never TF32.
// Order     The plan is chosen once per (device, shape, strides, alignment, workspace size) and kept; plans whose sums
//           depend on timing are excluded. The same call gives the same bits.
// Edges     m or n = 0 does nothing; k = 0 is the caller's duty.
// Errors    Failure (internal) when cuBLASLt has no plan.
#pragma once

#include "kernels/base/exec.h"

#include <cstdint>

namespace athanor::kernels::cuda {

// What products of ops with a workspace are given, so that tall sums can be split over the device.
inline constexpr std::size_t kProductWorkspaceBytes = std::size_t{8} << 20;

struct Product {
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 0, n = 0, k = 0;
  float alpha = 1.0f;
  const float* a = nullptr;
  std::int64_t a_stride = 0;
  const float* b = nullptr;
  std::int64_t b_stride = 0;
  float beta = 0.0f;
  const float* c = nullptr;
  std::int64_t c_stride = 0;
  const float* bias = nullptr;
  float* d = nullptr;
  std::int64_t d_stride = 0;
  void* workspace = nullptr;  // kProductWorkspaceBytes, or null
};

void product(const Exec& exec, const char* op, const Product& args);

// m, n, k > 0 and all rows dense: the usual case.
[[nodiscard]] Product dense_product(std::int64_t m, std::int64_t n, std::int64_t k) noexcept;

}  // namespace athanor::kernels::cuda
