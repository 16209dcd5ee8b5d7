// The AVX2 bodies of the tiled contrastive_loss: one tile of s c[i,j], rows x cols, its rows `stride` apart.
#pragma once

#include <cstdint>

namespace athanor::kernels {

struct ContrastiveTile {
  float* values;
  std::int64_t rows, cols, stride;
  const std::int32_t *row_ids, *col_ids;  // null: the tile holds no positives
  const float *row_scale, *col_scale;     // null: 1
};

// What is summed over rows or over columns is left out where the array for it is null.

// row_max[i] = max_j row_scale[i] x[i,j], col_max[j] = max_i col_scale[j] x[i,j].
void contrastive_tile_maxima_avx2(const ContrastiveTile& tile, float* row_max, float* col_max);

// row_sum[i] = sum_j exp(row_scale[i] x[i,j] - row_max[i]), col_sum[j] likewise.
void contrastive_tile_sums_avx2(const ContrastiveTile& tile, const float* row_max, const float* col_max, float* row_sum,
                                float* col_sum);

// row_sum[i] += sum_j T[i,j] x[i,j], col_sum[j] += sum_i T[i,j] x[i,j].
void contrastive_tile_positives_avx2(const ContrastiveTile& tile, double* row_sum, double* col_sum);

struct SoftmaxTileGradient {
  const float *row_lse, *col_lse;
  const float* row_share;           // 1 / the number of positives of row i
  float factor;                     // dloss / 2N
  double *drow_scale, *dcol_scale;  // added to; used only where the tile has scales
};
// x becomes K of contrastive_loss.h.
void softmax_tile_gradient_avx2(const ContrastiveTile& tile, const SoftmaxTileGradient& gradient);

// row_sum[i] += sum_j softplus(-y (x + bias))
void sigmoid_tile_loss_avx2(const ContrastiveTile& tile, float bias, double* row_sum);
// x becomes K = -factor y sigmoid(-y (x + bias)); row_sum[i] += sum_j K.
void sigmoid_tile_gradient_avx2(const ContrastiveTile& tile, float bias, float factor, double* row_sum);

}  // namespace athanor::kernels
