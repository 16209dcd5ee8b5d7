// Cuts the caller's workspace into parts. The same sequence of take() calls on a null workspace counts the bytes, so a
// *_workspace_bytes function and its kernel cannot disagree when both call one layout function.
#pragma once

#include <cstddef>
#include <cstdint>

namespace athanor::kernels::cpu {

class WorkspaceCutter {
 public:
  static constexpr std::size_t kAlignment = 64;

  explicit WorkspaceCutter(void* base = nullptr)
      : base_(base ? static_cast<std::byte*>(base) + padding(reinterpret_cast<std::uintptr_t>(base)) : nullptr) {}

  // `count` elements, aligned to a cache line; null when only counting.
  template <class T>
  T* take(std::int64_t count) {
    std::byte* at = base_ ? base_ + used_ : nullptr;
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
    used_ += bytes + padding(bytes);
    return reinterpret_cast<T*>(at);
  }

  // What the caller must provide, whatever the alignment of its memory.
  [[nodiscard]] std::size_t bytes() const { return used_ == 0 ? 0 : used_ + kAlignment; }

 private:
  static std::size_t padding(std::size_t bytes) { return (kAlignment - bytes % kAlignment) % kAlignment; }

  std::byte* base_;
  std::size_t used_ = 0;
};

}  // namespace athanor::kernels::cpu
