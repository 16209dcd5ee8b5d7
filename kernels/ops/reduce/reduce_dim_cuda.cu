#include "kernels/cuda/device/storage.cuh"
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

template <bool kAcross, bool kMaximum, class T>
__global__ void reduce_dim_kernel(Extent extent, const T* x, float scale, T* y, std::int32_t* index) {
  __shared__ Seen lanes[kWide * kHigh];
  const int lane = static_cast<int>(kAcross ? threadIdx.y * kWide + threadIdx.x : threadIdx.y);
  const int count = kAcross ? kWide * kHigh : kHigh;
  const std::int64_t column = kAcross ? std::int64_t{blockIdx.x} : std::int64_t{blockIdx.x} * kWide + threadIdx.x;
  Seen seen{kMaximum ? -INFINITY : 0.0f, extent.length};
  if (column < extent.columns) {
    const T* from = x + column / extent.inner * extent.length * extent.inner + column % extent.inner;
    for (std::int64_t l = lane; l < extent.length; l += count)
      seen = join<kMaximum>(seen, {cuda::load(from, l * extent.inner), l});
  }
  lanes[threadIdx.y * kWide + threadIdx.x] = seen;
  __syncthreads();
  if (lane != 0 || column >= extent.columns) return;
  for (int other = 1; other < count; ++other)
    seen = join<kMaximum>(seen, lanes[kAcross ? other : other * kWide + static_cast<int>(threadIdx.x)]);
  cuda::store(y, column, kMaximum ? seen.value : seen.value * scale);
  if (kMaximum && index) index[column] = static_cast<std::int32_t>(seen.at);
}

template <class T>
__global__ void reduce_dim_grad_kernel(std::int64_t elements, Extent extent, float scale, const T* dy,
                                       const std::int32_t* index, T* dx) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const std::int64_t column = i / (extent.length * extent.inner) * extent.inner + i % extent.inner;
  const std::int64_t l = i / extent.inner % extent.length;
  cuda::store(dx, i, index && index[column] != l ? 0.0f : cuda::load(dy, column) * scale);
}

Extent extent_of(const View& x) { return {x.dim(1), x.dim(2), x.dim(0) * x.dim(2)}; }

float scale_of(Reduction reduction, const Extent& extent) {
  return reduction == Reduction::mean ? 1.0f / static_cast<float>(extent.length) : 1.0f;
}

}  // namespace

void reduce_dim_cuda(const Exec& exec, const ReduceDimArgs& args) {
  const Extent extent = extent_of(args.x);
  const bool across = extent.inner == 1, maximum = args.reduction == Reduction::maximum;
  const cuda::LaunchConfig config{.blocks_x = across ? extent.columns : cuda::ceil_div(extent.columns, kWide),
                                  .threads_x = kWide,
                                  .threads_y = kHigh};
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    const auto kernel = across ? (maximum ? reduce_dim_kernel<true, true, T> : reduce_dim_kernel<true, false, T>)
                               : (maximum ? reduce_dim_kernel<false, true, T> : reduce_dim_kernel<false, false, T>);
    cuda::launch_kernel(exec, "reduce_dim", config, kernel, extent, args.x.as<T>(), scale_of(args.reduction, extent),
                        args.y.as<T>(), args.index.as<std::int32_t>());
  });
}

void reduce_dim_grad_cuda(const Exec& exec, const ReduceDimGradArgs& args) {
  const Extent extent = extent_of(args.dx);
  const auto* index = args.reduction == Reduction::maximum ? args.index.as<std::int32_t>() : nullptr;
  cuda::with_storage(args.dx.dtype, [&]<class T>() {
    cuda::launch_kernel(exec, "reduce_dim_grad", cuda::per_element(args.dx.numel()), reduce_dim_grad_kernel<T>,
                        args.dx.numel(), extent, scale_of(args.reduction, extent), args.dy.as<T>(), index,
                        args.dx.as<T>());
  });
}

}  // namespace athanor::kernels
