// Where an allocator gets its blocks from: the host, a CUDA device, or nowhere (a dry run that only counts).
#pragma once

#include "core/memory/stream.h"
#include "kernels/base/exec.h"

#include <cstddef>
#include <memory>

namespace athanor {

class BlockSource {
 public:
  virtual ~BlockSource() = default;
  // 64-byte aligned (256 on CUDA), or null when the system has no more.
  [[nodiscard]] virtual void* take(std::size_t bytes) = 0;
  // Work that was queued before may still use the block.
  virtual void give_back(void* data, std::size_t bytes) noexcept = 0;
  [[nodiscard]] virtual Device device() const noexcept = 0;
  // False when the pointers are only names and must not be followed.
  [[nodiscard]] virtual bool holds_memory() const noexcept { return true; }
};

[[nodiscard]] std::unique_ptr<BlockSource> make_host_source();
// For work on `stream` alone. Throws Failure(unavailable) in builds without CUDA.
[[nodiscard]] std::unique_ptr<BlockSource> make_cuda_source(int index, std::shared_ptr<Stream> stream);
[[nodiscard]] std::unique_ptr<BlockSource> make_dry_source(Device device);

}  // namespace athanor
