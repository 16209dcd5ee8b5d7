// Numbers between f32 and the narrow formats, as kernels/base/number_format.h defines them.
#pragma once

#include "kernels/base/dtype.h"

#include <cstdint>

namespace athanor::kernels::cpu {

// Runs of `count` elements; `narrow` is one of is_narrow_float(). Both formats keep NaN and the sign of zero.
void widen(DType narrow, const void* from, float* to, std::int64_t count);
void narrow(DType narrow, const float* from, void* to, std::int64_t count);

}  // namespace athanor::kernels::cpu
