#include "core/precision/coded_product.h"

namespace athanor::precision {

using ops::TensorClass;

DType code_type(TensorClass tensor_class, PassFormat format) noexcept {
  const bool wide = tensor_class == TensorClass::gradient && format != PassFormat::f8_block;
  return wide ? DType::f8_e5m2 : DType::f8_e4m3;
}

ops::CodeFormat code_format(TensorClass tensor_class, PassFormat format, bool power_of_two) {
  ops::CodeFormat out{.format = code_type(tensor_class, format), .power_of_two = power_of_two};
  if (format == PassFormat::f8_block)
    out.grouping = tensor_class == TensorClass::weight ? kernels::Grouping::square : kernels::Grouping::stretch;
  return out;
}

ops::ScaledLinearOptions product_options(const PassFormats& formats, bool power_of_two) {
  const auto [forward, backward] = formats;
  const auto code = [power_of_two](TensorClass tensor_class, PassFormat format) {
    return code_format(tensor_class, format, power_of_two);
  };
  ops::ScaledLinearOptions how;
  how.forward.codes = is_fp8(forward);
  if (forward == PassFormat::f16) how.forward.numbers = DType::f16;
  how.forward.activation = code(TensorClass::activation, forward);
  how.forward.weight = code(TensorClass::weight, forward);
  how.backward.codes = is_fp8(backward);
  how.backward.activation = code(TensorClass::activation, backward);
  how.backward.weight = code(TensorClass::weight, backward);
  how.backward.gradient = code(TensorClass::gradient, backward);
  return how;
}

}  // namespace athanor::precision
