// Bytes from one rank to another through shared memory: one writer, one reader, no locks. Both counters only grow; what
// lies between them is unread (Lamport's single-producer single-consumer queue).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace athanor::comm {

struct RingHead {
  alignas(64) std::atomic<std::uint64_t> written;
  alignas(64) std::atomic<std::uint64_t> read;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "counters are shared between processes");

class Ring {
 public:
  // `capacity` is a power of two.
  Ring(RingHead* head, std::byte* data, std::size_t capacity) : head_(head), data_(data), capacity_(capacity) {}

  // As much of it as there is room for; says how much.
  std::size_t write(std::span<const std::byte> bytes) {
    const std::uint64_t at = head_->written.load(std::memory_order_relaxed);
    const std::size_t room = capacity_ - static_cast<std::size_t>(at - head_->read.load(std::memory_order_acquire));
    const std::size_t count = std::min(room, bytes.size());
    copy(at, count,
         [&](std::byte* place, std::size_t from, std::size_t n) { std::memcpy(place, bytes.data() + from, n); });
    if (count > 0) head_->written.store(at + count, std::memory_order_release);
    return count;
  }
  // As much as there is, up to the size of `into`.
  std::size_t read(std::span<std::byte> into) {
    const std::uint64_t at = head_->read.load(std::memory_order_relaxed);
    const auto there = static_cast<std::size_t>(head_->written.load(std::memory_order_acquire) - at);
    const std::size_t count = std::min(there, into.size());
    copy(at, count,
         [&](std::byte* place, std::size_t from, std::size_t n) { std::memcpy(into.data() + from, place, n); });
    if (count > 0) head_->read.store(at + count, std::memory_order_release);
    return count;
  }

 private:
  template <class Move>
  void copy(std::uint64_t at, std::size_t count, Move&& move) {
    const std::size_t place = static_cast<std::size_t>(at) & (capacity_ - 1);
    const std::size_t first = std::min(count, capacity_ - place);
    if (first > 0) move(data_ + place, 0, first);
    if (count > first) move(data_, first, count - first);
  }

  RingHead* head_;
  std::byte* data_;
  std::size_t capacity_;
};

}  // namespace athanor::comm
