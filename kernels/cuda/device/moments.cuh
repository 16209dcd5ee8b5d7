// Mean and variance by two passes. The first gives a mean rounded to f32; the second, over the differences to it, gives
// the variance and what the rounding left over, which matters where the mean is far larger than the spread.
#pragma once

namespace athanor::kernels::cuda {

struct Moments {
  float rounded_mean;  // of the first pass
  float rest;          // the mean is rounded_mean + rest
  float variance;

  // x minus the mean.
  __device__ float centred(float x) const { return (x - rounded_mean) - rest; }
  __device__ float mean() const { return rounded_mean + rest; }
};

// From the sums of d and d^2 over `count` values, d = x - rounded_mean.
__device__ inline Moments moments_of(float rounded_mean, float differences, float squares, float count) {
  const float rest = differences / count;
  const float variance = squares / count - rest * rest;
  return {rounded_mean, rest, variance < 0.0f ? 0.0f : variance};
}

}  // namespace athanor::kernels::cuda
