#include "kernels/cpu/vec_math.h"
#include "kernels/ops/attention/attention_avx2.h"
#include "kernels/ops/attention/attention_tiles.h"

namespace athanor::kernels {

namespace {

struct GradScratch {
  float *keys_t, *values_t, *keys, *queries, *douts, *p, *ds, *dq, *dk, *dv, *delta;  // rows of padded(width)

  GradScratch(float* at, std::int64_t tokens, std::int64_t head_width) {
    const std::int64_t width = padded(head_width);
    const auto take = [&](std::int64_t floats) {
      float* const part = at;
      at += floats;
      return part;
    };
    float** const key_tiles[] = {&keys_t, &values_t, &keys, &dk, &dv};
    float** const query_tiles[] = {&queries, &douts};
    float** const score_tiles[] = {&p, &ds};
    for (float** tile : key_tiles) *tile = take(kKeyTile * width);
    for (float** tile : query_tiles) *tile = take(kQueryTile * width);
    for (float** tile : score_tiles) *tile = take(kQueryTile * kScoreRow);
    dq = take(spare_floats(tokens, head_width));
    delta = take(tokens);
  }
  static std::int64_t spare_floats(std::int64_t tokens, std::int64_t head_width) {
    return padded(head_width) == head_width ? 0 : tokens * padded(head_width);
  }
  static std::int64_t floats(std::int64_t tokens, std::int64_t head_width) {
    return (5 * kKeyTile + 2 * kQueryTile) * padded(head_width) + 2 * kQueryTile * kScoreRow + tokens +
           spare_floats(tokens, head_width);
  }
};

float dot(const float* a, const float* b, std::int64_t n) {
  Vec sum = Vec::zero();
  cpu::for_each_vec(
      n, [&](std::int64_t i) { sum = multiply_add(Vec::load(a + i), Vec::load(b + i), sum); },
      [&](std::int64_t i, std::int64_t rest) {
        sum = multiply_add(Vec::load_first(a + i, rest), Vec::load_first(b + i, rest), sum);
      });
  return sum.sum();
}

// Scores become probabilities, dp becomes ds; both 0 from `seen` to `end`.
void differentiate_row(float* p, float* ds, std::int64_t seen, std::int64_t end, float scale, float log_sum_exp,
                       float delta) {
  const Vec factor = Vec::all(scale), shift = Vec::all(-log_sum_exp), offset = Vec::all(delta);
  std::int64_t i = 0;
  for (; i < seen; i += 8) {
    const Vec e = first_lanes(cpu::exponential(multiply_add(Vec::load(p + i), factor, shift)), seen - i, 0.0f);
    e.store(p + i);
    (e * (Vec::load(ds + i) - offset) * factor).store(ds + i);
  }
  for (; i < end; i += 8) {
    Vec::zero().store(p + i);
    Vec::zero().store(ds + i);
  }
}

struct Tile {
  std::int64_t first_key, keys, first_query, queries;
};

// Where sums go: to the gradients themselves where their rows hold whole panels, else to scratch.
struct Sums {
  float* data;
  std::int64_t row;
};
struct TileSums {
  Sums dq, dk, dv;  // dq of all queries, dk and dv of the tile's keys
};

// Of one tile: dq of its queries, dk and dv of its keys, added to what earlier tiles gave.
void differentiate_tile(const AttentionHead& h, const AttentionHeadGrad& grad, const Tile& t, const GradScratch& s,
                        const TileSums& sums, bool first_queries) {
  const std::int64_t score_panels = panels(t.keys), width_panels = panels(h.width);
  const auto last_seen = [&](std::int64_t row) {
    return seen_in_tile(h.seen_by(t.first_query + row), t.first_key, t.keys);
  };
  const auto visible = [&](std::int64_t, std::int64_t last, std::int64_t panel) -> Extent {
    return {0, panel * kPanel < last_seen(last) ? h.width : 0};
  };
  const float* query = h.q.data + t.first_query * h.q.stride;
  const float* dout = grad.dout.data + t.first_query * grad.dout.stride;
  pack_rows(query, h.q.stride, t.queries, h.width, s.queries);
  pack_rows(dout, grad.dout.stride, t.queries, h.width, s.douts);
  panel_product({t.queries, score_panels, query, h.q.stride, 1, s.keys_t, kPanel * h.width, s.p, kScoreRow, false},
                visible);
  panel_product(
      {t.queries, score_panels, dout, grad.dout.stride, 1, s.values_t, kPanel * h.width, s.ds, kScoreRow, false},
      visible);
  for (std::int64_t r = 0; r < t.queries; ++r)
    differentiate_row(s.p + r * kScoreRow, s.ds + r * kScoreRow, last_seen(r), score_panels * kPanel, h.scale,
                      grad.log_sum_exp[t.first_query + r], s.delta[t.first_query + r]);
  panel_product({t.queries, width_panels, s.ds, kScoreRow, 1, s.keys, kPanel * t.keys,
                 sums.dq.data + t.first_query * sums.dq.row, sums.dq.row, t.first_key > 0},
                [&](std::int64_t, std::int64_t last, std::int64_t) -> Extent {
                  return {0, last_seen(last)};
                });
  // The first query of the tile that sees a key, for strips of keys.
  const auto seeing = [&](std::int64_t key, std::int64_t, std::int64_t) -> Extent {
    const std::int64_t first = h.causal ? t.first_key + key - h.offset - t.first_query : 0;
    return {first < 0 || first_queries ? 0 : first, t.queries};
  };
  const std::int64_t step = kPanel * t.queries;
  panel_product({t.keys, width_panels, s.ds, 1, kScoreRow, s.queries, step, sums.dk.data, sums.dk.row, !first_queries},
                seeing);
  panel_product({t.keys, width_panels, s.p, 1, kScoreRow, s.douts, step, sums.dv.data, sums.dv.row, !first_queries},
                seeing);
}

void clear_rows(const Sums& sums, std::int64_t rows, std::int64_t columns) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t d = 0; d < columns; ++d) sums.data[r * sums.row + d] = 0.0f;
}

