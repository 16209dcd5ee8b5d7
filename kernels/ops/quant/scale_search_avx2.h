// The loop of scale_search_cpu.cpp over a row. AVX2: call only after has_avx2().
#pragma once

#include <cstdint>

namespace athanor::kernels {

inline constexpr int kSearchedScales = 5;

// squares[k] = the sum over the row of (x inverse[k] - the nearest code)^2, for as many inverse scales as there are
// candidates.
void code_errors_avx2(const float* x, std::int64_t count, const float* inverse, float* squares);
// The same of a row without subnormal codes. Returns its least magnitude above 0; infinity where all are 0.
float normal_code_errors_avx2(const float* x, std::int64_t count, const float* inverse, float* squares);

}  // namespace athanor::kernels
