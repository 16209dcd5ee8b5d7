#include "kernels/ops/random/dropout_avx2.h"

#include "kernels/base/philox.h"
#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

constexpr std::int64_t kRun = 32;  // eight Philox blocks of four words

struct Words {
  __m256i low, high;  // of the 64-bit products, lane by lane
};

Words multiply(__m256i x, std::uint32_t factor) {
  const __m256i f = _mm256_set1_epi32(static_cast<int>(factor));
  const __m256i even = _mm256_mul_epu32(x, f), odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), f);
  return {_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA),
          _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA)};
}

struct EightBlocks {
  __m256i word[4];
};

EightBlocks philox_eight(const DropoutRule& rule, std::uint64_t position) {
  alignas(32) std::uint32_t low[8], high[8];
  for (std::uint64_t lane = 0; lane < 8; ++lane) {
    low[lane] = static_cast<std::uint32_t>(position + lane);
    high[lane] = static_cast<std::uint32_t>((position + lane) >> 32);
  }
  __m256i c0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(low));
  __m256i c1 = _mm256_load_si256(reinterpret_cast<const __m256i*>(high));
  __m256i c2 = _mm256_set1_epi32(static_cast<int>(rule.step)), c3 = _mm256_set1_epi32(static_cast<int>(rule.stream));
  std::uint32_t key0 = static_cast<std::uint32_t>(rule.seed), key1 = static_cast<std::uint32_t>(rule.seed >> 32);
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const Words a = multiply(c0, kPhiloxMultiplier0), b = multiply(c2, kPhiloxMultiplier1);
    c0 = _mm256_xor_si256(_mm256_xor_si256(b.high, c1), _mm256_set1_epi32(static_cast<int>(key0)));
    c2 = _mm256_xor_si256(_mm256_xor_si256(a.high, c3), _mm256_set1_epi32(static_cast<int>(key1)));
    c1 = b.low;
    c3 = a.low;
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
  return {{c0, c1, c2, c3}};
}

// From word-of-all-blocks to blocks in order: out[i] holds the words of blocks 2i and 2i + 1.
void in_element_order(const EightBlocks& b, __m256i (&out)[4]) {
  const __m256i a01 = _mm256_unpacklo_epi32(b.word[0], b.word[1]), b01 = _mm256_unpackhi_epi32(b.word[0], b.word[1]);
  const __m256i a23 = _mm256_unpacklo_epi32(b.word[2], b.word[3]), b23 = _mm256_unpackhi_epi32(b.word[2], b.word[3]);
  const __m256i blocks04 = _mm256_unpacklo_epi64(a01, a23), blocks15 = _mm256_unpackhi_epi64(a01, a23);
  const __m256i blocks26 = _mm256_unpacklo_epi64(b01, b23), blocks37 = _mm256_unpackhi_epi64(b01, b23);
  out[0] = _mm256_permute2x128_si256(blocks04, blocks15, 0x20);
  out[1] = _mm256_permute2x128_si256(blocks26, blocks37, 0x20);
  out[2] = _mm256_permute2x128_si256(blocks04, blocks15, 0x31);
  out[3] = _mm256_permute2x128_si256(blocks26, blocks37, 0x31);
}

}  // namespace

void dropout_avx2(const DropoutRule& rule, std::uint64_t first_index, std::int64_t numel, const float* x, float* y) {
  const Vec scale = Vec::all(rule.scale);
  const __m256i threshold = _mm256_set1_epi32(static_cast<int>(rule.threshold));
  for (std::int64_t begin = 0; begin < numel; begin += kRun) {
    __m256i words[4];
    in_element_order(philox_eight(rule, (first_index + static_cast<std::uint64_t>(begin)) / 4), words);
    for (std::int64_t part = 0; part < 4 && begin + 8 * part < numel; ++part) {
      const std::int64_t at = begin + 8 * part, rest = numel - at;
      const __m256i keep = _mm256_cmpeq_epi32(_mm256_max_epu32(words[part], threshold), words[part]);
      const Vec value = rest >= 8 ? Vec::load(x + at) : Vec::load_first(x + at, rest);
      const Vec result = {_mm256_and_ps((value * scale).v, _mm256_castsi256_ps(keep))};
      if (rest >= 8)
        result.store(y + at);
      else
        result.store_first(y + at, rest);
    }
  }
}

}  // namespace athanor::kernels
