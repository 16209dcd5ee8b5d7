#include "widgets/plot/envelope/crowd.h"

#include <algorithm>
#include <bit>
#include <cmath>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace athanor::widgets {
namespace {

constexpr int kParts = 256;  // of a pixel's height
constexpr float kOnce = 255.0F * kParts;

#ifdef __SSE2__
// What a span adds to the sums at its beginning, of which so many parts go to the row below, and takes at its end.
class Amount {
 public:
  Amount(QRgb colour, int weight) : weight_(weight) {
    const __m128i channels = _mm_cvtsi32_si128(static_cast<int>(colour | 0xff000000U));
    channels_ = _mm_unpacklo_epi16(_mm_unpacklo_epi8(channels, _mm_setzero_si128()), _mm_setzero_si128());
    all_ = times(weight);
  }
  void add(std::int32_t* sums, int below) const {
    const __m128i lower = times(below * weight_ / kParts);
    store(sums, _mm_add_epi32(load(sums), _mm_sub_epi32(all_, lower)));
    store(sums + 4, _mm_add_epi32(load(sums + 4), lower));
  }
  void take(std::int32_t* sums, int below) const {
    const __m128i lower = times(below * weight_ / kParts);
    store(sums, _mm_sub_epi32(load(sums), _mm_sub_epi32(all_, lower)));
    store(sums + 4, _mm_sub_epi32(load(sums + 4), lower));
  }

 private:
  // Both factors fit into 16 bits.
  [[nodiscard]] __m128i times(int parts) const { return _mm_madd_epi16(channels_, _mm_set1_epi32(parts)); }
  static __m128i load(const std::int32_t* sums) { return _mm_load_si128(reinterpret_cast<const __m128i*>(sums)); }
  static void store(std::int32_t* sums, __m128i values) { _mm_store_si128(reinterpret_cast<__m128i*>(sums), values); }

  int weight_;
  __m128i channels_, all_;
};
#else
class Amount {
 public:
  Amount(QRgb colour, int weight) : weight_(weight), channels_{qBlue(colour), qGreen(colour), qRed(colour), 255} {}
  void add(std::int32_t* sums, int below) const { change(sums, below, 1); }
  void take(std::int32_t* sums, int below) const { change(sums, below, -1); }

 private:
  void change(std::int32_t* sums, int below, int sign) const {
    const int lower = below * weight_ / kParts;
    for (std::size_t k = 0; k < 4; ++k) {
      sums[k] += sign * channels_[k] * (weight_ - lower);
      sums[k + 4] += sign * channels_[k] * lower;
    }
  }

  int weight_;
  std::array<int, 4> channels_;
};
#endif

}  // namespace

std::size_t Tone::place(float coverage) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(coverage) >> kShift;
  return bits < kLowest ? 0 : std::min(bits - kLowest, kPlaces - 1);
}

template <typename Opacity>
Tone Tone::of(Opacity opacity) {
  Tone out;
  for (std::uint32_t i = 0; i < kPlaces; ++i) {
    const double coverage = static_cast<double>(std::bit_cast<float>((i + kLowest) << kShift));
    out.factors_[i] = static_cast<float>(std::min(opacity(coverage), 1.0) / coverage);
  }
  return out;
}

Tone Tone::saturating(double single, double most) {
  const double rate = -std::log(1 - single / most);
  return of([=](double coverage) { return most * (1 - std::exp(-coverage * rate)); });
}

Tone Tone::by_ratio(double single, double count) {
  const double half = std::log(std::max(count / 2, 2.0));
  return of([=](double coverage) {
    return coverage <= 1 ? coverage * single : single + (1 - single) * std::log(coverage) / half;
  });
}

void Crowd::begin(int columns, int height) {
  height_ = height;
  const auto cells = static_cast<std::size_t>(columns) * static_cast<std::size_t>(height + 2);
  if (changes_.size() < cells) changes_.resize(cells);
  if (touched_.size() < static_cast<std::size_t>(columns)) touched_.resize(static_cast<std::size_t>(columns));
  for (Touched& touched : touched_) touched = {height, 0};
}

void Crowd::add(int column, float top, float bottom, QRgb colour, float weight) {
  const auto limit = static_cast<float>(height_);
  top = std::clamp(top, 0.0F, limit);
  bottom = std::clamp(bottom, 0.0F, limit);
  if (!(top < bottom)) return;
  const int begin = static_cast<int>(top * kParts + 0.5F);
  const int end = static_cast<int>(bottom * kParts + 0.5F);
  Sum* changes = changes_.data() + static_cast<std::size_t>(column) * static_cast<std::size_t>(height_ + 2);
  const Amount amount(colour, static_cast<int>(kParts * weight));
  amount.add(changes[begin / kParts].of.data(), begin % kParts);
  amount.take(changes[end / kParts].of.data(), end % kParts);
  Touched& touched = touched_[static_cast<std::size_t>(column)];
  touched.begin = std::min(touched.begin, begin / kParts);
  touched.end = std::max(touched.end, end / kParts + 2);
}

void Crowd::draw_column(const Tone& tone, Touched touched, Sum* changes, std::uint32_t* pixels) {
  Sum sum;
  for (int row = touched.begin; row < touched.end; ++row) {
    for (std::size_t k = 0; k < 4; ++k) sum.of[k] += changes[row].of[k];
    changes[row] = Sum();
    if (sum.of[3] == 0 || row >= height_) continue;
    const float coverage = static_cast<float>(sum.of[3]) / kOnce;
    float factor = tone.factor(coverage);
    if (factor * coverage > 1) factor = 1 / coverage;  // tones are kept in steps
    std::uint32_t above = 0;
    for (std::size_t k = 0; k < 4; ++k)
      above |= static_cast<std::uint32_t>(static_cast<float>(sum.of[k]) * (factor / kParts) + 0.5F) << (8 * k);
    pixels[row] = above;
  }
}

void Crowd::draw(const Tone& tone, std::span<std::uint32_t> pixels) {
  const std::size_t columns = pixels.size() / static_cast<std::size_t>(height_);
  for (std::size_t column = 0; column < columns; ++column)
    draw_column(tone, touched_[column], changes_.data() + column * static_cast<std::size_t>(height_ + 2),
                pixels.data() + column * static_cast<std::size_t>(height_));
}

}  // namespace athanor::widgets
