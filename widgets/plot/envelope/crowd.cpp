#include "widgets/plot/envelope/crowd.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace athanor::widgets {
namespace {

constexpr float kParts = Shade::kParts;
constexpr float kOnce = 255 * kParts;

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

#ifdef __SSE2__

inline void Crowd::Sum::take(const Sum& other) {
  auto* mine = reinterpret_cast<__m128i*>(of.data());
  *mine = _mm_add_epi32(*mine, *reinterpret_cast<const __m128i*>(other.of.data()));
}

inline std::uint32_t Crowd::Sum::scaled(float factor) const {
  const __m128 channels = _mm_cvtepi32_ps(*reinterpret_cast<const __m128i*>(of.data()));
  const __m128i words = _mm_cvtps_epi32(_mm_mul_ps(channels, _mm_set1_ps(factor)));
  const __m128i halves = _mm_packs_epi32(words, words);
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(halves, halves)));
}

#else

inline void Crowd::Sum::take(const Sum& other) {
  for (std::size_t k = 0; k < 4; ++k) of[k] += other.of[k];
}

inline std::uint32_t Crowd::Sum::scaled(float factor) const {
  std::uint32_t out = 0;
  for (std::size_t k = 0; k < 4; ++k)
    out |= static_cast<std::uint32_t>(static_cast<float>(of[k]) * factor + 0.5F) << (8 * k);
  return out;
}

#endif

void Crowd::begin(int columns, int height) {
  height_ = height;
  const auto cells = static_cast<std::size_t>(columns) * static_cast<std::size_t>(height + 2);
  if (changes_.size() < cells) changes_.resize(cells);
  if (touched_.size() < static_cast<std::size_t>(columns)) touched_.resize(static_cast<std::size_t>(columns));
  for (Touched& touched : touched_) touched = {height, 0};
}

void Crowd::draw_column(const Tone& tone, Touched touched, Sum* changes, std::uint32_t* pixels) {
  Sum sum;
  for (int row = touched.begin; row < touched.end; ++row) {
    sum.take(changes[row]);
    changes[row] = Sum();
    if (sum.of[3] == 0 || row >= height_) continue;
    const float coverage = static_cast<float>(sum.of[3]) / kOnce;
    float factor = tone.factor(coverage);
    if (factor * coverage > 1) factor = 1 / coverage;  // tones are kept in steps
    pixels[row] = sum.scaled(factor / kParts);
  }
}

void Crowd::draw(const Tone& tone, std::span<std::uint32_t> pixels) {
  const std::size_t columns = pixels.size() / static_cast<std::size_t>(height_);
  for (std::size_t column = 0; column < columns; ++column)
    draw_column(tone, touched_[column], changes_.data() + column * static_cast<std::size_t>(height_ + 2),
                pixels.data() + column * static_cast<std::size_t>(height_));
}

}  // namespace athanor::widgets
