// Matrix products whose operands fit in the first cache: attention of short sequences, logits of one batch. No packing;
// either operand of the left side may be a transpose, by its strides. Include only in *_avx2.cpp.
#pragma once

#include "kernels/cpu/vec.h"

namespace athanor::kernels::cpu {
namespace {

// c[m,n] = a[m,k] b[k,n]; a[row,k] lies at a + row * a_row + k * a_k, b and c have contiguous rows. c is overwritten.
struct SmallGemm {
  std::int64_t m, n, k;
  const float* a;
  std::int64_t a_row, a_k;
  const float* b;
  std::int64_t b_row;
  float* c;
  std::int64_t c_row;
};

template <int kRows, int kVectors>
inline void small_gemm_tile(const SmallGemm& g, std::int64_t row, std::int64_t col) {
  Vec sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) sum[r][v] = Vec::zero();
  const float *a = g.a + row * g.a_row, *b = g.b + col;
  for (std::int64_t k = 0; k < g.k; ++k, a += g.a_k, b += g.b_row) {
    Vec right[kVectors];
    for (int v = 0; v < kVectors; ++v) right[v] = Vec::load(b + 8 * v);
    for (int r = 0; r < kRows; ++r) {
      const Vec left = Vec::all(a[r * g.a_row]);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = multiply_add(left, right[v], sum[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) sum[r][v].store(g.c + (row + r) * g.c_row + col + 8 * v);
}

template <int kRows>
inline void small_gemm_tail(const SmallGemm& g, std::int64_t row, std::int64_t col) {
  const std::int64_t rest = g.n - col;
  Vec sum[kRows];
  for (int r = 0; r < kRows; ++r) sum[r] = Vec::zero();
  for (std::int64_t k = 0; k < g.k; ++k) {
    const Vec right = Vec::load_first(g.b + k * g.b_row + col, rest);
    for (int r = 0; r < kRows; ++r)
      sum[r] = multiply_add(Vec::all(g.a[(row + r) * g.a_row + k * g.a_k]), right, sum[r]);
  }
  for (int r = 0; r < kRows; ++r) sum[r].store_first(g.c + (row + r) * g.c_row + col, rest);
}

template <int kRows>
inline void small_gemm_rows(const SmallGemm& g, std::int64_t row) {
  std::int64_t col = 0;
  for (; col + 16 <= g.n; col += 16) small_gemm_tile<kRows, 2>(g, row, col);
  for (; col + 8 <= g.n; col += 8) small_gemm_tile<kRows, 1>(g, row, col);
  if (col < g.n) small_gemm_tail<kRows>(g, row, col);
}

inline void small_gemm(const SmallGemm& g) {
  std::int64_t row = 0;
  for (; row + 6 <= g.m; row += 6) small_gemm_rows<6>(g, row);
  for (; row + 2 <= g.m; row += 2) small_gemm_rows<2>(g, row);
  if (row < g.m) small_gemm_rows<1>(g, row);
}

}  // namespace
}  // namespace athanor::kernels::cpu
