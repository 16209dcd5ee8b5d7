// A keyed permutation of 0 … size-1 that is computed point by point and needs no table: a balanced Feistel network over
// the next even power of two, walked until it lands inside (Black and Rogaway 2002, "Ciphers with arbitrary finite
// domains", method of cycle walking). On average fewer than four walks.
#pragma once

#include "core/data/random.h"

#include <bit>
#include <cstdint>

namespace athanor::data {

class KeyedPermutation {
 public:
  KeyedPermutation(std::uint64_t size, std::uint64_t seed, std::uint64_t epoch)
      : size_(size), seed_(seed), epoch_(epoch), half_((std::bit_width(size < 2 ? 1 : size - 1) + 1) / 2) {}

  [[nodiscard]] std::uint64_t operator()(std::uint64_t index) const {
    do {
      index = once(index);
    } while (index >= size_);
    return index;
  }

 private:
  [[nodiscard]] std::uint64_t once(std::uint64_t value) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_) - 1;
    std::uint64_t left = value >> half_;
    std::uint64_t right = value & mask;
    for (std::uint32_t round = 0; round < 6; ++round) {
      const PhiloxBlock mixed =
          philox(PhiloxBlock{{static_cast<std::uint32_t>(right), round ^ static_cast<std::uint32_t>(right >> 32 << 8),
                              static_cast<std::uint32_t>(epoch_), static_cast<std::uint32_t>(Purpose::order)}},
                 seed_ + (epoch_ >> 32));
      const std::uint64_t next = left ^ (mixed.word[0] & mask);
      left = right;
      right = next;
    }
    return (left << half_) | right;
  }

  std::uint64_t size_;
  std::uint64_t seed_;
  std::uint64_t epoch_;
  int half_;
};

}  // namespace athanor::data
