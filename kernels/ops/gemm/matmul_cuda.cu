#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/product.h"
#include "kernels/ops/gemm/matmul.h"

#include <algorithm>

namespace athanor::kernels {

namespace {

__global__ void scale_rows_kernel(std::int64_t elements, std::int64_t columns, std::int64_t stride, float beta,
                                  float* c) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  float& value = c[i / columns * stride + i % columns];
  value = beta == 0.0f ? 0.0f : beta * value;
}

// A matrix of one row may carry any stride; cuBLASLt wants at least the row's length.
std::int64_t row_stride(const View& view) { return std::max(view.strides[0], view.dim(1)); }

}  // namespace

void matmul_cuda(const Exec& exec, const MatmulArgs& args) {
  const std::int64_t m = args.c.dim(0), n = args.c.dim(1), k = args.a.dim(args.transpose_a ? 0 : 1);
  auto* const c = args.c.as<float>();
  if (k == 0)
    return cuda::launch_kernel(exec, "matmul", cuda::per_element(m * n), scale_rows_kernel, m * n, n,
                               row_stride(args.c), args.beta, c);
  cuda::product(exec, "matmul",
                {.transpose_a = args.transpose_a,
                 .transpose_b = args.transpose_b,
                 .m = m,
                 .n = n,
                 .k = k,
                 .alpha = args.alpha,
                 .a = args.a.as<float>(),
                 .a_stride = row_stride(args.a),
                 .b = args.b.as<float>(),
                 .b_stride = row_stride(args.b),
                 .beta = args.beta,
                 .c = c,
                 .c_stride = row_stride(args.c),
                 .d = c,
                 .d_stride = row_stride(args.c)});
}

}  // namespace athanor::kernels
