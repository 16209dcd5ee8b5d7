// A run of bytes with one owner count. Invariants:
//   1. data() is never null, except while the storage is vacant: then its memory has been given back, and whoever keeps
//      the numbers elsewhere fills it again when it is needed.
//   2. bytes() is what the tensors on it may touch; the block behind it may be larger.
//   3. The memory lives until the last tensor on it is gone, then returns to where it came from.
//   4. A dry storage has a size and a name for an address, but no memory.
#pragma once

#include "core/memory/allocator.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace athanor {

class Storage;
// Keeps numbers elsewhere while their storage is vacant.
class StorageKeeper {
 public:
  virtual ~StorageKeeper() = default;
  // Whoever calls is about to read: occupies and fills what is vacant. Others of the keeper's may become vacant.
  virtual void need(Storage& storage) = 0;
};

class Storage {
 public:
  Storage(std::shared_ptr<Allocator> allocator, std::size_t bytes, MemoryTag tag)
      : allocator_(std::move(allocator)), block_(allocator_->allocate(bytes, tag)), bytes_(bytes) {
    device_ = allocator_->source().device();
    dry_ = !allocator_->source().holds_memory();
  }
  // Wraps foreign memory; `on_release` is called once, when the last tensor is gone.
  Storage(void* data, std::size_t bytes, Device device, std::function<void()> on_release)
      : block_{.data = data, .bytes = bytes}, bytes_(bytes), device_(device), on_release_(std::move(on_release)) {}
  ~Storage() {
    if (allocator_ && !vacant()) allocator_->release(block_);
    if (on_release_) on_release_();
  }
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  [[nodiscard]] void* data() const noexcept { return block_.data; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] Device device() const noexcept { return device_; }
  [[nodiscard]] MemoryTag tag() const noexcept { return block_.tag; }
  [[nodiscard]] bool dry() const noexcept { return dry_; }
  // Only of an allocator's memory. It comes back undefined.
  void vacate() noexcept {
    if (!vacant()) allocator_->release(block_);
    block_.data = nullptr;
  }
  void occupy() {
    if (vacant()) block_ = allocator_->allocate(bytes_, block_.tag);
  }
  [[nodiscard]] bool vacant() const noexcept { return block_.data == nullptr; }
  void set_keeper(StorageKeeper* keeper) noexcept { keeper_ = keeper; }
  void need() {
    if (keeper_) keeper_->need(*this);
  }

  // Counts in-place changes, so that a saved tensor can tell that it is no longer what was saved.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
  void count_change() noexcept { ++version_; }

 private:
  std::shared_ptr<Allocator> allocator_;
  MemoryBlock block_;
  std::size_t bytes_ = 0;
  Device device_;
  bool dry_ = false;
  std::uint64_t version_ = 0;
  StorageKeeper* keeper_ = nullptr;  // not owned
  std::function<void()> on_release_;
};

}  // namespace athanor
