#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/index/scatter.h"

namespace athanor::kernels {

namespace {

struct Extent {
  std::int64_t columns, length, count, inner;        // columns: outer times inner
  std::int64_t index_outer, index_row, index_inner;  // steps of index; 0 where it is repeated
};

// One thread owns a column, so its sums run in order of j: no sorting, no atomics.
__global__ void scatter_kernel(Extent e, const float* u, const std::int32_t* index, bool add, float* y) {
  const std::int64_t column = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (column >= e.columns) return;
  const std::int64_t o = column / e.inner, i = column % e.inner;
  const std::int32_t* at = index + o * e.index_outer + i * e.index_inner;
  const float* from = u + o * e.count * e.inner + i;
  float* to = y + o * e.length * e.inner + i;
  for (std::int64_t j = 0; j < e.count; ++j) {
    float& element = to[at[j * e.index_row] * e.inner];
    element = add ? element + from[j * e.inner] : from[j * e.inner];
  }
}

// One thread owns an element of y and reads all indices of its column: narrow sums are kept in f32 until the end.
template <class T>
__global__ void scatter_narrow_kernel(std::int64_t elements, Extent e, const T* u, const std::int32_t* index, bool add,
                                      T* y) {
  const std::int64_t element = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (element >= elements) return;
  const std::int64_t o = element / (e.length * e.inner), l = element / e.inner % e.length, i = element % e.inner;
  const std::int32_t* at = index + o * e.index_outer + i * e.index_inner;
  const T* from = u + o * e.count * e.inner + i;
  float value = cuda::load(y, element);
  for (std::int64_t j = 0; j < e.count; ++j)
    if (at[j * e.index_row] == l) value = add ? value + cuda::load(from, j * e.inner) : cuda::load(from, j * e.inner);
  cuda::store(y, element, value);
}

}  // namespace

void scatter_cuda(const Exec& exec, const ScatterArgs& args) {
  const Extent extent{.columns = args.u.dim(0) * args.u.dim(2),
                      .length = args.y.dim(1),
                      .count = args.u.dim(1),
                      .inner = args.u.dim(2),
                      .index_outer = args.index.dim(0) == 1 ? 0 : args.index.dim(1) * args.index.dim(2),
                      .index_row = args.index.dim(2),
                      .index_inner = args.index.dim(2) == 1 ? 0 : 1};
  const auto* index = args.index.as<std::int32_t>();
  cuda::with_storage(args.y.dtype, [&]<class T>() {
    if constexpr (std::is_same_v<T, float>)
      cuda::launch_kernel(exec, "scatter", cuda::per_element(extent.columns), scatter_kernel, extent,
                          args.u.as<float>(), index, args.add, args.y.as<float>());
    else
      cuda::launch_kernel(exec, "scatter", cuda::per_element(args.y.numel()), scatter_narrow_kernel<T>, args.y.numel(),
                          extent, args.u.as<T>(), index, args.add, args.y.as<T>());
  });
}

}  // namespace athanor::kernels
