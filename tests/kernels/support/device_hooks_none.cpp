#include "tests/kernels/support/device_hooks.h"

namespace athanor::kernels::test {

const char* cuda_refusal() { return "this build holds no CUDA kernels"; }
void* allocate_shared_bytes(std::size_t bytes) { return ::operator new(bytes); }
void release_shared_bytes(void* data) noexcept { ::operator delete(data); }
void wait_for_device() {}

}  // namespace athanor::kernels::test
