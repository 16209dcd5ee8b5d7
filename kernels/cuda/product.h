// Matrix products on the device by cuBLASLt, row-major: d = act(alpha * op(a) op(b) + beta * c + bias).
//
// Shapes    op(a) [m,k], op(b) [k,n], c and d [m,n]; the given strides are those of stored rows. `batch` such products
// at
//           once, whose matrices lie *_step elements after each other; a step of 0 repeats a matrix. bias [n] or null.
// Formats   a and b alike: f32, f16 or bf16; or FP8, of which one may be f8_e5m2, with transpose_b and not transpose_a:
//           k lies innermost on both sides. c and d alike: f32 or the format of a and b; for FP8 f32, f16 or bf16. bias
//           as bias_format says.
// Exact     f32 throughout; f32 operands are cut to TF32 only where exec.tf32 says so.
// Epilogues bias; c with beta; relu, or gelu_tanh, which may leave what it saw in `preactivation` (as d). An activation
//           takes no c.
// Scales    of FP8 codes, as Scaling says for each side; both by tensor, both by row, or stretches with stretches or
//           squares. On 16 bytes.
// Order     The plan is chosen once per PlanKey and kept; plans whose sums depend on timing are excluded. The same call
//           gives the same bits.
// Edges     m, n or batch = 0 does nothing; k = 0 is the caller's duty.
// Errors    Failure (internal) when cuBLASLt has no plan. try_product answers false instead, and did nothing.
#pragma once

#include "kernels/base/activation.h"
#include "kernels/base/dtype.h"
#include "kernels/base/exec.h"

#include <cstdint>

namespace athanor::kernels::cuda {

// What products of ops with a workspace are given, so that tall sums can be split over the device.
inline constexpr std::size_t kProductWorkspaceBytes = std::size_t{8} << 20;

// Who has an f32 scale with whom, of a matrix stored as [rows, k], and where they lie; S = the number of stretches of
// 128 in k, rounded up.
enum class Scaling : std::uint8_t {
  none,
  tensor,   // one
  row,      // [rows]
  stretch,  // 1 x 128: [S, rows]
  square    // 128 x 128: [rows / 128 rounded up, scale_row(k)], S of which are read
};
inline constexpr std::int64_t kScaleBlock = 128;
[[nodiscard]] constexpr std::int64_t scale_row(std::int64_t k) noexcept { return (k + 511) / 512 * 4; }

struct Product {
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 0, n = 0, k = 0;
  float alpha = 1.0f;
  const void* a = nullptr;
  std::int64_t a_stride = 0;
  const void* b = nullptr;
  std::int64_t b_stride = 0;
  float beta = 0.0f;
  const void* c = nullptr;
  std::int64_t c_stride = 0;
  const void* bias = nullptr;
  void* d = nullptr;
  std::int64_t d_stride = 0;
  void* workspace = nullptr;  // kProductWorkspaceBytes, or null
  DType a_format = DType::f32, b_format = DType::f32, d_format = DType::f32;
  std::int64_t batch = 1, a_step = 0, b_step = 0, d_step = 0;  // c steps as d does
  Activation activation = Activation::none;
  void* preactivation = nullptr;
  Scaling a_scaling = Scaling::none, b_scaling = Scaling::none;
  const float *a_scales = nullptr, *b_scales = nullptr;
};

void product(const Exec& exec, const char* op, const Product& args);
[[nodiscard]] bool try_product(const Exec& exec, const char* op, const Product& args);

// Whether an activation can be part of a product of `n` columns, and what it sees kept.
[[nodiscard]] constexpr bool fuses_activation(Activation activation, std::int64_t n,
                                              bool keeps_preactivation) noexcept {
  if (activation == Activation::relu) return !keeps_preactivation;
  return activation == Activation::gelu_tanh && n % 8 == 0;
}

[[nodiscard]] constexpr bool is_fp8(DType format) noexcept {
  return format == DType::f8_e4m3 || format == DType::f8_e5m2;
}

// The format that the bias of a product has.
[[nodiscard]] constexpr DType bias_format(const Product& product) noexcept {
  if (!is_fp8(product.a_format)) return product.d_format;
  return product.d_format == DType::f16 ? DType::f16 : DType::bf16;
}

// m, n, k > 0 and all rows dense: the usual case. `format` is that of all arrays.
[[nodiscard]] constexpr Product dense_product(std::int64_t m, std::int64_t n, std::int64_t k,
                                              DType format = DType::f32) noexcept {
  return {.m = m,
          .n = n,
          .k = k,
          .a_stride = k,
          .b_stride = n,
          .c_stride = n,
          .d_stride = n,
          .a_format = format,
          .b_format = format,
          .d_format = format};
}

}  // namespace athanor::kernels::cuda
