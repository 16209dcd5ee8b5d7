// A product in the formats of its passes, as options of the op that computes it.
#pragma once

#include "core/ops/quantized.h"
#include "core/precision/formats.h"

namespace athanor::precision {

// FP8 products by whole tensors take gradients in E5M2, whose range is wider; blocks do not need it.
[[nodiscard]] DType code_type(ops::TensorClass tensor_class, PassFormat format) noexcept;
// Without a given scale: that of a delayed one is for its owner to add.
[[nodiscard]] ops::CodeFormat code_format(ops::TensorClass tensor_class, PassFormat format, bool power_of_two);
[[nodiscard]] ops::ScaledLinearOptions product_options(const PassFormats& formats, bool power_of_two);

}  // namespace athanor::precision
