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
  cpu::for_each_lanes(count, [&](std::int64_t i, auto lanes) {
    const Vec difference = lanes.load(a + i) - lanes.load(b + i);
    sum = multiply_add(difference, difference, sum);
  });
  return sum.sum();
}

void scaled_difference_avx2(const float* a, const float* b, std::int64_t count, float factor, bool accumulate,
                            float* out) {
  const Vec scale = Vec::all(factor);
  cpu::for_each_lanes(count, [&](std::int64_t i, auto lanes) {
    const Vec value = scale * (lanes.load(a + i) - lanes.load(b + i));
    lanes.store(accumulate ? lanes.load(out + i) + value : value, out + i);
  });
}

}  // namespace athanor::kernels
