#include "core/memory/block_source.h"

#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace athanor {

namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

class HostSource final : public BlockSource {
 public:
  void* take(std::size_t bytes) override {
    if (bytes < 2 * kHugePage)
      return std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
    void* data = std::aligned_alloc(kHugePage, (bytes + kHugePage - 1) / kHugePage * kHugePage);
    // Only a hint: kernels walk such blocks from end to end and miss the translation cache far less with large pages.
    if (data) madvise(data, bytes, MADV_HUGEPAGE);
    return data;
  }
  void give_back(void* data, std::size_t) noexcept override { std::free(data); }
  Device device() const noexcept override { return {}; }
};

// Hands out increasing numbers dressed as pointers.
class DrySource final : public BlockSource {
 public:
  explicit DrySource(Device device) : device_(device) {}
  void* take(std::size_t bytes) override {
    void* data = reinterpret_cast<void*>(next_);
    next_ += bytes;
    return data;
  }
  void give_back(void*, std::size_t) noexcept override {}
  Device device() const noexcept override { return device_; }
  bool holds_memory() const noexcept override { return false; }

 private:
  Device device_;
  std::uintptr_t next_ = std::uintptr_t{1} << 40;
};

class HostStream final : public Stream {
 public:
  void* handle() const noexcept override { return nullptr; }
  void wait() override {}
  void copy(void* destination, const void* source, std::size_t bytes) override {
    if (bytes) std::memcpy(destination, source, bytes);
  }
};

}  // namespace

std::shared_ptr<Stream> make_host_stream() { return std::make_shared<HostStream>(); }

std::unique_ptr<BlockSource> make_host_source() { return std::make_unique<HostSource>(); }

std::unique_ptr<BlockSource> make_dry_source(Device device) { return std::make_unique<DrySource>(device); }

}  // namespace athanor
