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
  float *a_scales = nullptr, *b_scales = nullptr;
};

cuda::Scaling scaling_of(Grouping grouping) {
  switch (grouping) {
    case Grouping::tensor: return cuda::Scaling::tensor;
    case Grouping::row: return cuda::Scaling::row;
    case Grouping::stretch: return cuda::Scaling::stretch;
    case Grouping::square: return cuda::Scaling::square;
  }
  return cuda::Scaling::none;
}

// How many scales of a side in the library's order; 0 where it takes them as they are.
std::int64_t ordered_scales(Grouping grouping, std::int64_t rows, std::int64_t k) {
  if (grouping == Grouping::stretch) return cuda::ceil_div(k, cuda::kScaleBlock) * rows;
  if (grouping == Grouping::square) return cuda::ceil_div(rows, cuda::kScaleBlock) * cuda::scale_row(k);
  return 0;
}

Scratch lay_out(cuda::WorkspaceCutter& cutter, const ScaledMatmulArgs& args) {
  Scratch scratch;
  scratch.product = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  scratch.bias = cuda::take_bias(cutter, args.bias);
  if (args.c.numel() == 0) return scratch;
  const auto [m, n, k] = size_of(args);
  scratch.a_scales = cutter.take<float>(ordered_scales(args.a_grouping, m, k));
  scratch.b_scales = cutter.take<float>(ordered_scales(args.b_grouping, n, k));
  return scratch;
}

// One thread per scale of the library's order: stretches [across, down], squares [down, row] with padding of 0.
__global__ void order_scales_kernel(std::int64_t count, std::int64_t down, std::int64_t across, std::int64_t row,
                                    bool turned, const float* scales, float* ordered) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const std::int64_t d = turned ? i % down : i / row, a = turned ? i / down : i % row;
  ordered[i] = a < across ? scales[d * across + a] : 0.0f;
}

const float* order_scales(const Exec& exec, Grouping grouping, const View& scales, std::int64_t rows, std::int64_t k,
                          float* ordered) {
  const std::int64_t count = ordered_scales(grouping, rows, k);
  if (count == 0) return scales.as<float>();
  const ScaleGrid grid = scale_grid(grouping, rows, k, cuda::kScaleBlock);
  cuda::launch_kernel(exec, kOp, cuda::per_element(count), order_scales_kernel, count, grid.down(), grid.across(),
                      cuda::scale_row(k), grouping == Grouping::stretch, scales.as<const float>(), ordered);
  return ordered;
}

struct PlusRow {
  const float* bias;
  std::int64_t columns;
  __device__ float operator()(std::int64_t i, float x) const { return x + bias[i % columns]; }
};

bool in_blocks(Grouping grouping) { return grouping == Grouping::stretch || grouping == Grouping::square; }

// Whether the library might take the call; whether it does on this device is its own answer.
bool suits_library(const ScaledMatmulArgs& args) {
  const auto [m, n, k] = size_of(args);
  if (k == 0 || !cuda::is_fp8(args.a.dtype) || !cuda::is_fp8(args.b.dtype)) return false;
  if (!in_blocks(args.a_grouping))
    return args.a_grouping == args.b_grouping &&
           (args.a_grouping == Grouping::tensor ||
            cuda::all_on_16_bytes(args.a_scales.as<const float>(), args.b_scales.as<const float>()));
  const bool both_square = args.a_grouping == Grouping::square && args.b_grouping == Grouping::square;
  return in_blocks(args.b_grouping) && !both_square && args.block == cuda::kScaleBlock && m % 4 == 0 && n % 4 == 0;
}

// FP8 by tensor cores. False: they do not take this call, nothing is done.
bool multiply_by_library(const Exec& exec, const ScaledMatmulArgs& args) {
  if (!suits_library(args)) return false;
  const auto [m, n, k] = size_of(args);
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(cutter, args);
  auto product = cuda::dense_product(m, n, k, args.c.dtype);
  product.a_format = args.a.dtype;
  product.b_format = args.b.dtype;
  product.transpose_b = true;
  product.b_stride = k;
  product.a = args.a.data;
  product.b = args.b.data;
  product.a_scaling = scaling_of(args.a_grouping);
  product.b_scaling = scaling_of(args.b_grouping);
  product.a_scales = order_scales(exec, args.a_grouping, args.a_scales, m, k, scratch.a_scales);
  product.b_scales = order_scales(exec, args.b_grouping, args.b_scales, n, k, scratch.b_scales);
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
