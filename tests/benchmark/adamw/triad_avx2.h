// The triad of STREAM (McCalpin 1995): a = b + s c, with stores that go past the caches.
#pragma once

#include <cstdint>

namespace athanor::benchmark {

// All three on multiples of 32 bytes, n a multiple of 8.
void triad_avx2(std::int64_t n, const float* b, const float* c, float scale, float* a);

}  // namespace athanor::benchmark
