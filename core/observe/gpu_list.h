// Which GPUs the machine has, asked of the driver's management library (NVML).
#pragma once

#include <string>
#include <vector>

namespace athanor::observe {

// As CUDA_VISIBLE_DEVICES names them ("GPU-6ab0…"), in the order of their places on the bus; none where there is no
// driver. Safe on any thread.
[[nodiscard]] std::vector<std::string> gpu_ids(const std::string& library = "libnvidia-ml.so.1");

}  // namespace athanor::observe
