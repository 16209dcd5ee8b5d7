// Draws over premultiplied pixels in one colour. Pure; any thread. All of it here, as it is called once a pixel.
#pragma once

#include <QRgb>

#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace athanor::widgets {

class Ink {
 public:
  explicit Ink(QRgb colour);  // not premultiplied; its opacity counts
  // `parts` of 256 of the pixel.
  void over(std::uint32_t& pixel, int parts) const;
  void over(std::uint32_t* begin, const std::uint32_t* end) const;

 private:
  std::uint32_t colour_;  // premultiplied
#ifdef __SSE2__
  static __m128i dimmed(__m128i channels, __m128i left);
  __m128i channels_;  // of it, 16 bits each, twice
#else
  static std::uint32_t blend(std::uint32_t above, std::uint32_t below);
#endif
};

#ifdef __SSE2__

inline Ink::Ink(QRgb colour) : colour_(qPremultiply(colour)) {
  const __m128i bytes = _mm_set1_epi32(static_cast<int>(colour_));
  channels_ = _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
}

// Of two pixels, 16 bits a channel: what is left of them below something that lets `left` of 255 through.
inline __m128i Ink::dimmed(__m128i channels, __m128i left) {
  const __m128i product = _mm_add_epi16(_mm_mullo_epi16(channels, left), _mm_set1_epi16(128));
  return _mm_srli_epi16(_mm_add_epi16(product, _mm_srli_epi16(product, 8)), 8);
}

inline void Ink::over(std::uint32_t& pixel, int parts) const {
  const __m128i above = _mm_srli_epi16(_mm_mullo_epi16(channels_, _mm_set1_epi16(static_cast<short>(parts))), 8);
  const __m128i left = _mm_sub_epi16(_mm_set1_epi16(255), _mm_shufflelo_epi16(above, _MM_SHUFFLE(3, 3, 3, 3)));
  const __m128i below = _mm_unpacklo_epi8(_mm_cvtsi32_si128(static_cast<int>(pixel)), _mm_setzero_si128());
  const __m128i sum = _mm_add_epi16(above, dimmed(below, left));
  pixel = static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(sum, sum)));
}

inline void Ink::over(std::uint32_t* begin, const std::uint32_t* end) const {
  if (colour_ >> 24 == 255) {
    for (; begin != end; ++begin) *begin = colour_;
    return;
  }
  const __m128i left = _mm_set1_epi16(static_cast<short>(255 - (colour_ >> 24)));
  for (; end - begin >= 4; begin += 4) {
    const __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const __m128i low = _mm_add_epi16(channels_, dimmed(_mm_unpacklo_epi8(four, _mm_setzero_si128()), left));
    const __m128i high = _mm_add_epi16(channels_, dimmed(_mm_unpackhi_epi8(four, _mm_setzero_si128()), left));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(begin), _mm_packus_epi16(low, high));
  }
  for (; begin != end; ++begin) {
    const __m128i below = _mm_unpacklo_epi8(_mm_cvtsi32_si128(static_cast<int>(*begin)), _mm_setzero_si128());
    const __m128i sum = _mm_add_epi16(channels_, dimmed(below, left));
    *begin = static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(sum, sum)));
  }
}

#else

inline Ink::Ink(QRgb colour) : colour_(qPremultiply(colour)) {}

// Two channels at a time, with room between them.
inline std::uint32_t Ink::blend(std::uint32_t above, std::uint32_t below) {
  constexpr std::uint32_t kOdd = 0xff00ffU;
  const std::uint32_t left = 255 - (above >> 24);
  std::uint32_t odd = (below & kOdd) * left + 0x800080U;
  odd = ((odd + ((odd >> 8) & kOdd)) >> 8) & kOdd;
  std::uint32_t even = ((below >> 8) & kOdd) * left + 0x800080U;
  even = (even + ((even >> 8) & kOdd)) & ~kOdd;
  return above + (odd | even);
}

inline void Ink::over(std::uint32_t& pixel, int parts) const {
  constexpr std::uint32_t kOdd = 0xff00ffU;
  const auto share = static_cast<std::uint32_t>(parts);
  const std::uint32_t odd = (((colour_ & kOdd) * share) >> 8) & kOdd;
  const std::uint32_t even = (((colour_ >> 8) & kOdd) * share) & ~kOdd;
  pixel = blend(odd | even, pixel);
}

inline void Ink::over(std::uint32_t* begin, const std::uint32_t* end) const {
  for (; begin != end; ++begin) *begin = blend(colour_, *begin);
}

#endif

}  // namespace athanor::widgets
