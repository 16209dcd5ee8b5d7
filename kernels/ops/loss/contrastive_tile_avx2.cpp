#include "kernels/ops/loss/contrastive_tile_avx2.h"

#include "kernels/cpu/vec_math.h"

namespace athanor::kernels {

namespace {

using cpu::exponential;
using cpu::for_each_lanes;
using cpu::Vec;

constexpr float kLowest = -__builtin_huge_valf();

inline __m256i load_ids(cpu::WholeLanes, const std::int32_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline __m256i load_ids(cpu::FirstLanes lanes, const std::int32_t* p) {
  return _mm256_maskload_epi32(p, Vec::mask(lanes.n));
}

inline Vec same_ids(__m256i ids, std::int32_t id) {
  return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(ids, _mm256_set1_epi32(id)))};
}

inline bool any(Vec mask) { return _mm256_movemask_ps(mask.v) != 0; }

// log(1 + e) for 0 <= e <= 1, as 2 atanh(e / (2 + e)): the series in t^2 <= 1/9 ends at t^17 (relative error 2e-9).
inline Vec log_one_plus(Vec e) {
  const Vec t = e / (e + Vec::all(2.0f)), u = t * t;
  constexpr float kDivisors[] = {15.0f, 13.0f, 11.0f, 9.0f, 7.0f, 5.0f, 3.0f, 1.0f};
  Vec q = Vec::all(1.0f / 17.0f);
  for (const float divisor : kDivisors) q = multiply_add(q, u, Vec::all(1.0f / divisor));
  return (t + t) * q;
}

inline Vec softplus(Vec x) { return maximum(x, Vec::zero()) + log_one_plus(exponential(Vec::zero() - absolute(x))); }

template <bool kScaled>
void maxima(const ContrastiveTile& tile, float* row_max, float* col_max) {
  for (std::int64_t j = 0; col_max && j < tile.cols; ++j) col_max[j] = kLowest;
  for (std::int64_t i = 0; i < tile.rows; ++i) {
    const float* x = tile.values + i * tile.stride;
    const Vec row_scale = Vec::all(kScaled ? tile.row_scale[i] : 1.0f);
    Vec top = Vec::all(kLowest);
    for_each_lanes(tile.cols, [&](std::int64_t j, auto lanes) {
      const Vec value = lanes.load(x + j);
      top = maximum(top, lanes.keep(kScaled ? row_scale * value : value, kLowest));
      if (!col_max) return;
      const Vec of_column = kScaled ? lanes.load(tile.col_scale + j) * value : value;
      lanes.store(maximum(of_column, lanes.load(col_max + j)), col_max + j);
    });
    if (row_max) row_max[i] = top.maximum();
  }
}

template <bool kScaled>
void row_sums(const ContrastiveTile& tile, const float* row_max, float* row_sum) {
  for (std::int64_t i = 0; i < tile.rows; ++i) {
    const float* x = tile.values + i * tile.stride;
    const Vec row_scale = Vec::all(kScaled ? tile.row_scale[i] : 1.0f), top = Vec::all(row_max[i]);
    Vec sum = Vec::zero();
    for_each_lanes(tile.cols, [&](std::int64_t j, auto lanes) {
      const Vec value = lanes.load(x + j);
      sum = sum + lanes.keep(exponential((kScaled ? row_scale * value : value) - top), 0.0f);
    });
    row_sum[i] = sum.sum();
  }
}

template <bool kScaled>
void column_sums(const ContrastiveTile& tile, const float* col_max, float* col_sum) {
  for (std::int64_t j = 0; j < tile.cols; ++j) col_sum[j] = 0.0f;
  for (std::int64_t i = 0; i < tile.rows; ++i) {
    const float* x = tile.values + i * tile.stride;
    for_each_lanes(tile.cols, [&](std::int64_t j, auto lanes) {
      const Vec value = lanes.load(x + j);
      const Vec of_column = kScaled ? lanes.load(tile.col_scale + j) * value : value;
      lanes.store(lanes.load(col_sum + j) + exponential(of_column - lanes.load(col_max + j)), col_sum + j);
    });
  }
}

// The row's part of the gradient, and the column's, of one vector of products.
struct TwoSides {
  Vec of_row, of_column;
};

template <bool kScaled>
void softmax_gradient(const ContrastiveTile& tile, const SoftmaxTileGradient& g) {
  const Vec factor = Vec::all(g.factor);
  for (std::int64_t i = 0; i < tile.rows; ++i) {
    float* x = tile.values + i * tile.stride;
    const Vec row_lse = Vec::all(g.row_lse[i]), row_scale = Vec::all(kScaled ? tile.row_scale[i] : 1.0f);
    const Vec share = Vec::all(g.factor * g.row_share[i]);
    Vec drow = Vec::zero();
    for_each_lanes(tile.cols, [&](std::int64_t j, auto lanes) {
      const Vec value = lanes.load(x + j), col_scale = kScaled ? lanes.load(tile.col_scale + j) : Vec::all(1.0f);
      TwoSides side{factor * exponential((kScaled ? row_scale * value : value) - row_lse),
                    factor * exponential((kScaled ? col_scale * value : value) - lanes.load(g.col_lse + j))};
      if (tile.row_ids) {
        const Vec target = {_mm256_and_ps(same_ids(load_ids(lanes, tile.col_ids + j), tile.row_ids[i]).v, share.v)};
        side.of_row = side.of_row - target;
        side.of_column = side.of_column - target;
      }
      if constexpr (kScaled) {
        drow = multiply_add(lanes.keep(value, 0.0f), side.of_row, drow);
        float shares[Vec::kWidth];
        (value * side.of_column).store(shares);
        const std::int64_t count = tile.cols - j < Vec::kWidth ? tile.cols - j : Vec::kWidth;
        for (std::int64_t lane = 0; lane < count; ++lane) g.dcol_scale[j + lane] += static_cast<double>(shares[lane]);
        side.of_row = row_scale * side.of_row;
        side.of_column = col_scale * side.of_column;
      }
      lanes.store(side.of_row + side.of_column, x + j);
    });
    if constexpr (kScaled) g.drow_scale[i] += static_cast<double>(drow.sum());
  }
}

// All ones in the lanes whose pair belongs together.
template <class Lanes>
inline Vec positives(const ContrastiveTile& tile, std::int64_t i, std::int64_t j, Lanes lanes) {
  if (!tile.row_ids) return Vec::zero();
  return same_ids(load_ids(lanes, tile.col_ids + j), tile.row_ids[i]);
}

inline Vec negate_where(Vec mask, Vec x) { return {_mm256_xor_ps(x.v, _mm256_and_ps(mask.v, _mm256_set1_ps(-0.0f)))}; }

}  // namespace

