#include "kernels/cuda/activation_map.cuh"
#include "kernels/ops/elementwise/activation.h"

namespace athanor::kernels {

void activation_cuda(const Exec& exec, const ActivationArgs& args) {
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    cuda::map_activation(exec, "activation", args.activation, args.y.numel(), args.x.as<const T>(), args.y.as<T>());
  });
}

void activation_grad_cuda(const Exec& exec, const ActivationGradArgs& args) {
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    cuda::map_activation_slope(exec, "activation_grad", args.activation, args.dx.numel(), args.x.as<const T>(),
                               args.dy.as<const T>(), args.dx.as<T>());
  });
}

}  // namespace athanor::kernels
