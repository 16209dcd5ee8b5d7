#include "core/memory/allocator.h"

#include "kernels/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

namespace athanor {

namespace {

constexpr std::size_t kAlignment = 64;
constexpr double kMebibyte = 1024.0 * 1024.0;

double mebibytes(std::size_t bytes) { return static_cast<double>(bytes) / kMebibyte; }

std::string largest_owners(const BytesByTag& by_tag) {
  std::array<int, kMemoryTagCount> order{};
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return by_tag[static_cast<std::size_t>(a)] > by_tag[static_cast<std::size_t>(b)];
  });
  std::string text;
  for (int place = 0; place < 3; ++place) {
    const auto tag = order[static_cast<std::size_t>(place)];
    text += fmt::format("{}{} {:.1f} MiB", place ? ", " : "", to_string(static_cast<MemoryTag>(tag)),
                        mebibytes(by_tag[static_cast<std::size_t>(tag)]));
  }
  return text;
}

}  // namespace

const char* to_string(MemoryTag tag) noexcept {
  switch (tag) {
    case MemoryTag::parameters: return "parameters";
    case MemoryTag::gradients: return "gradients";
    case MemoryTag::optimizer: return "optimizer";
    case MemoryTag::activations: return "activations";
    case MemoryTag::workspace: return "workspace";
    case MemoryTag::data: return "data";
  }
  return "?";
}

std::string to_table(const MemoryStats& stats) {
  std::string text;
  const auto line = [&](const char* name, std::size_t bytes) {
    text += fmt::format("  {:<14}{:>10.1f} MiB\n", name, mebibytes(bytes));
  };
  for (int tag = 0; tag < kMemoryTagCount; ++tag)
    line(to_string(static_cast<MemoryTag>(tag)), stats.by_tag[static_cast<std::size_t>(tag)]);
  line("in use", stats.current_bytes);
  line("peak", stats.peak_bytes);
  line("cached", stats.cached_bytes);
  line("largest free", stats.largest_free_bytes);
  if (stats.limit_bytes) line("limit", stats.limit_bytes);
  return text;
}

Allocator::Allocator(std::unique_ptr<BlockSource> source) : source_(std::move(source)) {}

Allocator::~Allocator() {
  dissolve_pool(pool_);
  trim();
}