// What lies in scratch goes where it belongs.
void finish(const Sums& sums, std::int64_t rows, std::int64_t columns, float* to, std::int64_t to_stride) {
  if (sums.data == to) return;
  for (std::int64_t r = 0; r < rows; ++r)
    scale_row(sums.data + r * sums.row, columns, Vec::all(1.0f), to + r * to_stride);
}

}  // namespace

std::int64_t attention_grad_scratch_floats(std::int64_t queries, std::int64_t width) {
  return GradScratch::floats(queries, width);
}

void attention_head_grad_avx2(const AttentionHead& h, const AttentionHeadGrad& grad, float* scratch) {
  const std::int64_t width = padded(h.width);
  const GradScratch s(scratch, h.queries, h.width);
  for (std::int64_t t = 0; t < h.queries; ++t)
    s.delta[t] = dot(grad.dout.data + t * grad.dout.stride, grad.out.data + t * grad.out.stride, h.width);
  const auto place = [&](float* direct, std::int64_t stride, float* spare) {
    return width == h.width ? Sums{direct, stride} : Sums{spare, width};
  };
  const Sums dq = place(grad.dq, grad.dq_stride, s.dq);
  for (std::int64_t key = 0; key < h.keys; key += kKeyTile) {
    const std::int64_t keys = h.keys - key < kKeyTile ? h.keys - key : kKeyTile;
    float *dk = grad.dk + key * grad.dk_stride, *dv = grad.dv + key * grad.dv_stride;
    const TileSums sums{dq, place(dk, grad.dk_stride, s.dk), place(dv, grad.dv_stride, s.dv)};
    pack_transposed(h.k.data + key * h.k.stride, h.k.stride, keys, h.width, s.keys_t);
    pack_transposed(h.v.data + key * h.v.stride, h.v.stride, keys, h.width, s.values_t);
    pack_rows(h.k.data + key * h.k.stride, h.k.stride, keys, h.width, s.keys);
    bool first = true;
    for (std::int64_t query = 0; query < h.queries; query += kQueryTile) {
      const std::int64_t queries = h.queries - query < kQueryTile ? h.queries - query : kQueryTile;
      if (h.seen_by(query + queries - 1) <= key) continue;
      differentiate_tile(h, grad, {key, keys, query, queries}, s, sums, first);
      first = false;
    }
    if (first) {  // there are no queries
      clear_rows(sums.dk, keys, h.width);
      clear_rows(sums.dv, keys, h.width);
    }
    finish(sums.dk, keys, h.width, dk, grad.dk_stride);
    finish(sums.dv, keys, h.width, dv, grad.dv_stride);
  }
  finish(dq, h.queries, h.width, grad.dq, grad.dq_stride);
}

}  // namespace athanor::kernels
