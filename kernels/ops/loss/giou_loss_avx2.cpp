#include "kernels/ops/loss/giou_loss_avx2.h"

#include "kernels/cpu/vec.h"
#include "kernels/ops/loss/giou_box.h"

namespace athanor::kernels {

namespace cpu {
namespace {

// Beside less and select of vec.h, what giou_box.h asks of a number.
inline Vec like(Vec, double value) { return Vec::all(static_cast<float>(value)); }

}  // namespace
}  // namespace cpu

namespace {

using cpu::Vec;
using Boxes = GiouBox<Vec>;

__m256 halves(__m256 a, __m256 b, bool upper) {
  return upper ? _mm256_permute2f128_ps(a, b, 0x31) : _mm256_permute2f128_ps(a, b, 0x20);
}

// Eight boxes that lie behind each other.
Boxes load_boxes(const float* p) {
  const __m256 r[4] = {Vec::load(p).v, Vec::load(p + 8).v, Vec::load(p + 16).v, Vec::load(p + 24).v};
  const __m256 a = halves(r[0], r[2], false), b = halves(r[0], r[2], true), c = halves(r[1], r[3], false),
               d = halves(r[1], r[3], true);
  const __m256 ab = _mm256_unpacklo_ps(a, b), cd = _mm256_unpacklo_ps(c, d), ab_high = _mm256_unpackhi_ps(a, b),
               cd_high = _mm256_unpackhi_ps(c, d);
  return {{{_mm256_shuffle_ps(ab, cd, 0x44)}, {_mm256_shuffle_ps(ab, cd, 0xEE)}},
          {{_mm256_shuffle_ps(ab_high, cd_high, 0x44)}, {_mm256_shuffle_ps(ab_high, cd_high, 0xEE)}}};
}

void store_boxes(const Boxes& boxes, float* p) {
  const __m256 low = _mm256_unpacklo_ps(boxes.low[0].v, boxes.low[1].v),
               low_rest = _mm256_unpackhi_ps(boxes.low[0].v, boxes.low[1].v),
               high = _mm256_unpacklo_ps(boxes.high[0].v, boxes.high[1].v),
               high_rest = _mm256_unpackhi_ps(boxes.high[0].v, boxes.high[1].v);
  const __m256 a = _mm256_shuffle_ps(low, high, 0x44), b = _mm256_shuffle_ps(low, high, 0xEE),
               c = _mm256_shuffle_ps(low_rest, high_rest, 0x44), d = _mm256_shuffle_ps(low_rest, high_rest, 0xEE);
  Vec{halves(a, b, false)}.store(p);
  Vec{halves(c, d, false)}.store(p + 8);
  Vec{halves(a, b, true)}.store(p + 16);
  Vec{halves(c, d, true)}.store(p + 24);
}

// The last boxes of a run, with boxes of no area behind them.
struct FewBoxes {
  float at[4 * Vec::kWidth] = {};

  FewBoxes(const float* p, std::int64_t rows) {
    for (std::int64_t i = 0; i < 4 * rows; ++i) at[i] = p[i];
  }
};

Vec losses_of(const float* x, const float* target) { return GiouPair<Vec>(load_boxes(x), load_boxes(target)).loss(); }

Boxes gradients_of(const float* x, const float* target, Vec factor) {
  const Boxes mine = load_boxes(x), other = load_boxes(target);
  return GiouPair<Vec>(mine, other).gradient(mine, other, factor);
}

}  // namespace

void giou_losses_avx2(const float* x, const float* target, std::int64_t rows, float* losses) {
  cpu::for_each_vec(
      rows, [&](std::int64_t i) { losses_of(x + 4 * i, target + 4 * i).store(losses + i); },
      [&](std::int64_t i, std::int64_t rest) {
        const FewBoxes few(x + 4 * i, rest), others(target + 4 * i, rest);
        losses_of(few.at, others.at).store_first(losses + i, rest);
      });
}

void giou_gradients_avx2(const float* x, const float* target, const float* factors, std::int64_t rows, float* dx) {
  cpu::for_each_vec(
      rows,
      [&](std::int64_t i) { store_boxes(gradients_of(x + 4 * i, target + 4 * i, Vec::load(factors + i)), dx + 4 * i); },
      [&](std::int64_t i, std::int64_t rest) {
        FewBoxes few(x + 4 * i, rest);
        const FewBoxes others(target + 4 * i, rest);
        store_boxes(gradients_of(few.at, others.at, Vec::load_first(factors + i, rest)), few.at);
        for (std::int64_t k = 0; k < 4 * rest; ++k) dx[4 * i + k] = few.at[k];
      });
}

}  // namespace athanor::kernels
