// Loops at the speed of memory that several ops share. AVX2: call only after has_avx2(). Runs may alias exactly.
#pragma once

#include <cstdint>

namespace athanor::kernels::cpu {

// y = a + b
void add_avx2(std::int64_t numel, const float* a, const float* b, float* y);
// y = alpha * x + beta * y; y is not read when beta is 0.
void axpby_avx2(std::int64_t numel, float alpha, const float* x, float beta, float* y);

}  // namespace athanor::kernels::cpu
