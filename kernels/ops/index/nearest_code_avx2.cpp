#include "kernels/ops/index/nearest_code_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

using cpu::Vec;

std::int64_t nearest_column_avx2(const float* products, const float* squares, std::int64_t cols) {
  constexpr float kFar = __builtin_huge_valf();
  const Vec minus_two = Vec::all(-2.0f);
  Vec least = Vec::all(kFar);
  __m256i where = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  __m256i columns = where;
  const auto take = [&](Vec distance) {
    const Vec nearer = less(distance, least);
    least = select(nearer, distance, least);
    where = _mm256_blendv_epi8(where, columns, _mm256_castps_si256(nearer.v));
    columns = _mm256_add_epi32(columns, _mm256_set1_epi32(8));
  };
  cpu::for_each_vec(
      cols, [&](std::int64_t i) { take(multiply_add(minus_two, Vec::load(products + i), Vec::load(squares + i))); },
      [&](std::int64_t i, std::int64_t n) {
        take(multiply_add(minus_two, Vec::load_first(products + i, n), Vec::load_first(squares + i, n))
                 .keep_first(n, kFar));
      });
  float distances[Vec::kWidth];
  std::int32_t found[Vec::kWidth];
  least.store(distances);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(found), where);
  std::int64_t best = 0;
  for (std::int64_t lane = 1; lane < Vec::kWidth; ++lane)
    if (distances[lane] < distances[best] || (distances[lane] == distances[best] && found[lane] < found[best]))
      best = lane;
  return found[best] < cols ? found[best] : 0;
}

float squared_distance_avx2(const float* a, const float* b, std::int64_t count) {
  Vec sum = Vec::zero();
  const auto add = [&](Vec difference) { sum = multiply_add(difference, difference, sum); };
  cpu::for_each_vec(
      count, [&](std::int64_t i) { add(Vec::load(a + i) - Vec::load(b + i)); },
      [&](std::int64_t i, std::int64_t n) { add(Vec::load_first(a + i, n) - Vec::load_first(b + i, n)); });
  return sum.sum();
}

void scaled_difference_avx2(const float* a, const float* b, std::int64_t count, float factor, bool accumulate,
                            float* out) {
  const Vec scale = Vec::all(factor);
  cpu::for_each_vec(
      count,
      [&](std::int64_t i) {
        const Vec value = scale * (Vec::load(a + i) - Vec::load(b + i));
        (accumulate ? Vec::load(out + i) + value : value).store(out + i);
      },
      [&](std::int64_t i, std::int64_t n) {
        const Vec value = scale * (Vec::load_first(a + i, n) - Vec::load_first(b + i, n));
        (accumulate ? Vec::load_first(out + i, n) + value : value).store_first(out + i, n);
      });
}

}  // namespace athanor::kernels
