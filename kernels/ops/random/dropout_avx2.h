// The AVX2 body of dropout over one run of elements.
#pragma once

#include <cstdint>

namespace athanor::kernels {

struct DropoutRule {
  std::uint64_t seed = 0;
  std::uint32_t step = 0, stream = 0;
  std::uint32_t threshold = 0;  // keep where word >= threshold
  float scale = 1.0f;
};

// first_index is a multiple of 4.
void dropout_avx2(const DropoutRule& rule, std::uint64_t first_index, std::int64_t numel, const float* x, float* y);

}  // namespace athanor::kernels
