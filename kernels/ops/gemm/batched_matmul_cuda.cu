#include "kernels/cuda/activation_map.cuh"
#include "kernels/cuda/product.h"
#include "kernels/cuda/product_bias.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/gemm/batched_matmul.h"

#include <algorithm>

namespace athanor::kernels {

namespace {

constexpr const char* kOp = "batched_matmul";

bool activated(const BatchedMatmulArgs& args) { return args.activation != Activation::none; }
std::int64_t terms_of_products(const BatchedMatmulArgs& args) { return args.a.dim(args.transpose_a ? 2 : 3); }

// Sums of several products are kept in f32 until they are whole.
bool sums_apart(const BatchedMatmulArgs& args) {
  return narrow_on_cuda(args) && args.c.dtype != DType::f32 && BatchWalk(args).terms() > 1;
}

struct Scratch {
  void *product = nullptr, *bias = nullptr;
  float* sums = nullptr;
};

Scratch lay_out(cuda::WorkspaceCutter& cutter, const BatchedMatmulArgs& args) {
  Scratch scratch;
  scratch.product = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  scratch.bias = cuda::take_bias(cutter, args.bias);
  if (sums_apart(args)) scratch.sums = cutter.take<float>(args.c.numel());
  return scratch;
}

// What a product of nothing leaves behind.
struct BiasOnly {
  const float* bias;
  std::int64_t columns;
  __device__ float operator()(std::int64_t i) const { return bias ? bias[i % columns] : 0.0f; }
  __device__ float operator()(std::int64_t i, float residual) const { return (*this)(i) + residual; }
};

// A matrix of one row may carry any stride; cuBLASLt wants at least the row's length.
std::int64_t row_stride(const View& view) { return std::max(view.strides[2], view.dim(3)); }

std::int64_t step_of(const View& view, int dim) { return view.dim(dim) == 1 ? 0 : view.strides[dim]; }

// The matrices of `view` lie at even steps along both batch dims of c together.
bool even(const View& view, const View& c) {
  return c.dim(0) == 1 || c.dim(1) == 1 || step_of(view, 0) == c.dim(1) * step_of(view, 1);
}

// All terms in order, and `added`. `out` is f32 where it is scratch.sums, else in c's format.
void multiply(const Exec& exec, const BatchedMatmulArgs& args, const Scratch& scratch, void* out, const View& added) {
  const BatchWalk walk(args);
  const std::int64_t m = args.c.dim(2), n = args.c.dim(3), across = args.c.dim(1);
  const bool one_call = even(args.a, args.c) && even(args.b, args.c);
  const int stepped = args.c.dim(1) == 1 ? 0 : 1;  // the batch dim that a call walks along
  auto product = cuda::dense_product(m, n, terms_of_products(args), args.a.dtype);
  product.d_format = scratch.sums ? DType::f32 : args.a.dtype;
  product.transpose_a = args.transpose_a;
  product.transpose_b = args.transpose_b;
  product.alpha = args.alpha;
  product.a_stride = row_stride(args.a);
  product.b_stride = row_stride(args.b);
  product.batch = one_call ? walk.c_matrices : across;
  product.a_step = step_of(args.a, stepped);
  product.b_step = step_of(args.b, stepped);
  product.d_step = m * n;
  product.workspace = scratch.product;
  const void* const bias = cuda::product_bias(exec, kOp, args.bias, product.d_format, scratch.bias);
  const auto at = [&](const void* base, DType format, std::int64_t element) {
    return static_cast<const std::byte*>(base) + storage_bytes(format, element);
  };
  for (std::int64_t first = 0; first < walk.c_matrices; first += product.batch)
    for (std::int64_t term = 0; term < walk.terms(); ++term) {
      product.a = at(args.a.data, args.a.dtype, walk.offset(args.a, args.c, first, term));
      product.b = at(args.b.data, args.b.dtype, walk.offset(args.b, args.c, first, term));
      product.d = const_cast<std::byte*>(at(out, product.d_format, first * m * n));
      product.bias = term == 0 ? bias : nullptr;
      product.beta = term > 0 || added.present() ? 1.0f : 0.0f;
      product.c = term > 0 || !added.present() ? product.d : at(added.data, added.dtype, first * m * n);
      cuda::product(exec, kOp, product);
    }
}

// y = act(x) + residual, from what the products left; preactivation = x where they left it elsewhere.
template <class X, class Y>
void finish(const Exec& exec, const BatchedMatmulArgs& args, const X* x, const Y* residual) {
  const std::int64_t elements = args.c.numel();
  if (activated(args) && args.preactivation.present() && static_cast<const void*>(x) != args.preactivation.data)
    cuda::map(exec, kOp, elements, cuda::Unchanged{}, args.preactivation.as<Y>(), x);
  if (residual) return cuda::map_activation_plus(exec, kOp, args.activation, elements, x, residual, args.c.as<Y>());
  cuda::map_activation(exec, kOp, args.activation, elements, x, args.c.as<Y>());
}

template <class T>
void run(const Exec& exec, const BatchedMatmulArgs& args, const Scratch& scratch) {
  const T* const residual = args.residual.as<const T>();
  T* const out = activated(args) && args.preactivation.present() ? args.preactivation.as<T>() : args.c.as<T>();
  if (BatchWalk(args).terms() == 0 || terms_of_products(args) == 0) {
    const BiasOnly nothing{args.bias.as<float>(), args.c.dim(3)};
    if (!activated(args) && residual) return cuda::map(exec, kOp, args.c.numel(), nothing, out, residual);
    cuda::map(exec, kOp, args.c.numel(), nothing, out);
    if (activated(args)) finish(exec, args, static_cast<const T*>(out), residual);
    return;
  }
  if (scratch.sums) {
    multiply(exec, args, scratch, scratch.sums, View{});
    return finish(exec, args, static_cast<const float*>(scratch.sums), residual);
  }
  multiply(exec, args, scratch, out, activated(args) ? View{} : args.residual);
  if (activated(args)) finish(exec, args, static_cast<const T*>(out), residual);
}

}  // namespace

void batched_matmul_cuda(const Exec& exec, const BatchedMatmulArgs& args) {
  if (args.c.numel() == 0) return;
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(cutter, args);
  cuda::with_storage(args.c.dtype, [&]<class T>() { run<T>(exec, args, scratch); });
}

std::size_t batched_matmul_cuda_workspace_bytes(const BatchedMatmulArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