std::size_t Allocator::rounded(std::size_t bytes) noexcept {
  if (bytes <= kAlignment) return kAlignment;
  const std::size_t step = std::max(kAlignment, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

MemoryBlock Allocator::allocate(std::size_t bytes, MemoryTag tag) {
  const std::size_t size = rounded(bytes);
  const std::lock_guard lock(mutex_);
  void* data = find_room(size);
  if (!data) {
    tell(MemoryEventKind::refuse, size, tag, nullptr);
    throw_out_of_memory(size, tag);
  }
  count_allocation(size, tag);
  tell(MemoryEventKind::allocate, size, tag, data);
  return {.data = data, .bytes = size, .tag = tag, .pool = pool_in_use_ ? pool_ : 0};
}

void* Allocator::find_room(std::size_t bytes) {
  void* data = pool_in_use_ ? take_cached(pool_free_, bytes) : nullptr;
  if (!data) data = take_cached(free_, bytes);
  if (!data) data = reserve(bytes);
  if (!data) {
    trim_locked();
    data = reserve(bytes);
  }
  if (!data && pool_) {
    dissolve_locked();
    trim_locked();
    data = reserve(bytes);
  }
  return data;
}

void Allocator::release(const MemoryBlock& block) noexcept {
  if (!block.data) return;
  const std::lock_guard lock(mutex_);
  stats_.current_bytes -= block.bytes;
  stats_.by_tag[static_cast<std::size_t>(block.tag)] -= block.bytes;
  stats_.cached_bytes += block.bytes;
  const bool apart = block.pool != 0 && block.pool == pool_;
  (apart ? pool_free_ : free_)[block.bytes].push_back(block.data);
  tell(MemoryEventKind::release, block.bytes, block.tag, block.data);
}

void* Allocator::take_cached(Cache& cache, std::size_t bytes) {
  const auto found = cache.find(bytes);
  if (found == cache.end() || found->second.empty()) return nullptr;
  void* data = found->second.back();
  found->second.pop_back();
  stats_.cached_bytes -= bytes;
  ++stats_.cache_hits;
  return data;
}

void* Allocator::reserve(std::size_t bytes) {
  if (stats_.limit_bytes && stats_.reserved_bytes + bytes > stats_.limit_bytes) return nullptr;
  void* data = source_->take(bytes);
  if (!data) return nullptr;
  stats_.reserved_bytes += bytes;
  stats_.peak_reserved_bytes = std::max(stats_.peak_reserved_bytes, stats_.reserved_bytes);
  tell(MemoryEventKind::reserve, bytes, MemoryTag::activations, data);
  return data;
}

void Allocator::count_allocation(std::size_t bytes, MemoryTag tag) {
  ++stats_.allocations;
  stats_.current_bytes += bytes;
  auto& of_tag = stats_.by_tag[static_cast<std::size_t>(tag)] += bytes;
  auto& most = stats_.most_by_tag[static_cast<std::size_t>(tag)];
  most = std::max(most, of_tag);
  if (stats_.current_bytes <= stats_.peak_bytes) return;
  stats_.peak_bytes = stats_.current_bytes;
  stats_.by_tag_at_peak = stats_.by_tag;
}

MemoryStats Allocator::stats() const {
  const std::lock_guard lock(mutex_);
  MemoryStats copy = stats_;
  for (const Cache* cache : {&free_, &pool_free_})
    for (const auto& [bytes, blocks] : *cache)
      if (!blocks.empty()) copy.largest_free_bytes = std::max(copy.largest_free_bytes, bytes);
  return copy;
}

void Allocator::reset_peak() {
  const std::lock_guard lock(mutex_);
  stats_.peak_bytes = stats_.current_bytes;
  stats_.peak_reserved_bytes = stats_.reserved_bytes;
  stats_.by_tag_at_peak = stats_.most_by_tag = stats_.by_tag;
}

void Allocator::trim() {
  const std::lock_guard lock(mutex_);
  trim_locked();
}

void Allocator::trim_locked() {
  for (auto& [bytes, blocks] : free_) {
    for (void* data : blocks) {
      source_->give_back(data, bytes);
      stats_.cached_bytes -= bytes;
      stats_.reserved_bytes -= bytes;
      tell(MemoryEventKind::give_back, bytes, MemoryTag::activations, data);
    }
  }
  free_.clear();
}

PoolId Allocator::make_pool() {
  const std::lock_guard lock(mutex_);
  dissolve_locked();
  return pool_ = ++pools_made_;
}

void Allocator::use_pool(PoolId pool) {
  const std::lock_guard lock(mutex_);
  pool_in_use_ = pool != 0 && pool == pool_;
}

bool Allocator::has_pool(PoolId pool) const {
  const std::lock_guard lock(mutex_);
  return pool != 0 && pool == pool_;
}

void Allocator::dissolve_pool(PoolId pool) {
  const std::lock_guard lock(mutex_);
  if (pool == pool_) dissolve_locked();
}

void Allocator::dissolve_locked() {
  for (auto& [bytes, blocks] : pool_free_) {
    auto& all = free_[bytes];
    all.insert(all.end(), blocks.begin(), blocks.end());
  }
  pool_free_.clear();
  pool_ = 0;
  pool_in_use_ = false;
}

void Allocator::set_limit(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  stats_.limit_bytes = bytes;
}

void Allocator::set_observer(MemoryObserver* observer) {
  const std::lock_guard lock(mutex_);
  observer_ = observer;
}

void Allocator::tell(MemoryEventKind kind, std::size_t bytes, MemoryTag tag, const void* block) noexcept {
  if (observer_)
    observer_->on_memory(
        {.kind = kind, .bytes = bytes, .tag = tag, .block = block, .current_bytes = stats_.current_bytes});
}

void Allocator::throw_out_of_memory(std::size_t bytes, MemoryTag tag) const {
  throw Failure(ErrorKind::out_of_memory, fmt::format("allocate {:.1f} MiB for {}", mebibytes(bytes), to_string(tag)),
                fmt::format("the {} has no more; the largest owners are {}\n{}",
                            source_->device().kind == DeviceKind::cuda ? "GPU" : "host", largest_owners(stats_.by_tag),
                            to_table(stats_)),
                "Make data.batch_size or the model smaller");
}

std::shared_ptr<Allocator> make_allocator(Device device, std::shared_ptr<Stream> stream) {
  return std::make_shared<Allocator>(device.kind == DeviceKind::cuda ? make_cuda_source(device.index, std::move(stream))
                                                                     : make_host_source());
}

std::shared_ptr<Allocator> make_dry_allocator(Device device) {
  return std::make_shared<Allocator>(make_dry_source(device));
}

}  // namespace athanor
