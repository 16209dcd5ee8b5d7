// Memory of one device, cached by size class and observable: every byte has a logical owner, and a failed allocation
// says who holds the rest.
//
// Blocks are 64-byte aligned and rounded up to a size class (eight classes per doubling, so at most an eighth is lost).
// A released block stays in the cache of its class until trim() or until an allocation would otherwise fail. What is
// counted are rounded bytes, so a dry replay (see block_source.h) of the same calls shows the same figures.
// Safe on any thread. On CUDA a released block may be handed out again while queued work still uses it, so that all
// work on the memory of one allocator goes through one stream.
#pragma once

#include "core/memory/block_source.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace athanor {

// Who a block belongs to; the plan, the memory table and the out-of-memory text speak of these.
enum class MemoryTag : std::uint8_t { parameters, gradients, optimizer, activations, workspace, data };
inline constexpr int kMemoryTagCount = 6;
[[nodiscard]] const char* to_string(MemoryTag tag) noexcept;

using BytesByTag = std::array<std::size_t, kMemoryTagCount>;

struct MemoryStats {
  std::size_t current_bytes = 0;   // handed out now
  std::size_t peak_bytes = 0;      // most ever handed out at once, since reset_peak()
  std::size_t cached_bytes = 0;    // held for reuse
  std::size_t reserved_bytes = 0;  // current + cached: what the system sees
  std::size_t peak_reserved_bytes = 0;
  std::size_t largest_free_bytes = 0;  // largest cached block
  std::size_t limit_bytes = 0;         // 0: only the system's own limit
  std::uint64_t allocations = 0;
  std::uint64_t cache_hits = 0;
  BytesByTag by_tag{};
  BytesByTag by_tag_at_peak{};  // how current was divided when the peak was reached
  BytesByTag most_by_tag{};     // of each the most at once, since reset_peak()
  [[nodiscard]] std::size_t of(MemoryTag tag) const noexcept { return by_tag[static_cast<std::size_t>(tag)]; }
};
// Several lines, one per figure, sizes in MiB: what logs and the out-of-memory text show.
[[nodiscard]] std::string to_table(const MemoryStats& stats);

// refuse: there is no memory for an allocation, and a Failure follows.
enum class MemoryEventKind : std::uint8_t { allocate, release, reserve, give_back, refuse };
struct MemoryEvent {
  MemoryEventKind kind = MemoryEventKind::allocate;
  std::size_t bytes = 0;
  MemoryTag tag = MemoryTag::activations;  // meaningless for reserve and give_back
  const void* block = nullptr;
  std::size_t current_bytes = 0;  // after the event
};
// Told of every event under the allocator's lock: must be quick and must not allocate from the same allocator.
class MemoryObserver {
 public:
  virtual ~MemoryObserver() = default;
  virtual void on_memory(const MemoryEvent& event) noexcept = 0;
};

using PoolId = std::uint64_t;  // 0: none

struct MemoryBlock {
  void* data = nullptr;
  std::size_t bytes = 0;  // rounded
  MemoryTag tag = MemoryTag::activations;
  PoolId pool = 0;  // that it returns to
};

class Allocator {
 public:
  explicit Allocator(std::unique_ptr<BlockSource> source);
  ~Allocator();
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;

  // Never null, also for 0 bytes. Throws Failure(out_of_memory) with the table and the three largest owners.
  [[nodiscard]] MemoryBlock allocate(std::size_t bytes, MemoryTag tag);
  void release(const MemoryBlock& block) noexcept;

  [[nodiscard]] MemoryStats stats() const;
  void reset_peak();
  // Gives every cached block back to the system.
  void trim();
  // Reserved bytes never exceed this; 0 lifts the limit.
  void set_limit(std::size_t bytes);
  // ---- Blocks apart, for work that is recorded with its addresses ----
  // While a pool is in use, new blocks are its own, and they return to it when released, also later: nobody else is
  // given them. They count as all others do. There is one at a time; making another dissolves it, as does memory that
  // runs short. The blocks of a dissolved pool are like any others, and what was recorded with them must not run.
  [[nodiscard]] PoolId make_pool();
  void use_pool(PoolId pool);  // 0: from now on like any others
  [[nodiscard]] bool has_pool(PoolId pool) const;
  void dissolve_pool(PoolId pool);

  // Not owned; null takes it away.
  void set_observer(MemoryObserver* observer);
  [[nodiscard]] const BlockSource& source() const noexcept { return *source_; }

  // The size class of a request, a pure function.
  [[nodiscard]] static std::size_t rounded(std::size_t bytes) noexcept;

 private:
  using Cache = std::map<std::size_t, std::vector<void*>>;  // by size class

  [[nodiscard]] void* take_cached(Cache& cache, std::size_t bytes);
  [[nodiscard]] void* find_room(std::size_t bytes);
  void dissolve_locked();
  [[nodiscard]] void* reserve(std::size_t bytes);
  void count_allocation(std::size_t bytes, MemoryTag tag);
  void trim_locked();
  void tell(MemoryEventKind kind, std::size_t bytes, MemoryTag tag, const void* block) noexcept;
  [[noreturn]] void throw_out_of_memory(std::size_t bytes, MemoryTag tag) const;

  std::unique_ptr<BlockSource> source_;
  mutable std::mutex mutex_;
  Cache free_, pool_free_;
  PoolId pool_ = 0;  // 0: there is none
  PoolId pools_made_ = 0;
  bool pool_in_use_ = false;
  MemoryStats stats_;
  MemoryObserver* observer_ = nullptr;
};

// Real memory of a device, for work on `stream`; throws Failure(unavailable) for a device this build cannot reach.
[[nodiscard]] std::shared_ptr<Allocator> make_allocator(Device device, std::shared_ptr<Stream> stream);
// Counts like the allocator of `device` but holds no memory.
[[nodiscard]] std::shared_ptr<Allocator> make_dry_allocator(Device device);

}  // namespace athanor
