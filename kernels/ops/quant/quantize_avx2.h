// Runs of numbers for quantize_cpu.cpp. AVX2 with F16C: call only after has_avx2().
#pragma once

#include <cstdint>

namespace athanor::kernels {

// What quantizing a run found; see QuantizeStats.
struct QuantizeTally {
  double amax = 0, squares = 0, error_squares = 0;
  std::int64_t nonzero = 0, underflowed = 0, saturated = 0, nonfinite = 0, elements = 0;
};

// The largest magnitude among the finite ones; 0 where there are none.
[[nodiscard]] float finite_amax_avx2(const float* x, std::int64_t count);
// scaled = x / scale
void divide_avx2(const float* x, float scale, std::int64_t count, float* scaled);
// y = x * scale; may be in place.
void multiply_avx2(const float* x, float scale, std::int64_t count, float* y);
// codes = scaled rounded to whole numbers within -limit and limit, NaN 0; whole receives the same as floats.
void round_to_int8_avx2(const float* scaled, float limit, std::int64_t count, std::int8_t* codes, float* whole);
void widen_int8_avx2(const std::int8_t* codes, std::int64_t count, float* whole);

struct QuantizedRun {
  const float *x, *scaled, *codes;  // codes as numbers
  std::int64_t count;
  float scale, largest;
};
void tally_avx2(const QuantizedRun& run, QuantizeTally& tally);

}  // namespace athanor::kernels
