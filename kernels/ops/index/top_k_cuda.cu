#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/index/top_k.h"
#include "kernels/ops/index/top_k_order.h"

namespace athanor::kernels {

namespace {

// One block per row, one pass per number kept: each finds the largest rank below the last one.
__global__ void top_k_kernel(std::int64_t columns, std::int64_t kept, const float* x, float* values,
                             std::int32_t* indices) {
  const std::int64_t row = blockIdx.x;
  const float* x_row = x + row * columns;
  std::uint64_t last = ~std::uint64_t{0};
  for (std::int64_t i = 0; i < kept; ++i) {
    std::uint64_t best = 0;
    for (std::int64_t column = threadIdx.x; column < columns; column += blockDim.x) {
      const std::uint64_t rank = rank_of(x_row[column], column);
      if (rank < last && rank > best) best = rank;
    }
    // 64-bit integers travel between lanes as unsigned long long.
    last = cuda::block_reduce<cuda::Max>(static_cast<unsigned long long>(best), 0ull);
    if (threadIdx.x != 0) continue;
    const std::int64_t column = column_of(last);
    indices[row * kept + i] = static_cast<std::int32_t>(column);
    values[row * kept + i] = x_row[column];
  }
}

// One block per row.
__global__ void top_k_grad_kernel(std::int64_t columns, std::int64_t kept, const float* dvalues,
                                  const std::int32_t* indices, float* dx) {
  const std::int64_t row = blockIdx.x;
  for (std::int64_t column = threadIdx.x; column < columns; column += blockDim.x) dx[row * columns + column] = 0.0f;
  __syncthreads();
  for (std::int64_t i = threadIdx.x; i < kept; i += blockDim.x)
    dx[row * columns + indices[row * kept + i]] = dvalues[row * kept + i];
}

}  // namespace

void top_k_cuda(const Exec& exec, const TopKArgs& args) {
  const std::int64_t columns = args.x.dim(-1), kept = args.values.dim(-1);
  const std::int64_t rows = kept == 0 ? 0 : args.values.numel() / kept;
  cuda::launch_kernel(exec, "top_k", cuda::block_per_row(rows, columns), top_k_kernel, columns, kept,
                      args.x.as<float>(), args.values.as<float>(), args.indices.as<std::int32_t>());
}

void top_k_grad_cuda(const Exec& exec, const TopKGradArgs& args) {
  const std::int64_t columns = args.dx.dim(-1), kept = args.dvalues.dim(-1);
  const std::int64_t rows = kept == 0 ? 0 : args.dvalues.numel() / kept;
  cuda::launch_kernel(exec, "top_k_grad", cuda::block_per_row(rows, columns), top_k_grad_kernel, columns, kept,
                      args.dvalues.as<float>(), args.indices.as<std::int32_t>(), args.dx.as<float>());
}

}  // namespace athanor::kernels
