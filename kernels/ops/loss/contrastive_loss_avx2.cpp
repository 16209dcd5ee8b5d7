#include "kernels/ops/loss/contrastive_loss_avx2.h"

#include "kernels/cpu/vec_math.h"

namespace athanor::kernels {

namespace {

using cpu::exponential;
using cpu::for_each_vec;
using cpu::Vec;

constexpr float kLowest = -__builtin_huge_valf();

// A vector of columns at a time; `load` hides whether it is a whole one.
template <class Load>
void column_sums(std::int64_t rows, Load&& load, float (&out)[Vec::kWidth]) {
  Vec top = Vec::all(kLowest), sum = Vec::zero();
  for (std::int64_t row = 0; row < rows; ++row) top = maximum(top, load(row));
  for (std::int64_t row = 0; row < rows; ++row) sum = sum + exponential(load(row) - top);
  float tops[Vec::kWidth];
  top.store(tops);
  sum.store(out);
  for (std::int64_t lane = 0; lane < Vec::kWidth; ++lane) out[lane] = tops[lane] + __builtin_logf(out[lane]);
}

}  // namespace

float row_log_sum_exp_avx2(const float* row, std::int64_t cols) {
  Vec top = Vec::all(kLowest);
  for_each_vec(
      cols, [&](std::int64_t i) { top = maximum(top, Vec::load(row + i)); },
      [&](std::int64_t i, std::int64_t n) { top = maximum(top, Vec::load_first(row + i, n).keep_first(n, kLowest)); });
  const Vec peak = Vec::all(top.maximum());
  Vec sum = Vec::zero();
  for_each_vec(
      cols, [&](std::int64_t i) { sum = sum + exponential(Vec::load(row + i) - peak); },
      [&](std::int64_t i, std::int64_t n) {
        sum = sum + exponential(Vec::load_first(row + i, n) - peak).keep_first(n, 0.0f);
      });
  return top.maximum() + __builtin_logf(sum.sum());
}

void column_log_sum_exp_avx2(const float* x, std::int64_t rows, std::int64_t cols, std::int64_t stride, float* out) {
  float result[Vec::kWidth];
  const auto copy_out = [&](std::int64_t i, std::int64_t n) {
    for (std::int64_t lane = 0; lane < n; ++lane) out[i + lane] = result[lane];
  };
  for_each_vec(
      cols,
      [&](std::int64_t i) {
        column_sums(
            rows, [&](std::int64_t row) { return Vec::load(x + row * stride + i); }, result);
        copy_out(i, Vec::kWidth);
      },
      [&](std::int64_t i, std::int64_t n) {
        column_sums(
            rows, [&](std::int64_t row) { return Vec::load_first(x + row * stride + i, n); }, result);
        copy_out(i, n);
      });
}

void softmax_mean_row_avx2(float* row, std::int64_t cols, float row_lse, const float* col_lse, float factor) {
  const Vec lse = Vec::all(row_lse), half = Vec::all(0.5f * factor);
  const auto mean = [&](Vec logit, Vec column) {
    return half * (exponential(logit - lse) + exponential(logit - column));
  };
  for_each_vec(
      cols, [&](std::int64_t i) { mean(Vec::load(row + i), Vec::load(col_lse + i)).store(row + i); },
      [&](std::int64_t i, std::int64_t n) {
        mean(Vec::load_first(row + i, n), Vec::load_first(col_lse + i, n)).store_first(row + i, n);
      });
}

}  // namespace athanor::kernels
