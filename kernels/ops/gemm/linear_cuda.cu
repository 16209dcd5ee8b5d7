#include "kernels/cuda/activation_map.cuh"
#include "kernels/cuda/column_reduce.cuh"
#include "kernels/cuda/product.h"
#include "kernels/cuda/product_bias.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/gemm/linear.h"

namespace athanor::kernels {

namespace {

struct LinearSize {
  std::int64_t m, n, k;
};

LinearSize size_of(const View& w, const View& y) {
  const std::int64_t n = w.dim(0);
  return {n == 0 ? 0 : y.numel() / n, n, w.dim(1)};
}

// What the kernels will be given: the format of all but the parameters.
template <class Args>
DType format_of(const Args& args) {
  return narrow_on_cuda(args) ? args.x.dtype : DType::f32;
}

void* take(cuda::WorkspaceCutter& cutter, DType format, std::int64_t count) {
  return cutter.take<std::byte>(static_cast<std::int64_t>(storage_bytes(format, count)));
}

// The activation is part of the product.
bool fused(const LinearArgs& args) {
  return !args.residual.present() &&
         cuda::fuses_activation(args.activation, args.w.dim(0), args.preactivation.present());
}

struct ForwardScratch {
  void *product = nullptr, *bias = nullptr;
  void* preactivation = nullptr;  // only where the output's memory is still needed for the residual
};

ForwardScratch lay_out(cuda::WorkspaceCutter& cutter, const LinearArgs& args) {
  ForwardScratch scratch;
  scratch.product = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  scratch.bias = cuda::take_bias(cutter, args.bias);
  if (args.activation != Activation::none && !args.preactivation.present() && args.residual.data == args.y.data)
    scratch.preactivation = take(cutter, format_of(args), args.y.numel());
  return scratch;
}

struct GradScratch {
  void* product = nullptr;
  void* g = nullptr;
  void* columns = nullptr;
};

GradScratch lay_out(cuda::WorkspaceCutter& cutter, const LinearGradArgs& args) {
  const auto [m, n, k] = size_of(args.w, args.dy);
  GradScratch scratch;
  scratch.product = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  if (args.activation != Activation::none) scratch.g = take(cutter, format_of(args), m * n);
  scratch.columns = cutter.take<std::byte>(static_cast<std::int64_t>(cuda::column_reduce_workspace_bytes(m, n, 1)));
  return scratch;
}

template <class T>
void parameter_gradients(const Exec& exec, const LinearGradArgs& args, const T* g, const GradScratch& scratch) {
  const auto [m, n, k] = size_of(args.w, args.dy);
  if (args.dbias.present())
    cuda::column_reduce<1>(exec, "linear_grad", m, n, cuda::PlainTerm{g, n}, args.accumulate_parameters,
                           {{args.dbias.as<float>()}}, scratch.columns);
  if (!args.dw.present()) return;
  auto* const dw = args.dw.as<float>();
  if (m == 0) {
    if (!args.accumulate_parameters)
      ATH_CUDA_CHECK("linear_grad",
                     cudaMemsetAsync(dw, 0, static_cast<std::size_t>(n * k) * sizeof(float), cuda::stream_of(exec)));
    return;
  }
  auto product = cuda::dense_product(n, k, m, args.x.dtype);
  product.d_format = DType::f32;
  product.transpose_a = true;
  product.a = g;
  product.a_stride = n;
  product.b = args.x.data;
  product.beta = args.accumulate_parameters ? 1.0f : 0.0f;
  product.c = dw;
  product.d = dw;
  product.workspace = scratch.product;
  cuda::product(exec, "linear_grad", product);
}

// Where the product goes that an activation is then applied to.
void* place_of_product(const LinearArgs& args, const ForwardScratch& scratch) {
  if (args.activation == Activation::none || fused(args)) return args.y.data;
  if (args.preactivation.present()) return args.preactivation.data;
  return scratch.preactivation ? scratch.preactivation : args.y.data;
}

void multiply(const Exec& exec, const LinearArgs& args, const ForwardScratch& scratch, void* out) {
  const auto [m, n, k] = size_of(args.w, args.y);
  auto product = cuda::dense_product(m, n, k, args.x.dtype);
  product.transpose_b = true;
  product.b_stride = k;
  product.a = args.x.data;
  product.b = args.w.data;
  product.bias = cuda::product_bias(exec, "linear", args.bias, args.x.dtype, scratch.bias);
  if (args.activation == Activation::none && args.residual.present()) {
    product.beta = 1.0f;
    product.c = args.residual.data;
  }
  if (fused(args)) {
    product.activation = args.activation;
    product.preactivation = args.preactivation.data;
  }
  product.d = out;
  product.workspace = scratch.product;
  cuda::product(exec, "linear", product);
}

}  // namespace

void linear_cuda(const Exec& exec, const LinearArgs& args) {
  const auto [m, n, k] = size_of(args.w, args.y);
  if (m == 0 || n == 0) return;
  cuda::WorkspaceCutter cutter(exec);
  const auto scratch = lay_out(cutter, args);
  void* const out = place_of_product(args, scratch);
  multiply(exec, args, scratch, out);
  if (args.activation == Activation::none || fused(args)) return;
  cuda::with_storage(args.x.dtype, [&, m = m, n = n]<class T>() {
    const T* const pre = static_cast<const T*>(out);
    auto* const y = args.y.as<T>();
    if (args.residual.present())
      return cuda::map_activation_plus(exec, "linear", args.activation, m * n, pre, args.residual.as<const T>(), y);
    cuda::map_activation(exec, "linear", args.activation, m * n, pre, y);
  });
}

void linear_grad_cuda(const Exec& exec, const LinearGradArgs& args) {
  const auto [m, n, k] = size_of(args.w, args.dy);
  cuda::WorkspaceCutter cutter(exec);
  const auto scratch = lay_out(cutter, args);
  const void* g = args.dy.data;
  cuda::with_storage(args.x.dtype, [&, m = m, n = n]<class T>() {
    if (scratch.g) {
      cuda::map_activation_slope(exec, "linear_grad", args.activation, m * n, args.preactivation.as<const T>(),
                                 args.dy.as<const T>(), static_cast<T*>(scratch.g));
      g = scratch.g;
    }
    parameter_gradients(exec, args, static_cast<const T*>(g), scratch);
  });
  if (!args.dx.present()) return;
  auto product = cuda::dense_product(m, k, n, args.x.dtype);
  product.a = g;
  product.b = args.w.data;
  product.d = args.dx.data;
  product.workspace = scratch.product;
  cuda::product(exec, "linear_grad", product);
}

std::size_t linear_cuda_workspace_bytes(const LinearArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args));
  return cutter.used_bytes();
}

std::size_t linear_grad_cuda_workspace_bytes(const LinearGradArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
