// Cuts the caller's workspace into parts. Built without memory it only measures, so that one function lays an op's
// workspace out both for its *_workspace_bytes and for its run.
#pragma once

#include "kernels/base/error.h"
#include "kernels/base/exec.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace athanor::kernels::cuda {

class WorkspaceCutter {
 public:
  WorkspaceCutter() = default;
  explicit WorkspaceCutter(const Exec& exec)
      : base_(static_cast<std::byte*>(exec.workspace)), bytes_(exec.workspace_bytes), measuring_(false) {}

  // Memory for `count` values on a multiple of 256 bytes; null while measuring. Throws Failure (internal) when the
  // workspace is smaller than what the op's *_workspace_bytes said.
  template <class T>
  [[nodiscard]] T* take(std::int64_t count) {
    constexpr std::size_t kAlignment = 256;
    const std::size_t at = used_;
    const std::size_t end = at + static_cast<std::size_t>(count) * sizeof(T);
    used_ = (end + kAlignment - 1) / kAlignment * kAlignment;
    if (measuring_) return nullptr;
    if (end > bytes_)
      throw Failure(
          ErrorKind::internal, "place a kernel's scratch memory",
          "the workspace holds " + std::to_string(bytes_) + " bytes but " + std::to_string(end) + " are needed",
          "Ask the op's workspace_bytes function with the same arguments");
    return reinterpret_cast<T*>(base_ + at);
  }

  [[nodiscard]] std::size_t used_bytes() const noexcept { return used_; }

 private:
  std::byte* base_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t used_ = 0;
  bool measuring_ = true;
};

}  // namespace athanor::kernels::cuda
