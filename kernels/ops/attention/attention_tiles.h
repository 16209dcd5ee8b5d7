// What attention and its gradient share on AVX2: tiles packed for the product's inner loop, and that product.
// Everything packed lies in panels of 16 columns, zeros where there are none. Include only in *_avx2.cpp.
#pragma once

#include "kernels/cpu/transpose_avx2.h"

namespace athanor::kernels {
namespace {

using cpu::Vec;

constexpr std::int64_t kQueryTile = 64, kKeyTile = 128;
constexpr std::int64_t kPanel = 16;
// Between the rows of a tile of scores; not a power of two, so that a column does not fall on one set of the cache.
constexpr std::int64_t kScoreRow = kKeyTile + kPanel;

constexpr std::int64_t panels(std::int64_t columns) { return (columns + kPanel - 1) / kPanel; }
constexpr std::int64_t padded(std::int64_t columns) { return panels(columns) * kPanel; }

// Panels over rows: panel p is [width][16], element (d, j) = in[16 p + j, d].
inline void pack_transposed(const float* in, std::int64_t row, std::int64_t rows, std::int64_t width, float* out) {
  const std::int64_t whole_width = width / 8 * 8;
  for (std::int64_t first = 0; first < rows; first += 8) {
    float* to = out + first / kPanel * kPanel * width + first % kPanel;
    const bool whole = first + 8 <= rows;
    for (std::int64_t d = 0; whole && d < whole_width; d += 8)
      cpu::transpose_eight(in + first * row + d, row, to + d * kPanel, kPanel);
    for (std::int64_t d = whole ? whole_width : 0; d < width; ++d)
      for (std::int64_t j = 0; j < 8; ++j) to[d * kPanel + j] = first + j < rows ? in[(first + j) * row + d] : 0.0f;
  }
  if ((rows + 7) / 8 % 2 == 0) return;
  float* to = out + rows / kPanel * kPanel * width + 8;
  for (std::int64_t d = 0; d < width; ++d) Vec::zero().store(to + d * kPanel);
}

// Panels over columns: panel p is [rows][16], element (r, j) = in[r, 16 p + j].
inline void pack_rows(const float* in, std::int64_t row, std::int64_t rows, std::int64_t width, float* out) {
  for (std::int64_t col = 0; col < width; col += kPanel, out += rows * kPanel) {
    const std::int64_t rest = width - col;
    for (std::int64_t r = 0; r < rows; ++r) {
      const float* from = in + r * row + col;
      float* to = out + r * kPanel;
      for (std::int64_t j = 0; j < kPanel; j += 8)
        (rest >= j + 8 ? Vec::load(from + j)
         : rest > j    ? Vec::load_first(from + j, rest - j)
                       : Vec::zero())
            .store(to + j);
    }
  }
}

// c[m, 16 * panels] (+)= a[m,k] b[k, 16 * panels]; a[r,i] lies at a + r * a_row + i * a_step, panel p of b at
// b + p * b_panel, rows of 16 after each other.
struct PanelProduct {
  std::int64_t m, panels;
  const float* a;
  std::int64_t a_row, a_step;
  const float* b;
  std::int64_t b_panel;
  float* c;
  std::int64_t c_row;
  bool accumulate;
};

struct Extent {
  std::int64_t begin, end;
};

template <int kRows>
inline void product_tile(const PanelProduct& g, std::int64_t row, std::int64_t panel, Extent k) {
  Vec sum[kRows][2];
  float* c = g.c + row * g.c_row + panel * kPanel;
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < 2; ++v) sum[r][v] = g.accumulate ? Vec::load(c + r * g.c_row + 8 * v) : Vec::zero();
  const float *a = g.a + row * g.a_row + k.begin * g.a_step, *b = g.b + panel * g.b_panel + k.begin * kPanel;
  for (std::int64_t i = k.begin; i < k.end; ++i, a += g.a_step, b += kPanel) {
    const Vec low = Vec::load(b), high = Vec::load(b + 8);
    for (int r = 0; r < kRows; ++r) {
      const Vec left = Vec::all(a[r * g.a_row]);
      sum[r][0] = multiply_add(left, low, sum[r][0]);
      sum[r][1] = multiply_add(left, high, sum[r][1]);
    }
  }
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < 2; ++v) sum[r][v].store(c + r * g.c_row + 8 * v);
}

// `extent(first row, last row, panel)` says which part of k counts for a strip of rows; an empty one leaves c alone.
template <class ExtentOf>
inline void panel_product(const PanelProduct& g, ExtentOf&& extent) {
  for (std::int64_t panel = 0; panel < g.panels; ++panel)
    for (std::int64_t row = 0; row < g.m; row += 6) {
      const std::int64_t rows = g.m - row < 6 ? g.m - row : 6;
      const Extent k = extent(row, row + rows - 1, panel);
      if (k.begin >= k.end) continue;
      switch (rows) {
        case 6: product_tile<6>(g, row, panel, k); break;
        case 5: product_tile<5>(g, row, panel, k); break;
        case 4: product_tile<4>(g, row, panel, k); break;
        case 3: product_tile<3>(g, row, panel, k); break;
        case 2: product_tile<2>(g, row, panel, k); break;
        default: product_tile<1>(g, row, panel, k); break;
      }
    }
}

// out[r] = factor * in[r] for `width` columns of a row.
inline void scale_row(const float* in, std::int64_t width, Vec factor, float* out) {
  cpu::for_each_vec(
      width, [&](std::int64_t i) { (Vec::load(in + i) * factor).store(out + i); },
      [&](std::int64_t i, std::int64_t rest) { (Vec::load_first(in + i, rest) * factor).store_first(out + i, rest); });
}

inline Vec first_lanes(Vec value, std::int64_t rest, float padding) {
  return rest >= 8 ? value : rest <= 0 ? Vec::all(padding) : value.keep_first(rest, padding);
}

// Which part of a tile of keys a query sees: [0, seen_in_tile), at most `keys`.
inline std::int64_t seen_in_tile(std::int64_t seen, std::int64_t first_key, std::int64_t keys) {
  const std::int64_t count = seen - first_key;
  return count < 0 ? 0 : count > keys ? keys : count;
}

}  // namespace
}  // namespace athanor::kernels
