#include "kernels/base/philox.h"
#include "kernels/ops/optim/adamw_step_avx2.h"
#include "kernels/ops/optim/master_rounding.h"

#include <cstring>

namespace athanor::kernels {

namespace {

using cpu::Vec;

constexpr std::int64_t kChunk = 64, kLanes = 8;

// Eight blocks of Philox at once: lane l has position `first` + l.
struct PhiloxLanes {
  __m256i word[4];
};

// High and low halves of the products of eight 32-bit numbers with one.
struct WideProduct {
  __m256i high, low;
};

inline WideProduct multiply(__m256i a, std::uint32_t b) {
  const __m256i factor = _mm256_set1_epi32(static_cast<int>(b));
  const __m256i even = _mm256_mul_epu32(a, factor), odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), factor);
  return {_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA),
          _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA)};
}

inline PhiloxLanes philox_lanes(std::uint64_t seed, std::uint32_t step, std::uint32_t stream, std::uint64_t first) {
  const auto all = [](std::uint32_t value) { return _mm256_set1_epi32(static_cast<int>(value)); };
  // `first` is a multiple of 8: no carry into the upper half.
  PhiloxLanes c{{_mm256_add_epi32(all(static_cast<std::uint32_t>(first)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)),
                 all(static_cast<std::uint32_t>(first >> 32)), all(step), all(stream)}};
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const WideProduct p0 = multiply(c.word[0], kPhiloxMultiplier0), p1 = multiply(c.word[2], kPhiloxMultiplier1);
    c = {{_mm256_xor_si256(_mm256_xor_si256(p1.high, c.word[1]), all(key0)), p1.low,
          _mm256_xor_si256(_mm256_xor_si256(p0.high, c.word[3]), all(key1)), p0.low}};
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
  return c;
}

// The 16 random bits of the eight elements from 8 k on in a chunk.
inline __m256i noise(const PhiloxLanes& lanes, int k) {
  const __m256i word = lanes.word[k / 2];
  return k % 2 ? _mm256_srli_epi32(word, 16) : _mm256_and_si256(word, _mm256_set1_epi32(0xFFFF));
}

// Eight bf16 as the upper halves of 32-bit words. n < 8 of them lie in memory; the rest are 0.
inline Vec load_bf16(const std::uint16_t* p, std::int64_t n) {
  __m128i packed;
  if (n == kLanes) {
    packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  } else {
    std::uint16_t few[kLanes] = {};
    std::memcpy(few, p, static_cast<std::size_t>(n) * sizeof(std::uint16_t));
    packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(few));
  }
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(packed), 16))};
}

inline void store_bf16(Vec upper_halves, std::uint16_t* p, std::int64_t n) {
  const __m256i words = _mm256_srli_epi32(_mm256_castps_si256(upper_halves.v), 16);
  const __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  if (n == kLanes) return _mm_storeu_si128(reinterpret_cast<__m128i*>(p), packed);
  std::uint16_t few[kLanes];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(few), packed);
  std::memcpy(p, few, static_cast<std::size_t>(n) * sizeof(std::uint16_t));
}

inline Vec cut(__m256i bits) {
  return {_mm256_castsi256_ps(_mm256_and_si256(bits, _mm256_set1_epi32(static_cast<int>(0xFFFF0000u))))};
}

inline Vec round_nearest(Vec x) {
  const __m256i bits = _mm256_castps_si256(x.v);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  return cut(_mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF))));
}

inline Vec round_stochastic(Vec x, __m256i random) { return cut(_mm256_add_epi32(_mm256_castps_si256(x.v), random)); }

inline Vec load_f32(const void* p, std::int64_t at, std::int64_t n) {
  const float* from = static_cast<const float*>(p) + at;
  return n == kLanes ? Vec::load(from) : Vec::load_first(from, n);
}
inline void store_f32(Vec x, void* p, std::int64_t at, std::int64_t n) {
  float* to = static_cast<float*>(p) + at;
  n == kLanes ? x.store(to) : x.store_first(to, n);
}

// The random numbers of a chunk.
struct ChunkNoise {
  PhiloxLanes param, m, v;
};

template <bool kNarrowParam, MasterRounding kRounding, bool kNarrowMoments>
class Narrow {
 public:
  Narrow(const AdamWFactors& factors, const NarrowRun& run) : step_(factors), run_(run) {}

