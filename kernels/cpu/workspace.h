// Cuts the caller's workspace into parts. The same sequence of take() calls on a counting cutter gives the bytes, so a
// *_workspace_bytes function and its kernel cannot disagree when both call one layout function.
#pragma once

#include "kernels/base/error.h"
#include "kernels/base/exec.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace athanor::kernels::cpu {

class WorkspaceCutter {
 public:
  static constexpr std::size_t kAlignment = 64;

  // Only counts; every part is null.
  WorkspaceCutter() = default;
  // Cuts exec.workspace. take() throws Failure (internal) where it is too small.
  explicit WorkspaceCutter(const Exec& exec)
      : counting_(false), base_(static_cast<std::byte*>(exec.workspace)), capacity_(exec.workspace_bytes) {
    if (base_) used_ = padding(reinterpret_cast<std::uintptr_t>(base_));
  }

  // `count` elements, aligned to a cache line.
  template <class T>
  T* take(std::int64_t count) {
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T), begin = used_;
    if (bytes == 0) return nullptr;
    used_ += bytes + padding(bytes);
    if (counting_) return nullptr;
    if (begin + bytes > capacity_) refuse(begin + bytes);
    return reinterpret_cast<T*>(base_ + begin);
  }

  // What the caller must provide, whatever the alignment of its memory.
  [[nodiscard]] std::size_t bytes() const { return used_ == 0 ? 0 : used_ + kAlignment; }

 private:
  static std::size_t padding(std::size_t bytes) { return (kAlignment - bytes % kAlignment) % kAlignment; }

  [[noreturn]] void refuse(std::size_t needed) const {
    throw Failure(
        ErrorKind::internal, "run a kernel",
        "its workspace holds " + std::to_string(capacity_) + " bytes, " + std::to_string(needed) + " are needed",
        "Ask the op's *_workspace_bytes with the same arguments and threads");
  }

  bool counting_ = true;
  std::byte* base_ = nullptr;
  std::size_t capacity_ = 0, used_ = 0;
};

}  // namespace athanor::kernels::cpu
