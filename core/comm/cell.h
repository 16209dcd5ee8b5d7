// A value that one thread writes and others, of this process or another, read at the same time: a sequence lock over
// words that are each atomic (Boehm, Can seqlocks get along with programming language memory models?, 2012).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>
#include <type_traits>

namespace athanor::comm {

// Zeroed memory is a Cell with a zeroed value.
template <class T>
class Cell {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  void store(const T& value) noexcept {
    Words raw{};
    std::memcpy(raw.data(), &value, sizeof value);
    const std::uint64_t version = version_.load(std::memory_order_relaxed);
    version_.store(version + 1, std::memory_order_relaxed);
    for (std::size_t i = 0; i < raw.size(); ++i) words_[i].store(raw[i], std::memory_order_release);
    version_.store(version + 2, std::memory_order_release);
  }
  // A writer that died in the middle leaves the version odd: then what it left.
  [[nodiscard]] T load() const noexcept {
    constexpr int kTries = 1000;
    Words raw{};
    for (int i = 0; i < kTries; ++i) {
      const std::uint64_t before = version_.load(std::memory_order_acquire);
      for (std::size_t k = 0; k < raw.size(); ++k) raw[k] = words_[k].load(std::memory_order_acquire);
      if (before % 2 == 0 && version_.load(std::memory_order_relaxed) == before) break;
      std::this_thread::yield();
    }
    T value{};
    std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }

 private:
  static constexpr std::size_t kWords = (sizeof(T) + 7) / 8;
  using Words = std::array<std::uint64_t, kWords>;
  std::atomic<std::uint64_t> version_;  // odd while it is written
  std::array<std::atomic<std::uint64_t>, kWords> words_;
};

}  // namespace athanor::comm
