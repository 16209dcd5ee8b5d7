#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/vec.h"

namespace athanor::kernels::cpu {

namespace {

constexpr std::int64_t kRun = 64;

template <int kVectors>
void sum_vectors(const float* x, std::int64_t rows, std::int64_t stride, bool accumulate, float* out) {
  Vec total[kVectors];
  for (int i = 0; i < kVectors; ++i) total[i] = accumulate ? Vec::load(out + 8 * i) : Vec::zero();
  for (std::int64_t begin = 0; begin < rows; begin += kRun) {
    const std::int64_t end = begin + kRun < rows ? begin + kRun : rows;
    Vec run[kVectors];
    for (int i = 0; i < kVectors; ++i) run[i] = Vec::zero();
    for (std::int64_t row = begin; row < end; ++row)
      for (int i = 0; i < kVectors; ++i) run[i] = run[i] + Vec::load(x + row * stride + 8 * i);
    for (int i = 0; i < kVectors; ++i) total[i] = total[i] + run[i];
  }
  for (int i = 0; i < kVectors; ++i) total[i].store(out + 8 * i);
}

void sum_tail(const float* x, std::int64_t rows, std::int64_t cols, std::int64_t stride, bool accumulate, float* out) {
  Vec total = accumulate ? Vec::load_first(out, cols) : Vec::zero();
  for (std::int64_t begin = 0; begin < rows; begin += kRun) {
    const std::int64_t end = begin + kRun < rows ? begin + kRun : rows;
    Vec run = Vec::zero();
    for (std::int64_t row = begin; row < end; ++row) run = run + Vec::load_first(x + row * stride, cols);
    total = total + run;
  }
  total.store_first(out, cols);
}

}  // namespace

void column_sum_avx2(const float* x, std::int64_t rows, std::int64_t cols, std::int64_t stride, bool accumulate,
                     float* out) {
  std::int64_t col = 0;
  for (; col + 32 <= cols; col += 32) sum_vectors<4>(x + col, rows, stride, accumulate, out + col);
  for (; col + 8 <= cols; col += 8) sum_vectors<1>(x + col, rows, stride, accumulate, out + col);
  if (col < cols) sum_tail(x + col, rows, cols - col, stride, accumulate, out + col);
}

}  // namespace athanor::kernels::cpu
