// The AVX2 body of top_k: which of a row's numbers may still enter the list.
#pragma once

#include <cstdint>

namespace athanor::kernels {

// The first column from `begin` on whose number is above `floor` or NaN; `cols` if there is none.
[[nodiscard]] std::int64_t next_above_avx2(const float* x, std::int64_t begin, std::int64_t cols, float floor);

}  // namespace athanor::kernels
