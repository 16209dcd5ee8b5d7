#include "kernels/cuda/activation_map.cuh"
#include "kernels/ops/elementwise/activation.h"

namespace athanor::kernels {

void activation_cuda(const Exec& exec, const ActivationArgs& args) {
  cuda::map_activation(exec, "activation", args.activation, args.y.numel(), args.x.as<float>(), args.y.as<float>());
}

void activation_grad_cuda(const Exec& exec, const ActivationGradArgs& args) {
  cuda::map_activation_slope(exec, "activation_grad", args.activation, args.dx.numel(), args.x.as<float>(),
                             args.dy.as<float>(), args.dx.as<float>());
}

}  // namespace athanor::kernels
