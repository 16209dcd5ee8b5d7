#include "kernels/cuda/check.h"
#include "kernels/cuda/device_info.h"
#include "tests/kernels/support/device_hooks.h"

namespace athanor::kernels::test {

namespace {

constexpr const char* kOp = "op tests";

bool has_device() {
  static const bool found = !cuda::devices().empty();
  return found;
}

}  // namespace

const char* cuda_refusal() { return has_device() ? nullptr : "this machine has no CUDA device"; }

// Pinned memory has one address for host and device.
void* allocate_shared_bytes(std::size_t bytes) {
  if (!has_device()) return ::operator new(bytes);
  void* data = nullptr;
  ATH_CUDA_CHECK(kOp, cudaMallocHost(&data, bytes ? bytes : 1));
  return data;
}

void release_shared_bytes(void* data) noexcept {
  if (!has_device()) return ::operator delete(data);
  static_cast<void>(cudaFreeHost(data));
}

void wait_for_device() { ATH_CUDA_CHECK(kOp, cudaDeviceSynchronize()); }

}  // namespace athanor::kernels::test
