// Random numbers for data: each a pure function of (seed, what it is for, which sample, how many were drawn before).
#pragma once

#include "kernels/base/philox.h"

#include <cstdint>

namespace athanor::data {

// Streams never share numbers, with each other or with streams outside this folder.
enum class Purpose : std::uint32_t {
  order = 0xDA7A0001U,
  probe,
  caption,
  geometry,
  colour,
  background,
  blur,
  cutout,
  noise,
  stroke,
};

class SampleRandom {
 public:
  SampleRandom(std::uint64_t seed, Purpose purpose, std::uint64_t sample)
      : seed_(seed), sample_(sample), purpose_(static_cast<std::uint32_t>(purpose)) {}

  std::uint32_t bits() {
    if (used_ == 4) {
      block_ = philox_at(seed_, drawn_++, purpose_, sample_);
      used_ = 0;
    }
    return block_.word[used_++];
  }
  // In [0, 1), 24 bits.
  float unit() { return static_cast<float>(bits() >> 8) * 0x1p-24F; }
  float between(float low, float high) { return low + (high - low) * unit(); }
  float around(float centre, float radius) { return between(centre - radius, centre + radius); }
  // True with this probability; always draws one number.
  bool chance(float probability) { return unit() < probability; }
  // In [0, count).
  std::uint32_t below(std::uint32_t count) { return static_cast<std::uint32_t>((std::uint64_t{bits()} * count) >> 32); }

 private:
  std::uint64_t seed_;
  std::uint64_t sample_;
  std::uint32_t purpose_;
  std::uint32_t drawn_ = 0;
  int used_ = 4;
  PhiloxBlock block_{};
};

}  // namespace athanor::data
