#include "kernels/ops/conv/winograd_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

alignas(32) constexpr float kZeros[kWinogradMaxChannels] = {};

struct Four {
  Vec v[4];
};

// B^T applied to a column of four.
Four input_transform(Vec a, Vec b, Vec c, Vec d) { return {{a - c, b + c, c - b, b - d}}; }
// A applied to a column of two.
Four gradient_transform(Vec a, Vec b) { return {{a, a + b, a - b, Vec::zero() - b}}; }
// G applied to a column of three.
Four weight_transform(Vec a, Vec b, Vec c) {
  const Vec half = Vec::all(0.5f), outer = half * (a + c), inner = half * b;
  return {{a, outer + inner, outer - inner, c}};
}

struct Two {
  Vec v[2];
};

// A^T applied to a column of four.
Two output_transform(Vec a, Vec b, Vec c, Vec d) { return {{a + b + c, b - c - d}}; }

struct Three {
  Vec v[3];
};

// G^T applied to a column of four.
Three weight_gradient_transform(Vec a, Vec b, Vec c, Vec d) {
  const Vec half = Vec::all(0.5f), sum = half * (b + c), difference = half * (b - c);
  return {{a + sum, difference, sum + d}};
}

// Calls visit(tile index, row of its first output, column of its first output).
template <class Visit>
void for_each_tile(const WinogradImage& image, Visit&& visit) {
  std::int64_t tile = 0;
  for (std::int64_t row = 0; row < image.height; row += 2)
    for (std::int64_t col = 0; col < image.width; col += 2) visit(tile++, row, col);
}

// Where a pixel begins, or zeros for one beyond the border.
const float* pixel(const WinogradImage& image, const float* x, std::int64_t row, std::int64_t col) {
  const bool inside = row >= 0 && col >= 0 && row < image.height && col < image.width;
  return inside ? x + (row * image.width + col) * image.channels : kZeros;
}

void store_points(const Four (&columns)[4], float* to, std::int64_t point_stride) {
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) columns[j].v[i].store(to + (4 * i + j) * point_stride);
}

}  // namespace

void winograd_input_tiles_avx2(const WinogradImage& image, const float* x, float* tiles, std::int64_t point_stride) {
  for_each_tile(image, [&](std::int64_t tile, std::int64_t row, std::int64_t col) {
    const float* d[4][4];
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) d[i][j] = pixel(image, x, row - 1 + i, col - 1 + j);
    float* to = tiles + tile * image.channels;
    for (std::int64_t c = 0; c < image.channels; c += 8) {
      Four rows[4];
      for (int i = 0; i < 4; ++i)
        rows[i] = input_transform(Vec::load(d[i][0] + c), Vec::load(d[i][1] + c), Vec::load(d[i][2] + c),
                                  Vec::load(d[i][3] + c));
      Four columns[4];
      for (int j = 0; j < 4; ++j) columns[j] = input_transform(rows[0].v[j], rows[1].v[j], rows[2].v[j], rows[3].v[j]);
      store_points(columns, to + c, point_stride);
    }
  });
}

void winograd_output_tiles_avx2(const WinogradImage& image, const float* tiles, std::int64_t point_stride,
                                const float* bias, float* y) {
  float beyond[kWinogradMaxChannels];
  for_each_tile(image, [&](std::int64_t tile, std::int64_t row, std::int64_t col) {
    float* to[2][2];
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j)
        to[i][j] = row + i < image.height && col + j < image.width
                       ? y + ((row + i) * image.width + col + j) * image.channels
                       : beyond;
    const float* from = tiles + tile * image.channels;
    for (std::int64_t c = 0; c < image.channels; c += 8) {
      const auto point = [&](int i, int j) { return Vec::load(from + (4 * i + j) * point_stride + c); };
      Two columns[4];
      for (int j = 0; j < 4; ++j) columns[j] = output_transform(point(0, j), point(1, j), point(2, j), point(3, j));
      const Vec shift = bias ? Vec::load(bias + c) : Vec::zero();
      for (int i = 0; i < 2; ++i) {
        const Two out = output_transform(columns[0].v[i], columns[1].v[i], columns[2].v[i], columns[3].v[i]);
        (out.v[0] + shift).store(to[i][0] + c);
        (out.v[1] + shift).store(to[i][1] + c);
      }
    }
  });
}

void winograd_gradient_tiles_avx2(const WinogradImage& image, const float* dy, float* tiles,
                                  std::int64_t point_stride) {
  for_each_tile(image, [&](std::int64_t tile, std::int64_t row, std::int64_t col) {
    const float *a = pixel(image, dy, row, col), *b = pixel(image, dy, row, col + 1);
    const float *c = pixel(image, dy, row + 1, col), *d = pixel(image, dy, row + 1, col + 1);
    float* to = tiles + tile * image.channels;
    for (std::int64_t k = 0; k < image.channels; k += 8) {
      const Four upper = gradient_transform(Vec::load(a + k), Vec::load(b + k));
      const Four lower = gradient_transform(Vec::load(c + k), Vec::load(d + k));
      Four columns[4];
      for (int j = 0; j < 4; ++j) columns[j] = gradient_transform(upper.v[j], lower.v[j]);
      store_points(columns, to + k, point_stride);
    }
  });
}

void winograd_weights_avx2(std::int64_t first, std::int64_t last, std::int64_t outputs, std::int64_t inputs,
                           bool turned, const float* w, float* u) {
  const std::int64_t point_stride = outputs * inputs;
  for (std::int64_t o = first; o < last; ++o)
    for (std::int64_t i = 0; i < inputs; i += 8) {
      const float* window = w + o * 9 * inputs + i;
      const auto weight = [&](int position) { return Vec::load(window + (turned ? 8 - position : position) * inputs); };
      Four rows[3];
      for (int r = 0; r < 3; ++r) rows[r] = weight_transform(weight(3 * r), weight(3 * r + 1), weight(3 * r + 2));
      Four columns[4];
      for (int j = 0; j < 4; ++j) columns[j] = weight_transform(rows[0].v[j], rows[1].v[j], rows[2].v[j]);
      store_points(columns, u + o * inputs + i, point_stride);
    }
}

void winograd_weight_gradient_avx2(std::int64_t outputs, std::int64_t inputs, const float* du, float* dw) {
  const std::int64_t point_stride = outputs * inputs;
  for (std::int64_t o = 0; o < outputs; ++o)
    for (std::int64_t i = 0; i < inputs; i += 8) {
      const float* from = du + o * inputs + i;
      const auto point = [&](int r, int j) { return Vec::load(from + (4 * r + j) * point_stride); };
      Three columns[4];
      for (int j = 0; j < 4; ++j)
        columns[j] = weight_gradient_transform(point(0, j), point(1, j), point(2, j), point(3, j));
      for (int r = 0; r < 3; ++r) {
        const Three row = weight_gradient_transform(columns[0].v[r], columns[1].v[r], columns[2].v[r], columns[3].v[r]);
        for (int j = 0; j < 3; ++j) row.v[j].store(dw + (o * 9 + 3 * r + j) * inputs + i);
      }
    }
}

}  // namespace athanor::kernels
