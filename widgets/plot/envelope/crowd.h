// Sums up how often each pixel of a tile is covered and in which colours, in whole numbers, so that what is not covered
// is exactly 0; and turns sums into pixels by a tone. A span costs the same however high it is. Any thread, one at a
// time; allocates only when a tile is larger than any before. What is called once a span stands here.
#pragma once

#include <QRgb>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace athanor::widgets {

// From how often a pixel is covered to how opaque it is: never less for more.
class Tone {
 public:
  // Calm: `single` where one covers it, and never above `most`.
  static Tone saturating(double single, double most);
  // For crowds of up to `count`: `single` where one does, and opaque where half of them do, by equal ratios.
  static Tone by_ratio(double single, double count);

  // Opacity a coverage.
  [[nodiscard]] float factor(float coverage) const { return factors_[place(coverage)]; }

 private:
  // Places are as far apart as the exponent and the first six bits of the mantissa say.
  static constexpr std::uint32_t kShift = 17, kLowest = 0x3b800000 >> kShift;  // from 1/256
  static constexpr std::uint32_t kPlaces = (0x47800000 >> kShift) - kLowest;   // to 65536
  static std::size_t place(float coverage);
  template <typename Opacity>
  static Tone of(Opacity opacity);

  std::array<float, kPlaces> factors_{};
};

// What covering a pixel once adds to the sums: its colour, in so many parts of a pixel's height.
class Shade {
 public:
  static constexpr unsigned kParts = 256;
  explicit Shade(QRgb colour) : Shade(colour, kParts) {}
  // `share` of it, a power of 2 below 1.
  [[nodiscard]] Shade part(float share) const;

 private:
  friend class Crowd;
  Shade(QRgb colour, unsigned weight);
  // To the sums of a pixel, and to those below of which so many parts are covered less.
  void add(std::int32_t* sums, unsigned below) const;
  void take(std::int32_t* sums, unsigned below) const;

  QRgb colour_;
  unsigned weight_;
#ifdef __SSE2__
  [[nodiscard]] __m128i times(unsigned parts) const;
  __m128i channels_, all_;
#else
  void change(std::int32_t* sums, unsigned below, int sign) const;
  std::array<int, 4> channels_;
#endif
};

class Crowd {
 public:
  // All pixels uncovered.
  void begin(int columns, int height);
  // Rows [top, bottom) of a column, with parts of pixels at the ends.
  void add(int column, float top, float bottom, const Shade& shade);
  // Into premultiplied pixels on which nothing was drawn yet, column by column from the top; afterwards all is
  // uncovered again.
  void draw(const Tone& tone, std::span<std::uint32_t> pixels);

 private:
  struct alignas(16) Sum {  // as in a QRgb: blue, green, red, coverage
    void take(const Sum& other);
    [[nodiscard]] std::uint32_t scaled(float factor) const;  // to a pixel

    std::array<std::int32_t, 4> of{};
  };
  struct Touched {
    int begin = 0, end = 0;
  };
  void draw_column(const Tone& tone, Touched touched, Sum* changes, std::uint32_t* pixels);

  int height_ = 0;
  std::vector<Sum> changes_;  // from row to row, column by column, two rows more than pixels
  std::vector<Touched> touched_;
};

inline Shade Shade::part(float share) const { return {colour_, static_cast<unsigned>(kParts * share)}; }

#ifdef __SSE2__

inline Shade::Shade(QRgb colour, unsigned weight) : colour_(colour | 0xff000000U), weight_(weight) {
  const __m128i bytes = _mm_unpacklo_epi8(_mm_cvtsi32_si128(static_cast<int>(colour_)), _mm_setzero_si128());
  channels_ = _mm_unpacklo_epi16(bytes, _mm_setzero_si128());
  all_ = times(weight);
}

// Both factors fit into 16 bits.
inline __m128i Shade::times(unsigned parts) const {
  return _mm_madd_epi16(channels_, _mm_set1_epi32(static_cast<int>(parts)));
}

inline void Shade::add(std::int32_t* sums, unsigned below) const {
  auto* both = reinterpret_cast<__m128i*>(sums);
  const __m128i lower = times(below * weight_ / kParts);
  both[0] = _mm_add_epi32(both[0], _mm_sub_epi32(all_, lower));
  both[1] = _mm_add_epi32(both[1], lower);
}

inline void Shade::take(std::int32_t* sums, unsigned below) const {
  auto* both = reinterpret_cast<__m128i*>(sums);
  const __m128i lower = times(below * weight_ / kParts);
  both[0] = _mm_sub_epi32(both[0], _mm_sub_epi32(all_, lower));
  both[1] = _mm_sub_epi32(both[1], lower);
}

#else

inline Shade::Shade(QRgb colour, unsigned weight)
    : colour_(colour | 0xff000000U), weight_(weight), channels_{qBlue(colour), qGreen(colour), qRed(colour), 255} {}

inline void Shade::change(std::int32_t* sums, unsigned below, int sign) const {
  const int lower = static_cast<int>(below * weight_ / kParts);
  for (std::size_t k = 0; k < 4; ++k) {
    sums[k] += sign * channels_[k] * (static_cast<int>(weight_) - lower);
    sums[k + 4] += sign * channels_[k] * lower;
  }
}

inline void Shade::add(std::int32_t* sums, unsigned below) const { change(sums, below, 1); }
inline void Shade::take(std::int32_t* sums, unsigned below) const { change(sums, below, -1); }

#endif

inline void Crowd::add(int column, float top, float bottom, const Shade& shade) {
  const auto limit = static_cast<float>(height_);
  top = std::clamp(top, 0.0F, limit);
  bottom = std::clamp(bottom, 0.0F, limit);
  if (!(top < bottom)) return;
  const auto begin = static_cast<unsigned>(static_cast<int>(top * Shade::kParts + 0.5F));
  const auto end = static_cast<unsigned>(static_cast<int>(bottom * Shade::kParts + 0.5F));
  Sum* changes = changes_.data() + static_cast<std::size_t>(column) * static_cast<std::size_t>(height_ + 2);
  shade.add(changes[begin / Shade::kParts].of.data(), begin % Shade::kParts);
  shade.take(changes[end / Shade::kParts].of.data(), end % Shade::kParts);
  Touched& touched = touched_[static_cast<std::size_t>(column)];
  touched.begin = std::min(touched.begin, static_cast<int>(begin / Shade::kParts));
  touched.end = std::max(touched.end, static_cast<int>(end / Shade::kParts) + 2);
}

}  // namespace athanor::widgets
