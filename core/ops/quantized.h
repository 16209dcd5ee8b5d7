// Differentiable products over codes with scales. Letters: M rows, K inner, N columns.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"
#include "kernels/base/scaling.h"

#include <array>

namespace athanor::ops {

enum class TensorClass : std::uint8_t { activation, weight, gradient };
inline constexpr int kTensorClassCount = 3;
[[nodiscard]] constexpr const char* to_string(TensorClass tensor_class) noexcept {
  switch (tensor_class) {
    case TensorClass::activation: return "activation";
    case TensorClass::weight: return "weight";
    case TensorClass::gradient: return "gradient";
  }
  return "?";
}

// How one tensor becomes codes.
struct CodeFormat {
  DType format = DType::f8_e4m3;
  kernels::Grouping grouping = kernels::Grouping::tensor;
  std::int64_t block = kernels::kQuantBlock;
  bool power_of_two = true;
  Tensor scale = {};  // f32 [1], given beforehand for a whole tensor; absent: found from the numbers themselves

  [[nodiscard]] bool same_as(const CodeFormat& other) const {
    return format == other.format && grouping == other.grouping && block == other.block &&
           power_of_two == other.power_of_two && scale.storage() == other.scale.storage();
  }
};

struct Codes {
  Tensor codes, scales;                // of x [M, K]
  Tensor column_codes, column_scales;  // of its transpose [K, M]
};
struct QuantizeWishes {
  bool rows = true, columns = false;
  Tensor stats = {};  // f64 [QuantizeStats::kCount], overwritten; may be absent
};
// x f32, f16 or bf16. Without rows and columns only the statistics are found.
[[nodiscard]] Codes quantize(Context& context, const Tensor& x, const CodeFormat& format, const QuantizeWishes& wishes);

struct ScaledLinearOptions {
  // What each pass multiplies. Where both take codes of the same kind, x and the weight are quantized once.
  struct Forward {
    bool codes = true;           // otherwise from x and the weight as numbers
    DType numbers = DType::f32;  // in this format; f32: in that of x
    CodeFormat activation, weight;
  } forward;
  struct Backward {
    bool codes = true;  // otherwise from numbers in the format of x
    CodeFormat activation, weight, gradient;
  } backward;
  // Where quantizing writes what it found when a gradient is recorded, by TensorClass; absent: not wanted.
  std::array<Tensor, kTensorClassCount> stats{};
};
// y [..., N] = x [..., K] weight [N, K]^T + bias [N], both sides as codes. y and dx have the format of x; gradients of
// weight and bias are f32. bias may be absent.
[[nodiscard]] Variable scaled_linear(Context& context, const Variable& x, const Variable& weight, const Variable& bias,
                                     const ScaledLinearOptions& options);

}  // namespace athanor::ops
