#include "kernels/ops/norm/layer_norm_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::for_each_vec;
using cpu::Vec;

float row_mean(const float* x, std::int64_t cols) {
  Vec sum = Vec::zero();
  for_each_vec(
      cols, [&](std::int64_t i) { sum = sum + Vec::load(x + i); },
      [&](std::int64_t i, std::int64_t n) { sum = sum + Vec::load_first(x + i, n); });
  return sum.sum() / static_cast<float>(cols);
}

// The mean in two parts: what f32 can hold, and the rest. With a large offset the rest is what keeps the row centred.
struct RowStats {
  float mean, rest, variance;
};

// The mean first; then the squares of what is left, and the rest of the mean that rounding left behind.
RowStats row_stats(const float* x, std::int64_t cols) {
  const float first = row_mean(x, cols);
  const Vec centre = Vec::all(first);
  Vec sum = Vec::zero(), squares = Vec::zero();
  const auto add = [&](Vec d) {
    sum = sum + d;
    squares = multiply_add(d, d, squares);
  };
  for_each_vec(
      cols, [&](std::int64_t i) { add(Vec::load(x + i) - centre); },
      [&](std::int64_t i, std::int64_t n) { add((Vec::load_first(x + i, n) - centre).keep_first(n, 0.0f)); });
  const float left = sum.sum() / static_cast<float>(cols);
  const float variance = squares.sum() / static_cast<float>(cols) - left * left;
  return {first, left, variance > 0.0f ? variance : 0.0f};
}

struct RowSums {
  float g = 0.0f, g_xhat = 0.0f;
};

struct RowInputs {
  const float *x, *gain, *dy;
  Vec mean, rstd;

  Vec xhat(std::int64_t i) const { return (Vec::load(x + i) - mean) * rstd; }
  Vec xhat(std::int64_t i, std::int64_t n) const {
    return ((Vec::load_first(x + i, n) - mean) * rstd).keep_first(n, 0.0f);
  }
  Vec g(std::int64_t i) const {
    const Vec value = Vec::load(dy + i);
    return gain ? value * Vec::load(gain + i) : value;
  }
  Vec g(std::int64_t i, std::int64_t n) const {
    const Vec value = Vec::load_first(dy + i, n);
    return gain ? value * Vec::load_first(gain + i, n) : value;
  }
};

// Sums over one row, and what the row adds to the parameter gradients.
RowSums reduce_row(const RowInputs& row, std::int64_t cols, float* dgain, float* dbias) {
  Vec sum = Vec::zero(), sum_xhat = Vec::zero();
  for_each_vec(
      cols,
      [&](std::int64_t i) {
        const Vec xhat = row.xhat(i), g = row.g(i);
        sum = sum + g;
        sum_xhat = multiply_add(g, xhat, sum_xhat);
        const Vec dy = Vec::load(row.dy + i);
        if (dgain) multiply_add(dy, xhat, Vec::load(dgain + i)).store(dgain + i);
        if (dbias) (Vec::load(dbias + i) + dy).store(dbias + i);
      },
      [&](std::int64_t i, std::int64_t n) {
        const Vec xhat = row.xhat(i, n), g = row.g(i, n);
        sum = sum + g;
        sum_xhat = multiply_add(g, xhat, sum_xhat);
        const Vec dy = Vec::load_first(row.dy + i, n);
        if (dgain) multiply_add(dy, xhat, Vec::load_first(dgain + i, n)).store_first(dgain + i, n);
        if (dbias) (Vec::load_first(dbias + i, n) + dy).store_first(dbias + i, n);
      });
  return {sum.sum(), sum_xhat.sum()};
}

void write_row(const RowInputs& row, std::int64_t cols, RowSums sums, float* dx) {
  const Vec mean_g = Vec::all(sums.g / static_cast<float>(cols)),
            mean_g_xhat = Vec::all(sums.g_xhat / static_cast<float>(cols));
  const auto result = [&](Vec g, Vec xhat) { return row.rstd * negative_multiply_add(xhat, mean_g_xhat, g - mean_g); };
  for_each_vec(
      cols, [&](std::int64_t i) { result(row.g(i), row.xhat(i)).store(dx + i); },
      [&](std::int64_t i, std::int64_t n) { result(row.g(i, n), row.xhat(i, n)).store_first(dx + i, n); });
}

void clear(float* p, std::int64_t n) {
  for (std::int64_t i = 0; p && i < n; ++i) p[i] = 0.0f;
}

}  // namespace

void layer_norm_rows_avx2(std::int64_t rows, std::int64_t cols, const float* x, const float* gain, const float* bias,
                          float eps, float* y, float* mean, float* rstd) {
  for (std::int64_t row = 0; row < rows; ++row, x += cols, y += cols) {
    const RowStats stats = row_stats(x, cols);
    const float scale = 1.0f / __builtin_sqrtf(stats.variance + eps);
    if (mean) mean[row] = stats.mean + stats.rest;
    if (rstd) rstd[row] = scale;
    const Vec m = Vec::all(stats.mean), s = Vec::all(scale), shift = Vec::all(-stats.rest * scale);
    for_each_vec(
        cols,
        [&](std::int64_t i) {
          Vec value = multiply_add(Vec::load(x + i) - m, s, shift);
          if (gain) value = value * Vec::load(gain + i);
          if (bias) value = value + Vec::load(bias + i);
          value.store(y + i);
        },
        [&](std::int64_t i, std::int64_t n) {
          Vec value = multiply_add(Vec::load_first(x + i, n) - m, s, shift);
          if (gain) value = value * Vec::load_first(gain + i, n);
          if (bias) value = value + Vec::load_first(bias + i, n);
          value.store_first(y + i, n);
        });
  }
}

void layer_norm_grad_rows_avx2(std::int64_t rows, std::int64_t cols, const float* x, const float* gain,
                               const float* mean, const float* rstd, const float* dy, float* dx, float* dgain,
                               float* dbias) {
  clear(dgain, cols);
  clear(dbias, cols);
  for (std::int64_t row = 0; row < rows; ++row) {
    const RowInputs inputs{x + row * cols, gain, dy + row * cols, Vec::all(mean[row]), Vec::all(rstd[row])};
    const RowSums sums = reduce_row(inputs, cols, dgain, dbias);
    if (dx) write_row(inputs, cols, sums, dx + row * cols);
  }
}

}  // namespace athanor::kernels
