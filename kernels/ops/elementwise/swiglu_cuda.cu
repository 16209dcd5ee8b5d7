#include "kernels/cuda/device/activation.cuh"
#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/elementwise/swiglu.h"

namespace athanor::kernels {

namespace {

template <class T>
__global__ void swiglu_kernel(std::int64_t elements, std::int64_t columns, const T* x, T* y) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const std::int64_t gate = i / columns * 2 * columns + i % columns;
  cuda::store(y, i, cuda::Silu::value(cuda::load(x, gate)) * cuda::load(x, gate + columns));
}

template <class T>
__global__ void swiglu_grad_kernel(std::int64_t elements, std::int64_t columns, const T* x, const T* dy, T* dx) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const std::int64_t gate = i / columns * 2 * columns + i % columns;
  const float g = cuda::load(x, gate), value = cuda::load(x, gate + columns), slope = cuda::load(dy, i);
  cuda::store(dx, gate, slope * value * cuda::Silu::slope(g));
  cuda::store(dx, gate + columns, slope * cuda::Silu::value(g));
}

}  // namespace

void swiglu_cuda(const Exec& exec, const SwigluArgs& args) {
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    cuda::launch_kernel(exec, "swiglu", cuda::per_element(args.y.numel()), swiglu_kernel<T>, args.y.numel(),
                        args.y.dim(-1), args.x.as<T>(), args.y.as<T>());
  });
}

void swiglu_grad_cuda(const Exec& exec, const SwigluGradArgs& args) {
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    cuda::launch_kernel(exec, "swiglu_grad", cuda::per_element(args.dy.numel()), swiglu_grad_kernel<T>, args.dy.numel(),
                        args.dy.dim(-1), args.x.as<T>(), args.dy.as<T>(), args.dx.as<T>());
  });
}

}  // namespace athanor::kernels
