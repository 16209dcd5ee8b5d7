#include "kernels/cuda/device_info.h"

#include "kernels/cuda/check.h"

namespace athanor::kernels::cuda {

std::vector<DeviceInfo> devices() {
  constexpr const char* kOp = "devices";
  int count = 0;
  const auto code = cudaGetDeviceCount(&count);
  if (code == cudaErrorNoDevice || code == cudaErrorInsufficientDriver) {
    static_cast<void>(cudaGetLastError());
    return {};
  }
  ATH_CUDA_CHECK(kOp, code);
  std::vector<DeviceInfo> found;
  for (int index = 0; index < count; ++index) {
    cudaDeviceProp properties{};
    ATH_CUDA_CHECK(kOp, cudaGetDeviceProperties(&properties, index));
    char bus_id[32] = {};
    ATH_CUDA_CHECK(kOp, cudaDeviceGetPCIBusId(bus_id, sizeof bus_id, index));
    found.push_back({.index = index,
                     .name = static_cast<const char*>(properties.name),
                     .bus_id = static_cast<const char*>(bus_id),
                     .major = properties.major,
                     .minor = properties.minor,
                     .multiprocessors = properties.multiProcessorCount,
                     .memory_bytes = properties.totalGlobalMem,
                     .shared_memory_per_block_bytes = properties.sharedMemPerBlock});
  }
  return found;
}

}  // namespace athanor::kernels::cuda
