// What a CUDA device is and can do. Plain C++: programs may include it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace athanor::kernels::cuda {

struct DeviceInfo {
  int index = 0;
  std::string name;
  std::string bus_id;        // "0000:1b:00.0"
  int major = 0, minor = 0;  // compute capability
  int multiprocessors = 0;
  std::size_t memory_bytes = 0;
  std::size_t shared_memory_per_block_bytes = 0;
};

// Every device the driver shows; empty without a driver or a device. Throws Failure for any other fault.
[[nodiscard]] std::vector<DeviceInfo> devices();

}  // namespace athanor::kernels::cuda