void contrastive_tile_maxima_avx2(const ContrastiveTile& tile, float* row_max, float* col_max) {
  tile.row_scale ? maxima<true>(tile, row_max, col_max) : maxima<false>(tile, row_max, col_max);
}

void contrastive_tile_sums_avx2(const ContrastiveTile& tile, const float* row_max, const float* col_max, float* row_sum,
                                float* col_sum) {
  if (row_max) tile.row_scale ? row_sums<true>(tile, row_max, row_sum) : row_sums<false>(tile, row_max, row_sum);
  if (col_max) tile.row_scale ? column_sums<true>(tile, col_max, col_sum) : column_sums<false>(tile, col_max, col_sum);
}

void contrastive_tile_positives_avx2(const ContrastiveTile& tile, double* row_sum, double* col_sum) {
  for (std::int64_t i = 0; i < tile.rows; ++i)
    for_each_lanes(tile.cols, [&](std::int64_t j, auto lanes) {
      if (!any(lanes.keep(positives(tile, i, j, lanes), 0.0f))) return;
      const std::int64_t count = tile.cols - j < Vec::kWidth ? tile.cols - j : Vec::kWidth;
      for (std::int64_t lane = 0; lane < count; ++lane) {
        if (tile.row_ids[i] != tile.col_ids[j + lane]) continue;
        const auto value = static_cast<double>(tile.values[i * tile.stride + j + lane]);
        if (row_sum) row_sum[i] += value;
        if (col_sum) col_sum[j + lane] += value;
      }
    });
}

void softmax_tile_gradient_avx2(const ContrastiveTile& tile, const SoftmaxTileGradient& gradient) {
  tile.row_scale ? softmax_gradient<true>(tile, gradient) : softmax_gradient<false>(tile, gradient);
}

void sigmoid_tile_loss_avx2(const ContrastiveTile& tile, float bias, double* row_sum) {
  const Vec shift = Vec::all(bias);
  for (std::int64_t i = 0; i < tile.rows; ++i) {
    Vec sum = Vec::zero();
    for_each_lanes(tile.cols, [&](std::int64_t j, auto lanes) {
      const Vec logit = lanes.load(tile.values + i * tile.stride + j) + shift;
      sum = sum + lanes.keep(softplus(negate_where(positives(tile, i, j, lanes), logit)), 0.0f);
    });
    row_sum[i] += static_cast<double>(sum.sum());
  }
}

void sigmoid_tile_gradient_avx2(const ContrastiveTile& tile, float bias, float factor, double* row_sum) {
  const Vec shift = Vec::all(bias), scale = Vec::all(factor);
  for (std::int64_t i = 0; i < tile.rows; ++i) {
    float* x = tile.values + i * tile.stride;
    Vec sum = Vec::zero();
    for_each_lanes(tile.cols, [&](std::int64_t j, auto lanes) {
      const Vec positive = positives(tile, i, j, lanes);
      const Vec g = scale * cpu::sigmoid(negate_where(positive, lanes.load(x + j) + shift));
      const Vec signed_gradient = negate_where(positive, g);
      lanes.store(signed_gradient, x + j);
      sum = sum + lanes.keep(signed_gradient, 0.0f);
    });
    if (row_sum) row_sum[i] += static_cast<double>(sum.sum());
  }
}

}  // namespace athanor::kernels
