// What the CUDA kernels of cross_entropy and linear_cross_entropy share: the softmax of one row by one block, and the
// sum of the rows' losses.
#pragma once

#include "kernels/cuda/device/reduce.cuh"

#include <cstdint>

namespace athanor::kernels::cuda {

struct RowSoftmax {
  float max;      // of the row
  float log;      // of the sum of exp(x - max)
  float centred;  // sum of x - max
};

// All threads of the block must call.
__device__ inline RowSoftmax row_softmax(const float* x, std::int64_t classes) {
  float most = -INFINITY;
  for (std::int64_t v = threadIdx.x; v < classes; v += blockDim.x) most = Max::join(most, x[v]);
  most = block_reduce<Max>(most, -INFINITY);
  float sum = 0.0f, centred = 0.0f;
  for (std::int64_t v = threadIdx.x; v < classes; v += blockDim.x) {
    const float difference = x[v] - most;
    sum += expf(difference);
    centred += difference;
  }
  sum = block_sum(sum);
  centred = block_sum(centred);
  return {most, logf(sum), centred};
}

__device__ inline float row_loss(const RowSoftmax& row, float target_logit, float smoothing, std::int64_t classes) {
  return row.log - (1.0f - smoothing) * (target_logit - row.max) -
         smoothing * row.centred / static_cast<float>(classes);
}

// One block: loss = sum of terms / rows that count. `counted` receives their number.
__global__ inline void mean_of_rows_kernel(std::int64_t rows, const float* terms, const std::int32_t* targets,
                                           std::int32_t ignored, float* loss, float* counted) {
  double sum = 0.0, count = 0.0;
  for (std::int64_t row = threadIdx.x; row < rows; row += blockDim.x) {
    if (targets[row] == ignored) continue;
    sum += static_cast<double>(terms[row]);
    count += 1.0;
  }
  sum = block_sum(sum);
  count = block_sum(count);
  if (threadIdx.x != 0) return;
  *loss = count > 0.0 ? static_cast<float>(sum / count) : 0.0f;
  *counted = static_cast<float>(count);
}

}  // namespace athanor::kernels::cuda
