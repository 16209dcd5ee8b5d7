// Owns one C handle: released when the owner goes, movable, not copyable. Releasing never throws; its status is
// dropped, as nothing could be done about it there.
#pragma once

#include <utility>

namespace athanor::kernels::cuda {

// Release is a function taking the handle; a value-initialised handle means "none".
template <class Handle, auto Release>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle handle) noexcept : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (handle_ != Handle{}) static_cast<void>(Release(handle_));
  }

  [[nodiscard]] Handle get() const noexcept { return handle_; }
  // Where a create function writes the handle; only for an owner that holds none.
  [[nodiscard]] Handle* receive() noexcept { return &handle_; }

 private:
  Handle handle_{};
};

}  // namespace athanor::kernels::cuda
