// The last step of losses that are a weighted mean over rows.
#pragma once

#include "kernels/cuda/device/reduce.cuh"

#include <cstdint>

namespace athanor::kernels::cuda {

// One block: counted = width * sum of weights, loss = sum of terms / counted. `weight` may be null: 1.
__global__ inline void weighted_mean_kernel(std::int64_t rows, float width, const double* terms, const float* weight,
                                            float* loss, float* counted) {
  double sum = 0.0, total = 0.0;
  for (std::int64_t row = threadIdx.x; row < rows; row += blockDim.x) {
    sum += terms[row];
    total += weight ? static_cast<double>(weight[row]) : 1.0;
  }
  sum = block_sum(sum);
  total = block_sum(total) * static_cast<double>(width);
  if (threadIdx.x != 0) return;
  *loss = total > 0.0 ? static_cast<float>(sum / total) : 0.0f;
  *counted = static_cast<float>(total);
}

}  // namespace athanor::kernels::cuda
