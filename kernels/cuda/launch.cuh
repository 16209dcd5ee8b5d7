// The one way a kernel is started: on exec.stream, with a shape from launch_config.h, and checked.
#pragma once

#include "kernels/base/exec.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/launch_config.h"

#include <cuda_runtime.h>

namespace athanor::kernels::cuda {

[[nodiscard]] inline cudaStream_t stream_of(const Exec& exec) noexcept {
  return static_cast<cudaStream_t>(exec.stream);
}

// An empty grid starts nothing; one that no device holds throws Failure. `op` names the operation in errors.
template <class... Parameters, class... Arguments>
void launch_kernel(const Exec& exec, const char* op, const LaunchConfig& config, void (*kernel)(Parameters...),
                   const Arguments&... arguments) {
  if (config.empty()) return;
  check_launch(op, config);
  cudaLaunchConfig_t launch{};
  launch.gridDim = dim3(static_cast<unsigned>(config.blocks_x), static_cast<unsigned>(config.blocks_y), 1);
  launch.blockDim = dim3(static_cast<unsigned>(config.threads_x), static_cast<unsigned>(config.threads_y), 1);
  launch.stream = stream_of(exec);
  ATH_CUDA_CHECK(op, cudaLaunchKernelEx(&launch, kernel, arguments...));
}

}  // namespace athanor::kernels::cuda
