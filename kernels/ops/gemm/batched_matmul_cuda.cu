#include "kernels/cuda/activation_map.cuh"
#include "kernels/cuda/product.h"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/gemm/batched_matmul.h"

#include <algorithm>

namespace athanor::kernels {

namespace {

constexpr const char* kOp = "batched_matmul";

struct Epilogue {
  std::int64_t columns;
  const float *bias, *residual;
};

// The product is in y already; what a product of nothing leaves behind is a 0 of ours.
struct FromNothing {
  Epilogue e;
  __device__ float operator()(std::int64_t i) const {
    return (e.bias ? e.bias[i % e.columns] : 0.0f) + (e.residual ? e.residual[i] : 0.0f);
  }
};

// A matrix of one row may carry any stride; cuBLASLt wants at least the row's length.
std::int64_t row_stride(const View& view) { return std::max(view.strides[2], view.dim(3)); }

bool activated(const BatchedMatmulArgs& args) { return args.activation != Activation::none; }

// All the terms of one matrix of c, in order, with the bias; the residual is added where there is no activation.
void multiply(const Exec& exec, const BatchedMatmulArgs& args, const BatchWalk& walk, std::int64_t matrix, float* out,
              void* scratch) {
  const std::int64_t m = args.c.dim(2), n = args.c.dim(3), begin = matrix * m * n;
  auto product = cuda::dense_product(m, n, args.a.dim(args.transpose_a ? 2 : 3));
  product.transpose_a = args.transpose_a;
  product.transpose_b = args.transpose_b;
  product.alpha = args.alpha;
  product.a_stride = row_stride(args.a);
  product.b_stride = row_stride(args.b);
  product.bias = args.bias.as<float>();
  if (!activated(args) && args.residual.present()) {
    product.beta = 1.0f;
    product.c = args.residual.as<float>() + begin;
  }
  product.d = out + begin;
  product.workspace = scratch;
  for (std::int64_t term = 0; term < walk.terms(); ++term) {
    product.a = args.a.as<float>() + walk.offset(args.a, args.c, matrix, term);
    product.b = args.b.as<float>() + walk.offset(args.b, args.c, matrix, term);
    cuda::product(exec, kOp, product);
    product.bias = nullptr;
    product.beta = 1.0f;
    product.c = product.d;
  }
}

}  // namespace

void batched_matmul_cuda(const Exec& exec, const BatchedMatmulArgs& args) {
  const std::int64_t elements = args.c.numel();
  if (elements == 0) return;
  const BatchWalk walk(args);
  cuda::WorkspaceCutter cutter(exec);
  void* const scratch = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  auto* const c = args.c.as<float>();
  const float* const residual = args.residual.as<float>();
  float* const out = activated(args) && args.preactivation.present() ? args.preactivation.as<float>() : c;
  if (walk.terms() == 0 || args.a.dim(args.transpose_a ? 2 : 3) == 0)
    cuda::map(exec, kOp, elements,
              FromNothing{{args.c.dim(3), args.bias.as<float>(), activated(args) ? nullptr : residual}}, out);
  else
    for (std::int64_t matrix = 0; matrix < walk.c_matrices; ++matrix) multiply(exec, args, walk, matrix, out, scratch);
  if (!activated(args)) return;
  if (residual) return cuda::map_activation_plus(exec, kOp, args.activation, elements, out, residual, c);
  cuda::map_activation(exec, kOp, args.activation, elements, out, c);
}

std::size_t batched_matmul_cuda_workspace_bytes(const BatchedMatmulArgs&) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(cutter.take<std::byte>(cuda::kProductWorkspaceBytes));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
