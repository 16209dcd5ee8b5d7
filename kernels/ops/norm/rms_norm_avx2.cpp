#include "kernels/ops/norm/rms_norm_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::for_each_vec;
using cpu::Vec;

float mean_square(const float* x, std::int64_t cols) {
  Vec sum = Vec::zero();
  for_each_vec(
      cols,
      [&](std::int64_t i) {
        const Vec value = Vec::load(x + i);
        sum = multiply_add(value, value, sum);
      },
      [&](std::int64_t i, std::int64_t n) {
        const Vec value = Vec::load_first(x + i, n);
        sum = multiply_add(value, value, sum);
      });
  return sum.sum() / static_cast<float>(cols);
}

// Sum of dy gain xhat over the row; adds dy xhat to dgain on the way.
float reduce_row(const float* x, const float* gain, const float* dy, std::int64_t cols, Vec rstd, float* dgain) {
  Vec sum = Vec::zero();
  for_each_vec(
      cols,
      [&](std::int64_t i) {
        const Vec term = Vec::load(dy + i) * (Vec::load(x + i) * rstd);
        sum = gain ? multiply_add(term, Vec::load(gain + i), sum) : sum + term;
        if (dgain) (Vec::load(dgain + i) + term).store(dgain + i);
      },
      [&](std::int64_t i, std::int64_t n) {
        const Vec term = Vec::load_first(dy + i, n) * (Vec::load_first(x + i, n) * rstd);
        sum = gain ? multiply_add(term, Vec::load_first(gain + i, n), sum) : sum + term;
        if (dgain) (Vec::load_first(dgain + i, n) + term).store_first(dgain + i, n);
      });
  return sum.sum();
}

}  // namespace

void rms_norm_rows_avx2(std::int64_t rows, std::int64_t cols, const float* x, const float* gain, float eps, float* y,
                        float* rstd) {
  for (std::int64_t row = 0; row < rows; ++row, x += cols, y += cols) {
    const float scale = 1.0f / __builtin_sqrtf(mean_square(x, cols) + eps);
    if (rstd) rstd[row] = scale;
    const Vec s = Vec::all(scale);
    for_each_vec(
        cols,
        [&](std::int64_t i) {
          const Vec value = Vec::load(x + i) * s;
          (gain ? value * Vec::load(gain + i) : value).store(y + i);
        },
        [&](std::int64_t i, std::int64_t n) {
          const Vec value = Vec::load_first(x + i, n) * s;
          (gain ? value * Vec::load_first(gain + i, n) : value).store_first(y + i, n);
        });
  }
}

void rms_norm_grad_rows_avx2(std::int64_t rows, std::int64_t cols, const float* x, const float* gain, const float* rstd,
                             const float* dy, float* dx, float* dgain) {
  for (std::int64_t i = 0; dgain && i < cols; ++i) dgain[i] = 0.0f;
  for (std::int64_t row = 0; row < rows; ++row, x += cols, dy += cols) {
    const Vec s = Vec::all(rstd[row]);
    const Vec mean = Vec::all(reduce_row(x, gain, dy, cols, s, dgain) / static_cast<float>(cols));
    if (!dx) continue;
    float* out = dx + row * cols;
    for_each_vec(
        cols,
        [&](std::int64_t i) {
          const Vec g = gain ? Vec::load(dy + i) * Vec::load(gain + i) : Vec::load(dy + i);
          (s * negative_multiply_add(Vec::load(x + i) * s, mean, g)).store(out + i);
        },
        [&](std::int64_t i, std::int64_t n) {
          const Vec g = gain ? Vec::load_first(dy + i, n) * Vec::load_first(gain + i, n) : Vec::load_first(dy + i, n);
          (s * negative_multiply_add(Vec::load_first(x + i, n) * s, mean, g)).store_first(out + i, n);
        });
  }
}

}  // namespace athanor::kernels
