// The plain versions that all others are tested against.
#pragma once

#include "kernels/ops/quant/quantize.h"

namespace athanor::kernels {

void quantize_reference(const Exec& exec, const QuantizeArgs& args);
void dequantize_reference(const Exec& exec, const DequantizeArgs& args);

}  // namespace athanor::kernels
