// How the op tests reach a device. One of three sources is linked: device_hooks_none.cpp (no CUDA kernels in the
// build), tests/gpu/device_hooks_cuda.cpp (a real device) and tests/gpu/emulation/device_hooks_emulated.cpp.
#pragma once

#include <cstddef>
#include <new>

namespace athanor::kernels::test {

// Null when CUDA kernels can run, or why they cannot.
[[nodiscard]] const char* cuda_refusal();

// Memory that both the host and the device may touch at the same address. Never null.
[[nodiscard]] void* allocate_shared_bytes(std::size_t bytes);
void release_shared_bytes(void* data) noexcept;

// Returns when all queued work is done; throws Failure when it failed.
void wait_for_device();

// For containers whose contents kernels read or write.
template <class T>
struct SharedAllocator {
  using value_type = T;

  SharedAllocator() = default;
  template <class U>
  SharedAllocator(const SharedAllocator<U>&) {}
  [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(allocate_shared_bytes(count * sizeof(T))); }
  void deallocate(T* data, std::size_t) noexcept { release_shared_bytes(data); }
  template <class U>
  [[nodiscard]] bool operator==(const SharedAllocator<U>&) const {
    return true;
  }
};

}  // namespace athanor::kernels::test
