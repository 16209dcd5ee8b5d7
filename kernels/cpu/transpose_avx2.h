// A transpose of eight by eight floats in registers. Include only in *_avx2.cpp.
#pragma once

#include "kernels/cpu/vec.h"

namespace athanor::kernels::cpu {
namespace {

// Eight rows of eight, columns become rows.
inline void transpose_eight(const float* in, std::int64_t row, float* out, std::int64_t out_row) {
  __m256 r[8], s[8];
  for (int i = 0; i < 8; ++i) r[i] = Vec::load(in + i * row).v;
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xEE);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xEE);
  }
  for (int i = 0; i < 4; ++i) {
    Vec{_mm256_permute2f128_ps(r[i], r[i + 4], 0x20)}.store(out + i * out_row);
    Vec{_mm256_permute2f128_ps(r[i], r[i + 4], 0x31)}.store(out + (i + 4) * out_row);
  }
}

}  // namespace
}  // namespace athanor::kernels::cpu
