#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/product.h"
#include "kernels/cuda/product_bias.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/quant/scaled_matmul.h"

namespace athanor::kernels {

namespace {

constexpr const char* kOp = "scaled_matmul";
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

struct Size {
  std::int64_t m, n, k;
};

Size size_of(const ScaledMatmulArgs& args) { return {args.c.numel() / args.b.dim(0), args.b.dim(0), args.b.dim(-1)}; }

struct Scratch {
  void *product = nullptr, *bias = nullptr;
};

Scratch lay_out(cuda::WorkspaceCutter& cutter, const ScaledMatmulArgs& args) {
  void* const product = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  return {product, cuda::take_bias(cutter, args.bias)};
}

struct PlusRow {
  const float* bias;
  std::int64_t columns;
  __device__ float operator()(std::int64_t i, float x) const { return x + bias[i % columns]; }
};

// Tensor cores take FP8 with one scale for a tensor or for each row. False: they do not take this call, nothing is
// done.
bool multiply_by_library(const Exec& exec, const ScaledMatmulArgs& args) {
  const auto [m, n, k] = size_of(args);
  const bool by_row = args.a_grouping == Grouping::row;
  const bool scales = args.a_grouping == args.b_grouping && (by_row || args.a_grouping == Grouping::tensor);
  if (k == 0 || !scales || !cuda::is_fp8(args.a.dtype) || !cuda::is_fp8(args.b.dtype)) return false;
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(cutter, args);
  auto product = cuda::dense_product(m, n, k, args.c.dtype);
  product.a_format = args.a.dtype;
  product.b_format = args.b.dtype;
  product.transpose_b = true;
  product.b_stride = k;
  product.a = args.a.data;
  product.b = args.b.data;
  product.a_scales = args.a_scales.as<float>();
  product.b_scales = args.b_scales.as<float>();
  product.row_scales = by_row;
  product.beta = args.accumulate ? 1.0f : 0.0f;
  product.c = product.d = args.c.data;
  product.workspace = scratch.product;
  // An f32 output keeps its bias in f32, which the library would not.
  const bool apart = args.c.dtype == DType::f32 && args.bias.present();
  if (!apart) product.bias = cuda::product_bias(exec, kOp, args.bias, cuda::bias_format(product), scratch.bias);
  if (!cuda::try_product(exec, kOp, product)) return false;
  if (apart) {
    auto* const c = args.c.as<float>();
    cuda::map(exec, kOp, m * n, PlusRow{args.bias.as<float>(), n}, c, static_cast<const float*>(c));
  }
  return true;
}

}  // namespace

void scaled_matmul_cuda(const Exec& exec, const ScaledMatmulArgs& args) {
  if (args.c.numel() == 0 || multiply_by_library(exec, args)) return;
  const auto [m, n, k] = size_of(args);
  const Side a{args.a.as<std::uint8_t>(), args.a_scales.as<float>(), scale_grid(args.a_grouping, m, k, args.block)};
  const Side b{args.b.as<std::uint8_t>(), args.b_scales.as<float>(), scale_grid(args.b_grouping, n, k, args.block)};
  const cuda::LaunchConfig config{.blocks_x = cuda::ceil_div(m, kTile),
                                  .blocks_y = cuda::ceil_div(n, kTile),
                                  .threads_x = kTile,
                                  .threads_y = kThreadsY};
  with_byte_format(args.a.dtype, [&]<class FormatA>() {
    with_byte_format(args.b.dtype, [&]<class FormatB>() {
      cuda::with_storage(args.c.dtype, [&]<class T>() {
        cuda::launch_kernel(exec, kOp, config, scaled_matmul_kernel<FormatA, FormatB, T>, a, b,
                            static_cast<const float*>(args.bias.data), args.accumulate, args.c.as<T>());
      });
    });
  });
}

std::size_t scaled_matmul_cuda_workspace_bytes(const ScaledMatmulArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
