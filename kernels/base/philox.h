// Philox-4x32-10: a counter-based random number generator. The block for a counter and a key is a pure function, so any
// element of any random tensor can be computed alone, on any device, in any order.
// Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3 and table 2.
// Usable in host and device code; includes nothing but <cstdint>.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#define ATH_HOST_DEVICE __host__ __device__
#else
#define ATH_HOST_DEVICE
#endif

namespace athanor {

struct PhiloxBlock {
  std::uint32_t word[4];
};

inline constexpr std::uint32_t kPhiloxMultiplier0 = 0xD2511F53u;
inline constexpr std::uint32_t kPhiloxMultiplier1 = 0xCD9E8D57u;
inline constexpr std::uint32_t kPhiloxWeyl0 = 0x9E3779B9u;
inline constexpr std::uint32_t kPhiloxWeyl1 = 0xBB67AE85u;
inline constexpr int kPhiloxRounds = 10;

ATH_HOST_DEVICE constexpr PhiloxBlock philox(PhiloxBlock counter, std::uint64_t key) {
  std::uint32_t key0 = static_cast<std::uint32_t>(key);
  std::uint32_t key1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const std::uint64_t product0 = std::uint64_t{kPhiloxMultiplier0} * counter.word[0];
    const std::uint64_t product1 = std::uint64_t{kPhiloxMultiplier1} * counter.word[2];
    counter = PhiloxBlock{
        {static_cast<std::uint32_t>(product1 >> 32) ^ counter.word[1] ^ key0, static_cast<std::uint32_t>(product1),
         static_cast<std::uint32_t>(product0 >> 32) ^ counter.word[3] ^ key1, static_cast<std::uint32_t>(product0)}};
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
  return counter;
}

// The block of a logical position: what dropout and the initialisers use.
ATH_HOST_DEVICE constexpr PhiloxBlock philox_at(std::uint64_t seed, std::uint32_t step, std::uint32_t stream,
                                                std::uint64_t position) {
  return philox(
      PhiloxBlock{{static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(position >> 32), step, stream}},
      seed);
}

}  // namespace athanor