  UpdateCount operator()() const {
    UpdateCount count{};
    for (std::int64_t begin = run_.first; begin < run_.first + run_.numel; begin += kChunk) {
      const ChunkNoise random = draw(static_cast<std::uint64_t>(begin / kChunk * kLanes));
      for (int k = 0; k < kLanes; ++k) {
        const std::int64_t at = begin + k * kLanes, rest = run_.first + run_.numel - at;
        if (rest <= 0) break;
        update(at, rest < kLanes ? rest : kLanes, random, k, count);
      }
    }
    return count;
  }

 private:
  static std::uint16_t* halves(void* p, std::int64_t at) { return static_cast<std::uint16_t*>(p) + at; }

  [[nodiscard]] ChunkNoise draw(std::uint64_t position) const {
    const auto at = [&](std::uint64_t p) { return philox_lanes(run_.seed, run_.step, run_.stream, p); };
    ChunkNoise random{};
    if constexpr (kNarrowParam && kRounding == MasterRounding::stochastic) random.param = at(position);
    if constexpr (kNarrowMoments) {
      random.m = at(position + kMomentPosition);
      random.v = at(position + kSquarePosition);
    }
    return random;
  }

  [[nodiscard]] Vec load_moment(void* p, std::int64_t at, std::int64_t n) const {
    if constexpr (kNarrowMoments) return load_bf16(halves(p, at), n);
    return load_f32(p, at, n);
  }
  void store_moment(Vec x, const PhiloxLanes& random, int k, void* p, std::int64_t at, std::int64_t n) const {
    if constexpr (kNarrowMoments)
      store_bf16(round_stochastic(x, noise(random, k)), halves(p, at), n);
    else
      store_f32(x, p, at, n);
  }

  [[nodiscard]] Vec load_param(std::int64_t at, std::int64_t n) const {
    if constexpr (!kNarrowParam) return load_f32(run_.param, at, n);
    const Vec value = load_bf16(halves(run_.param, at), n);
    if constexpr (kRounding == MasterRounding::compensated) return value + load_bf16(run_.compensation + at, n);
    return value;
  }
  // What the value is once stored.
  Vec store_param(Vec x, const ChunkNoise& random, int k, std::int64_t at, std::int64_t n) const {
    if constexpr (!kNarrowParam) {
      store_f32(x, run_.param, at, n);
      return x;
    } else if constexpr (kRounding == MasterRounding::compensated) {
      const Vec value = round_nearest(x), rest = round_nearest(x - value);
      store_bf16(value, halves(run_.param, at), n);
      store_bf16(rest, run_.compensation + at, n);
      return value + rest;
    } else {
      const Vec value =
          kRounding == MasterRounding::nearest ? round_nearest(x) : round_stochastic(x, noise(random.param, k));
      store_bf16(value, halves(run_.param, at), n);
      return value;
    }
  }

  void update(std::int64_t at, std::int64_t n, const ChunkNoise& random, int k, UpdateCount& count) const {
    const Vec before = load_param(at, n);
    AdamWState s{before, load_moment(run_.m, at, n), load_moment(run_.v, at, n)};
    step_(load_f32(run_.grad, at, n), s);
    store_moment(s.m, random.m, k, run_.m, at, n);
    store_moment(s.v, random.v, k, run_.v, at, n);
    const Vec after = store_param(s.param, random, k, at, n);
    // Lanes beyond the end hold m = 0.
    count_lanes(nonzero_lanes(s.m), differing_lanes(after, before), count);
  }

  AdamWStep step_;
  const NarrowRun& run_;
};

template <bool kNarrowMoments>
UpdateCount narrow_param(const AdamWFactors& factors, const NarrowRun& run) {
  switch (static_cast<MasterRounding>(run.rounding)) {
    case MasterRounding::nearest: return Narrow<true, MasterRounding::nearest, kNarrowMoments>(factors, run)();
    case MasterRounding::stochastic: return Narrow<true, MasterRounding::stochastic, kNarrowMoments>(factors, run)();
    case MasterRounding::compensated: break;
  }
  return Narrow<true, MasterRounding::compensated, kNarrowMoments>(factors, run)();
}

}  // namespace

UpdateCount adamw_narrow_avx2(const AdamWFactors& factors, const NarrowRun& run) {
  if (!run.narrow_param) return Narrow<false, MasterRounding::nearest, true>(factors, run)();
  return run.narrow_moments ? narrow_param<true>(factors, run) : narrow_param<false>(factors, run);
}

}  // namespace athanor::kernels
