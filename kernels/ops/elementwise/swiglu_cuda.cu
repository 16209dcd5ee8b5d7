#include "kernels/cuda/device/activation.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/elementwise/swiglu.h"

namespace athanor::kernels {

namespace {

__global__ void swiglu_kernel(std::int64_t elements, std::int64_t columns, const float* x, float* y) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const std::int64_t gate = i / columns * 2 * columns + i % columns;
  y[i] = cuda::Silu::value(x[gate]) * x[gate + columns];
}

__global__ void swiglu_grad_kernel(std::int64_t elements, std::int64_t columns, const float* x, const float* dy,
                                   float* dx) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const std::int64_t gate = i / columns * 2 * columns + i % columns;
  const float g = x[gate], value = x[gate + columns];
  dx[gate] = dy[i] * value * cuda::Silu::slope(g);
  dx[gate + columns] = dy[i] * cuda::Silu::value(g);
}

}  // namespace

void swiglu_cuda(const Exec& exec, const SwigluArgs& args) {
  cuda::launch_kernel(exec, "swiglu", cuda::per_element(args.y.numel()), swiglu_kernel, args.y.numel(), args.y.dim(-1),
                      args.x.as<float>(), args.y.as<float>());
}

void swiglu_grad_cuda(const Exec& exec, const SwigluGradArgs& args) {
  cuda::launch_kernel(exec, "swiglu_grad", cuda::per_element(args.dy.numel()), swiglu_grad_kernel, args.dy.numel(),
                      args.dy.dim(-1), args.x.as<float>(), args.dy.as<float>(), args.dx.as<float>());
}

}  // namespace athanor::kernels
