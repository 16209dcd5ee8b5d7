// The AVX2 body of gradient_stats over one run of elements.
#pragma once

#include <cstdint>

namespace athanor::kernels {

struct RunStats {
  double sum_squares = 0.0;
  std::int64_t nonfinite = 0;
};

[[nodiscard]] RunStats gradient_stats_avx2(const float* x, std::int64_t numel);

}  // namespace athanor::kernels
