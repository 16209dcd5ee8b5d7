#include "kernels/ops/reduce/reduce_dim_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

constexpr std::int64_t kRun = 2048;  // elements that are added before they join the total
constexpr int kSums = 4;

// True where value takes the place of best: it is larger, or the first NaN.
Vec takes_over(Vec value, Vec best) {
  const __m256 larger = _mm256_cmp_ps(value.v, best.v, _CMP_GT_OQ);
  const __m256 first_nan =
      _mm256_and_ps(_mm256_cmp_ps(value.v, value.v, _CMP_UNORD_Q), _mm256_cmp_ps(best.v, best.v, _CMP_ORD_Q));
  return {_mm256_or_ps(larger, first_nan)};
}

template <class Load>
struct Maximum {
  Vec best, index;

  Maximum(std::int64_t rows, Load load) : best(load(0)), index(Vec::zero()) {
    for (std::int64_t row = 1; row < rows; ++row) {
      const Vec value = load(row), mask = takes_over(value, best);
      best = select(mask, value, best);
      index = select(mask, Vec{_mm256_castsi256_ps(_mm256_set1_epi32(static_cast<int>(row)))}, index);
    }
  }
};

}  // namespace

float row_sum_avx2(const float* x, std::int64_t count) {
  Vec total = Vec::zero();
  for (std::int64_t begin = 0; begin < count; begin += kRun) {
    const std::int64_t end = begin + kRun < count ? begin + kRun : count;
    Vec run[kSums] = {Vec::zero(), Vec::zero(), Vec::zero(), Vec::zero()};
    std::int64_t i = begin;
    for (; i + 8 * kSums <= end; i += 8 * kSums)
      for (int s = 0; s < kSums; ++s) run[s] = run[s] + Vec::load(x + i + 8 * s);
    for (; i + 8 <= end; i += 8) run[0] = run[0] + Vec::load(x + i);
    if (i < end) run[1] = run[1] + Vec::load_first(x + i, end - i);
    total = total + ((run[0] + run[1]) + (run[2] + run[3]));
  }
  return total.sum();
}

void column_max_avx2(const float* x, std::int64_t rows, std::int64_t cols, std::int64_t stride, float* out,
                     std::int32_t* index) {
  cpu::for_each_vec(
      cols,
      [&](std::int64_t i) {
        const Maximum most(rows, [&](std::int64_t row) { return Vec::load(x + row * stride + i); });
        most.best.store(out + i);
        if (index) _mm256_storeu_si256(reinterpret_cast<__m256i*>(index + i), _mm256_castps_si256(most.index.v));
      },
      [&](std::int64_t i, std::int64_t n) {
        const Maximum most(rows, [&](std::int64_t row) { return Vec::load_first(x + row * stride + i, n); });
        most.best.store_first(out + i, n);
        if (index) _mm256_maskstore_epi32(index + i, Vec::mask(n), _mm256_castps_si256(most.index.v));
      });
}

}  // namespace athanor::kernels
