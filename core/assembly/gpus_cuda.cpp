#include "core/assembly/gpus.h"
#include "kernels/base/error.h"
#include "kernels/cuda/device_info.h"

namespace athanor::runner {

std::vector<Gpu> gpus() {
  std::vector<Gpu> out;
  try {
    for (const auto& device : kernels::cuda::devices()) {
      out.push_back(
          {device.name, static_cast<std::int64_t>(device.memory_bytes), device.bus_id, device.major, device.minor});
    }
  } catch (const Failure&) {
    out.clear();  // why_no_gpu() tells
  }
  return out;
}

std::string why_no_gpu() {
  try {
    return kernels::cuda::devices().empty() ? "the driver shows no device (check nvidia-smi)" : "";
  } catch (const Failure& failure) {
    return failure.error().message();
  }
}

}  // namespace athanor::runner
