// The loop of scale_search_cpu.cpp over a row. AVX2: call only after has_avx2().
#pragma once

#include <cstdint>

namespace athanor::kernels {

// squares[k] = the sum over the row of (x inverse[k] - the nearest code)^2, for eight inverse scales.
void code_errors_avx2(const float* x, std::int64_t count, const float* inverse, float* squares);

}  // namespace athanor::kernels
