#include "kernels/ops/quant/quantize_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::for_each_lanes;
using cpu::for_each_vec;
using cpu::Vec;

constexpr float kInfinity = __builtin_inff();

// Lanes that are neither NaN nor infinite.
Vec finite(Vec x) { return cpu::less(cpu::absolute(x), Vec::all(kInfinity)); }
int lanes(Vec mask) { return _mm256_movemask_ps(mask.v); }
int count_lanes(int mask) { return __builtin_popcount(static_cast<unsigned>(mask)); }
Vec both(Vec a, Vec b) { return {_mm256_and_ps(a.v, b.v)}; }
Vec differs_from_zero(Vec x) { return {_mm256_cmp_ps(x.v, _mm256_setzero_ps(), _CMP_NEQ_OQ)}; }
Vec is_zero(Vec x) { return {_mm256_cmp_ps(x.v, _mm256_setzero_ps(), _CMP_EQ_OQ)}; }

struct Doubles {
  __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();

  void add_square(__m256d a, __m256d b) {
    low = _mm256_fmadd_pd(a, a, low);
    high = _mm256_fmadd_pd(b, b, high);
  }
  [[nodiscard]] double sum() const {
    const __m256d both_halves = _mm256_add_pd(low, high);
    double at[4];
    _mm256_storeu_pd(at, both_halves);
    return (at[0] + at[1]) + (at[2] + at[3]);
  }
};

__m256d low_doubles(Vec x) { return _mm256_cvtps_pd(_mm256_castps256_ps128(x.v)); }
__m256d high_doubles(Vec x) { return _mm256_cvtps_pd(_mm256_extractf128_ps(x.v, 1)); }

__m256i whole_numbers(Vec scaled, float limit) {
  const Vec ordered{_mm256_cmp_ps(scaled.v, scaled.v, _CMP_ORD_Q)};
  const Vec held = cpu::minimum(cpu::maximum(both(scaled, ordered), Vec::all(-limit)), Vec::all(limit));
  return _mm256_cvtps_epi32(held.v);
}

}  // namespace

float finite_amax_avx2(const float* x, std::int64_t count) {
  Vec most = Vec::zero();
  for_each_lanes(count, [&](std::int64_t i, auto lanes) {
    const Vec value = lanes.load(x + i);
    most = cpu::maximum(most, cpu::absolute(both(value, finite(value))));
  });
  return most.maximum();
}

void divide_avx2(const float* x, float scale, std::int64_t count, float* scaled) {
  const Vec divisor = Vec::all(scale);
  for_each_lanes(count, [&](std::int64_t i, auto lanes) { lanes.store(lanes.load(x + i) / divisor, scaled + i); });
}

void multiply_avx2(const float* x, float scale, std::int64_t count, float* y) {
  const Vec factor = Vec::all(scale);
  for_each_lanes(count, [&](std::int64_t i, auto lanes) { lanes.store(lanes.load(x + i) * factor, y + i); });
}

void round_to_int8_avx2(const float* scaled, float limit, std::int64_t count, std::int8_t* codes, float* whole) {
  for_each_vec(
      count,
      [&](std::int64_t i) {
        const __m256i numbers = whole_numbers(Vec::load(scaled + i), limit);
        Vec{_mm256_cvtepi32_ps(numbers)}.store(whole + i);
        const __m256i halves = _mm256_permute4x64_epi64(_mm256_packs_epi32(numbers, numbers), 0b1000);
        const __m128i eight = _mm256_castsi256_si128(halves);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(codes + i), _mm_packs_epi16(eight, eight));
      },
      [&](std::int64_t i, std::int64_t rest) {
        alignas(32) std::int32_t numbers[Vec::kWidth];
        _mm256_store_si256(reinterpret_cast<__m256i*>(numbers),
                           whole_numbers(Vec::load_first(scaled + i, rest), limit));
        for (std::int64_t lane = 0; lane < rest; ++lane) {
          codes[i + lane] = static_cast<std::int8_t>(numbers[lane]);
          whole[i + lane] = static_cast<float>(numbers[lane]);
        }
      });
}

void widen_int8_avx2(const std::int8_t* codes, std::int64_t count, float* whole) {
  for_each_vec(
      count,
      [&](std::int64_t i) {
        const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes + i));
        Vec{_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight))}.store(whole + i);
      },
      [&](std::int64_t i, std::int64_t rest) {
        for (std::int64_t lane = 0; lane < rest; ++lane) whole[i + lane] = static_cast<float>(codes[i + lane]);
      });
}

void tally_avx2(const QuantizedRun& run, QuantizeTally& tally) {
  Doubles squares, errors;
  Vec most = Vec::zero();
  std::int64_t nonzero = 0, underflowed = 0, saturated = 0, finite_count = 0;
  const auto see = [&](Vec x, Vec scaled, Vec code, int valid) {
    const Vec counts = finite(x);
    const Vec held = both(x, counts), back = both(code, counts) * Vec::all(run.scale);
    squares.add_square(low_doubles(held), high_doubles(held));
    errors.add_square(_mm256_sub_pd(low_doubles(held), low_doubles(back)),
                      _mm256_sub_pd(high_doubles(held), high_doubles(back)));
    most = cpu::maximum(most, cpu::absolute(held));
    const Vec present = differs_from_zero(held);
    nonzero += count_lanes(lanes(present) & valid);
    underflowed += count_lanes(lanes(both(present, is_zero(code))) & valid);
    saturated += count_lanes(lanes(both(counts, cpu::less(Vec::all(run.largest), cpu::absolute(scaled)))) & valid);
    finite_count += count_lanes(lanes(counts) & valid);
  };
  for_each_vec(
      run.count,
      [&](std::int64_t i) { see(Vec::load(run.x + i), Vec::load(run.scaled + i), Vec::load(run.codes + i), 255); },
      [&](std::int64_t i, std::int64_t rest) {
        see(Vec::load_first(run.x + i, rest), Vec::load_first(run.scaled + i, rest),
            Vec::load_first(run.codes + i, rest), (1 << rest) - 1);
      });
  const double largest = static_cast<double>(most.maximum());
  tally.amax = tally.amax < largest ? largest : tally.amax;
  tally.squares += squares.sum();
  tally.error_squares += errors.sum();
  tally.nonzero += nonzero;
  tally.underflowed += underflowed;
  tally.saturated += saturated;
  tally.nonfinite += run.count - finite_count;
  tally.elements += run.count;
}

}  // namespace athanor::kernels
