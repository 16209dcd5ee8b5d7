// Sums over rows, in a fixed order: out[o][column] = sum_row term_o(row, column).
//
// Rows are cut into blocks by per_column; each block sums its rows by eight interleaved lanes, the lanes are added in
// order, the blocks' partial sums likewise. The partial sums lie in the workspace.
#pragma once

#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"

#include <cstdint>

namespace athanor::kernels::cuda {

template <int kOutputs>
struct Terms {
  float at[kOutputs];
};

template <int kOutputs>
struct Outputs {
  float* at[kOutputs];  // null: not wanted
};

template <int kOutputs, class F>
__global__ void column_partial_kernel(std::int64_t rows, std::int64_t columns, std::int64_t rows_per_block, F terms,
                                      float* partial) {
  __shared__ float lanes[kOutputs][kRowLanes][kColumnTile];
  const std::int64_t column = std::int64_t{blockIdx.x} * kColumnTile + threadIdx.x;
  const std::int64_t begin = std::int64_t{blockIdx.y} * rows_per_block;
  const std::int64_t end = begin + rows_per_block < rows ? begin + rows_per_block : rows;
  Terms<kOutputs> sum{};
  if (column < columns)
    for (std::int64_t row = begin + threadIdx.y; row < end; row += kRowLanes) {
      const Terms<kOutputs> term = terms(row, column);
#pragma unroll
      for (int o = 0; o < kOutputs; ++o) sum.at[o] += term.at[o];
    }
#pragma unroll
  for (int o = 0; o < kOutputs; ++o) lanes[o][threadIdx.y][threadIdx.x] = sum.at[o];
  __syncthreads();
  if (threadIdx.y != 0 || column >= columns) return;
#pragma unroll
  for (int o = 0; o < kOutputs; ++o) {
    float total = lanes[o][0][threadIdx.x];
#pragma unroll
    for (int lane = 1; lane < kRowLanes; ++lane) total += lanes[o][lane][threadIdx.x];
    partial[(std::int64_t{blockIdx.y} * kOutputs + o) * columns + column] = total;
  }
}

template <int kOutputs>
__global__ void column_finish_kernel(std::int64_t row_blocks, std::int64_t columns, const float* partial,
                                     bool accumulate, Outputs<kOutputs> out) {
  const std::int64_t column = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (column >= columns) return;
#pragma unroll
  for (int o = 0; o < kOutputs; ++o) {
    if (!out.at[o]) continue;
    float total = 0.0f;
    for (std::int64_t block = 0; block < row_blocks; ++block)
      total += partial[(block * kOutputs + o) * columns + column];
    out.at[o][column] = accumulate ? out.at[o][column] + total : total;
  }
}

[[nodiscard]] inline std::size_t column_reduce_workspace_bytes(std::int64_t rows, std::int64_t columns,
                                                               int outputs) noexcept {
  return static_cast<std::size_t>(per_column(rows, columns).row_blocks * columns * outputs) * sizeof(float);
}

// F: a copyable struct with `__device__ Terms<kOutputs> operator()(std::int64_t row, std::int64_t column) const`.
// `workspace` holds column_reduce_workspace_bytes. No rows give sums of 0.
template <int kOutputs, class F>
void column_reduce(const Exec& exec, const char* op, std::int64_t rows, std::int64_t columns, F terms, bool accumulate,
                   Outputs<kOutputs> out, void* workspace) {
  const ColumnLaunch launch = per_column(rows, columns);
  auto* partial = static_cast<float*>(workspace);
  launch_kernel(exec, op, launch.config, column_partial_kernel<kOutputs, F>, rows, columns, launch.rows_per_block,
                terms, partial);
  launch_kernel(exec, op, per_element(columns), column_finish_kernel<kOutputs>, launch.row_blocks, columns,
                static_cast<const float*>(partial), accumulate, out);
}

// The plain sum over the rows of x [rows, columns].
template <class T>
struct PlainTerm {
  const T* x;
  std::int64_t columns;
  __device__ Terms<1> operator()(std::int64_t row, std::int64_t column) const {
    return {{load(x, row * columns + column)}};
  }
};
template <class T>
PlainTerm(T*, std::int64_t) -> PlainTerm<std::remove_const_t<T>>;

}  // namespace athanor::kernels::cuda
