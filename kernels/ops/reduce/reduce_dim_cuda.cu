#include "kernels/cuda/launch.cuh"
#include "kernels/ops/reduce/reduce_dim.h"

namespace athanor::kernels {

namespace {

struct Extent {
  std::int64_t length, inner, columns;  // columns: outer times inner
};

// What one thread has seen of a column: a sum, or the largest number and where it is.
struct Seen {
  float value;
  std::int64_t at;
};

__device__ Seen larger(Seen a, Seen b) {
  const bool a_nan = a.value != a.value, b_nan = b.value != b.value;
  if (a_nan != b_nan) return a_nan ? a : b;
  if (a_nan || a.value == b.value) return a.at < b.at ? a : b;
  return a.value > b.value ? a : b;
}

template <bool kMaximum>
__device__ Seen join(Seen a, Seen b) {
  if constexpr (kMaximum) return larger(a, b);
  return {a.value + b.value, 0};
}

// A block is 32 wide and 8 high. kAcross: the whole block works on one column whose elements are neighbours; otherwise
// each of its 32 columns has 8 threads. The lanes are joined in order.
constexpr int kWide = cuda::kColumnTile, kHigh = cuda::kRowLanes;

template <bool kAcross, bool kMaximum>
__global__ void reduce_dim_kernel(Extent extent, const float* x, float scale, float* y, std::int32_t* index) {
  __shared__ Seen lanes[kWide * kHigh];
  const int lane = static_cast<int>(kAcross ? threadIdx.y * kWide + threadIdx.x : threadIdx.y);
  const int count = kAcross ? kWide * kHigh : kHigh;
  const std::int64_t column = kAcross ? std::int64_t{blockIdx.x} : std::int64_t{blockIdx.x} * kWide + threadIdx.x;
  Seen seen{kMaximum ? -INFINITY : 0.0f, extent.length};
  if (column < extent.columns) {
    const float* from = x + column / extent.inner * extent.length * extent.inner + column % extent.inner;
    for (std::int64_t l = lane; l < extent.length; l += count) seen = join<kMaximum>(seen, {from[l * extent.inner], l});
  }
  lanes[threadIdx.y * kWide + threadIdx.x] = seen;
  __syncthreads();
  if (lane != 0 || column >= extent.columns) return;
  for (int other = 1; other < count; ++other)
    seen = join<kMaximum>(seen, lanes[kAcross ? other : other * kWide + static_cast<int>(threadIdx.x)]);
  y[column] = kMaximum ? seen.value : seen.value * scale;
  if (kMaximum && index) index[column] = static_cast<std::int32_t>(seen.at);
}

__global__ void reduce_dim_grad_kernel(std::int64_t elements, Extent extent, float scale, const float* dy,
                                       const std::int32_t* index, float* dx) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const std::int64_t column = i / (extent.length * extent.inner) * extent.inner + i % extent.inner;
  const std::int64_t l = i / extent.inner % extent.length;
  dx[i] = index && index[column] != l ? 0.0f : dy[column] * scale;
}

Extent extent_of(const View& x) { return {x.dim(1), x.dim(2), x.dim(0) * x.dim(2)}; }

float scale_of(Reduction reduction, const Extent& extent) {
  return reduction == Reduction::mean ? 1.0f / static_cast<float>(extent.length) : 1.0f;
}

}  // namespace

void reduce_dim_cuda(const Exec& exec, const ReduceDimArgs& args) {
  const Extent extent = extent_of(args.x);
  const bool across = extent.inner == 1, maximum = args.reduction == Reduction::maximum;
  const auto kernel = across ? (maximum ? reduce_dim_kernel<true, true> : reduce_dim_kernel<true, false>)
                             : (maximum ? reduce_dim_kernel<false, true> : reduce_dim_kernel<false, false>);
  cuda::launch_kernel(exec, "reduce_dim",
                      {.blocks_x = across ? extent.columns : cuda::ceil_div(extent.columns, kWide),
                       .threads_x = kWide,
                       .threads_y = kHigh},
                      kernel, extent, args.x.as<float>(), scale_of(args.reduction, extent), args.y.as<float>(),
                      args.index.as<std::int32_t>());
}

void reduce_dim_grad_cuda(const Exec& exec, const ReduceDimGradArgs& args) {
  const Extent extent = extent_of(args.dx);
  cuda::launch_kernel(exec, "reduce_dim_grad", cuda::per_element(args.dx.numel()), reduce_dim_grad_kernel,
                      args.dx.numel(), extent, scale_of(args.reduction, extent), args.dy.as<float>(),
                      args.reduction == Reduction::maximum ? args.index.as<std::int32_t>() : nullptr,
                      args.dx.as<float>());
}

}  // namespace athanor::kernels
