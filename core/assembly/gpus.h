// The GPUs this build can use; none in a build without CUDA.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace athanor::runner {

struct Gpu {
  std::string name;
  std::int64_t memory_bytes = 0;
  std::string bus_id;
  int major = 0, minor = 0;  // compute capability
};
// Empty without a driver, a device, or CUDA in this build.
[[nodiscard]] std::vector<Gpu> gpus();
// Why gpus() is empty, with the remedy; empty text when it is not.
[[nodiscard]] std::string why_no_gpu();

}  // namespace athanor::runner
