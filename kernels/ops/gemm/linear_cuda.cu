#include "kernels/cuda/activation_map.cuh"
#include "kernels/cuda/column_reduce.cuh"
#include "kernels/cuda/product.h"
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

struct ForwardScratch {
  void* product = nullptr;
  float* preactivation = nullptr;  // only where the output's memory is still needed for the residual
};

ForwardScratch lay_out(cuda::WorkspaceCutter& cutter, const LinearArgs& args) {
  ForwardScratch scratch;
  scratch.product = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  if (args.activation != Activation::none && !args.preactivation.present() && args.residual.data == args.y.data)
    scratch.preactivation = cutter.take<float>(args.y.numel());
  return scratch;
}

struct GradScratch {
  void* product = nullptr;
  float* g = nullptr;
  void* columns = nullptr;
};

GradScratch lay_out(cuda::WorkspaceCutter& cutter, const LinearGradArgs& args) {
  const auto [m, n, k] = size_of(args.w, args.dy);
  GradScratch scratch;
  scratch.product = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  if (args.activation != Activation::none) scratch.g = cutter.take<float>(m * n);
  scratch.columns = cutter.take<std::byte>(static_cast<std::int64_t>(cuda::column_reduce_workspace_bytes(m, n, 1)));
  return scratch;
}

void parameter_gradients(const Exec& exec, const LinearGradArgs& args, const float* g, const GradScratch& scratch) {
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
  auto product = cuda::dense_product(n, k, m);
  product.transpose_a = true;
  product.a = g;
  product.a_stride = n;
  product.b = args.x.as<float>();
  product.beta = args.accumulate_parameters ? 1.0f : 0.0f;
  product.c = dw;
  product.d = dw;
  product.workspace = scratch.product;
  cuda::product(exec, "linear_grad", product);
}

}  // namespace

void linear_cuda(const Exec& exec, const LinearArgs& args) {
  const auto [m, n, k] = size_of(args.w, args.y);
  if (m == 0 || n == 0) return;
  cuda::WorkspaceCutter cutter(exec);
  const auto scratch = lay_out(cutter, args);
  auto* const y = args.y.as<float>();
  const bool activated = args.activation != Activation::none;
  float* const pre = !activated                     ? y
                     : args.preactivation.present() ? args.preactivation.as<float>()
                     : scratch.preactivation        ? scratch.preactivation
                                                    : y;
  auto product = cuda::dense_product(m, n, k);
  product.transpose_b = true;
  product.b_stride = k;
  product.a = args.x.as<float>();
  product.b = args.w.as<float>();
  product.bias = args.bias.as<float>();
  if (!activated && args.residual.present()) {
    product.beta = 1.0f;
    product.c = args.residual.as<float>();
  }
  product.d = pre;
  product.workspace = scratch.product;
  cuda::product(exec, "linear", product);
  if (!activated) return;
  if (args.residual.present())
    return cuda::map_activation_plus(exec, "linear", args.activation, m * n, pre, args.residual.as<float>(), y);
  cuda::map_activation(exec, "linear", args.activation, m * n, pre, y);
}

void linear_grad_cuda(const Exec& exec, const LinearGradArgs& args) {
  const auto [m, n, k] = size_of(args.w, args.dy);
  cuda::WorkspaceCutter cutter(exec);
  const auto scratch = lay_out(cutter, args);
  const float* g = args.dy.as<float>();
  if (scratch.g) {
    cuda::map_activation_slope(exec, "linear_grad", args.activation, m * n, args.preactivation.as<float>(), g,
                               scratch.g);
    g = scratch.g;
  }
  parameter_gradients(exec, args, g, scratch);
  if (!args.dx.present()) return;
  auto product = cuda::dense_product(m, k, n);
  product.a = g;
  product.b = args.w.as<float>();
  product.d = args.dx.as<float>();
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
