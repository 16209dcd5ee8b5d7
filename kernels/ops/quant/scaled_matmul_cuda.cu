#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/quant/scaled_matmul.h"

namespace athanor::kernels {

namespace {

constexpr int kTile = 32, kThreadsY = 8, kPerThread = kTile / kThreadsY;

struct Side {
  const std::uint8_t* codes;
  const float* scales;
  ScaleGrid grid;
};

template <class Format>
__device__ float value_at(const Side& side, std::int64_t row, std::int64_t i) {
  if (row >= side.grid.rows || i >= side.grid.columns) return 0.0f;
  return Format::decode(side.codes[row * side.grid.columns + i]) * side.scales[side.grid.group_of(row, i)];
}

// For sizes and devices that the library has no FP8 product for.
template <class FormatA, class FormatB, class T>
__global__ void scaled_matmul_kernel(Side a, Side b, const float* bias, bool accumulate, T* c) {
  __shared__ float tile_a[kTile][kTile + 1], tile_b[kTile][kTile + 1];
  // Rows lie along x of the grid, where there is room for any number of tokens.
  const std::int64_t row = std::int64_t{blockIdx.x} * kTile, column = std::int64_t{blockIdx.y} * kTile;
  float sum[kPerThread] = {};
  for (std::int64_t k = 0; k < a.grid.columns; k += kTile) {
    for (int i = static_cast<int>(threadIdx.y); i < kTile; i += kThreadsY) {
      tile_a[i][threadIdx.x] = value_at<FormatA>(a, row + i, k + threadIdx.x);
      tile_b[i][threadIdx.x] = value_at<FormatB>(b, column + i, k + threadIdx.x);
    }
    __syncthreads();
    for (int i = 0; i < kTile; ++i)
#pragma unroll
      for (int part = 0; part < kPerThread; ++part)
        sum[part] += tile_a[threadIdx.y + part * kThreadsY][i] * tile_b[threadIdx.x][i];
    __syncthreads();
  }
  const std::int64_t n = column + threadIdx.x;
  if (n >= b.grid.rows) return;
  for (int part = 0; part < kPerThread; ++part) {
    const std::int64_t m = row + threadIdx.y + part * kThreadsY;
    if (m >= a.grid.rows) continue;
    const std::int64_t at = m * b.grid.rows + n;
    const float before = accumulate ? cuda::load(c, at) : bias ? bias[n] : 0.0f;
    cuda::store(c, at, sum[part] + before);
  }
}

template <class Function>
void with_byte_format(DType dtype, Function&& function) {
  with_code_format(dtype, [&]<class Format>() {
    if constexpr (Format::kBits == 8) function.template operator()<Format>();
  });
}

}  // namespace

void scaled_matmul_cuda(const Exec& exec, const ScaledMatmulArgs& args) {
  if (args.c.numel() == 0) return;
  const std::int64_t n = args.b.dim(0), k = args.b.dim(-1), m = args.c.numel() / n;
  const Side a{args.a.as<std::uint8_t>(), args.a_scales.as<float>(), scale_grid(args.a_grouping, m, k, args.block)};
  const Side b{args.b.as<std::uint8_t>(), args.b_scales.as<float>(), scale_grid(args.b_grouping, n, k, args.block)};
  const cuda::LaunchConfig config{.blocks_x = cuda::ceil_div(m, kTile),
                                  .blocks_y = cuda::ceil_div(n, kTile),
                                  .threads_x = kTile,
                                  .threads_y = kThreadsY};
  with_byte_format(args.a.dtype, [&]<class FormatA>() {
    with_byte_format(args.b.dtype, [&]<class FormatB>() {
      cuda::with_storage(args.c.dtype, [&]<class T>() {
        cuda::launch_kernel(exec, "scaled_matmul", config, scaled_matmul_kernel<FormatA, FormatB, T>, a, b,
                            static_cast<const float*>(args.bias.data), args.accumulate, args.c.as<T>());
      });
    });
  });
}

std::size_t scaled_matmul_cuda_workspace_bytes(const ScaledMatmulArgs&) { return 0; }

}  // namespace athanor::kernels
