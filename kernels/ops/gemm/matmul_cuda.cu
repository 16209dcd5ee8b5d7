#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/product.h"
#include "kernels/ops/gemm/matmul.h"

#include <algorithm>

namespace athanor::kernels {

namespace {

template <class T>
__global__ void scale_rows_kernel(std::int64_t elements, std::int64_t columns, std::int64_t stride, float beta, T* c) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const std::int64_t at = i / columns * stride + i % columns;
  cuda::store(c, at, beta == 0.0f ? 0.0f : beta * cuda::load(c, at));
}

// A matrix of one row may carry any stride; cuBLASLt wants at least the row's length.
std::int64_t row_stride(const View& view) { return std::max(view.strides[0], view.dim(1)); }

}  // namespace

void matmul_cuda(const Exec& exec, const MatmulArgs& args) {
  const std::int64_t m = args.c.dim(0), n = args.c.dim(1), k = args.a.dim(args.transpose_a ? 0 : 1);
  if (k == 0)
    return cuda::with_storage(args.c.dtype, [&]<class T>() {
      cuda::launch_kernel(exec, "matmul", cuda::per_element(m * n), scale_rows_kernel<T>, m * n, n, row_stride(args.c),
                          args.beta, args.c.as<T>());
    });
  auto product = cuda::dense_product(m, n, k, args.c.dtype);
  product.transpose_a = args.transpose_a;
  product.transpose_b = args.transpose_b;
  product.alpha = args.alpha;
  product.beta = args.beta;
  product.a = args.a.data;
  product.a_stride = row_stride(args.a);
  product.b = args.b.data;
  product.b_stride = row_stride(args.b);
  product.c = product.d = args.c.data;
  product.c_stride = product.d_stride = row_stride(args.c);
  cuda::product(exec, "matmul", product);
}

}  // namespace athanor::kernels
