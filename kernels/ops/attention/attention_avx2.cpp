#include "kernels/ops/attention/attention_avx2.h"

#include "kernels/cpu/vec_math.h"
#include "kernels/ops/attention/attention_tiles.h"

namespace athanor::kernels {

namespace {

constexpr std::int64_t kPieceQueries = 3 * kQueryTile;
constexpr float kLowest = -__builtin_huge_valf();

// One tile of packed keys and values.
struct KeyTile {
  std::int64_t first, keys;
  const float *keys_t, *values;
};

// What a query has summed so far.
struct Running {
  float *most, *total, *sum;  // sum: rows of padded(width)
};

// Scores become e^(score - most); what was summed before shrinks where the maximum rose. From `seen` to the end of the
// row's last panel everything becomes 0.
void softmax_step(float* row, std::int64_t seen, std::int64_t end, float scale, std::int64_t sum_width, float& most,
                  float& total, float* sum) {
  if (seen == 0) {
    for (std::int64_t i = 0; i < end; i += 8) Vec::zero().store(row + i);
    return;
  }
  const Vec factor = Vec::all(scale);
  Vec top = Vec::all(kLowest);
  for (std::int64_t i = 0; i < seen; i += 8)
    top = maximum(top, first_lanes(Vec::load(row + i) * factor, seen - i, kLowest));
  const float peak = top.maximum(), joined = most > peak ? most : peak;
  const float shrink = most == kLowest ? 0.0f : __builtin_expf(most - joined);
  const Vec shift = Vec::all(-joined);
  Vec added = Vec::zero();
  std::int64_t i = 0;
  for (; i < seen; i += 8) {
    const Vec e = first_lanes(cpu::exponential(multiply_add(Vec::load(row + i), factor, shift)), seen - i, 0.0f);
    added = added + e;
    e.store(row + i);
  }
  for (; i < end; i += 8) Vec::zero().store(row + i);
  if (shrink != 1.0f && most != kLowest) scale_row(sum, sum_width, Vec::all(shrink), sum);
  total = total * shrink + added.sum();
  most = joined;
}

void attend_tile(const AttentionHead& h, const KeyTile& tile, std::int64_t first, std::int64_t queries, float* scores,
                 const Running& running) {
  const std::int64_t width = padded(h.width);
  const auto last_seen = [&](std::int64_t row) { return seen_in_tile(h.seen_by(first + row), tile.first, tile.keys); };
  if (last_seen(queries - 1) == 0) return;
  const auto visible = [&](std::int64_t, std::int64_t last, std::int64_t panel) -> Extent {
    return {0, panel * kPanel < last_seen(last) ? h.width : 0};
  };
  panel_product({.m = queries,
                 .panels = panels(tile.keys),
                 .a = h.q.data + first * h.q.stride,
                 .a_row = h.q.stride,
                 .a_step = 1,
                 .b = tile.keys_t,
                 .b_panel = kPanel * h.width,
                 .c = scores,
                 .c_row = kScoreRow,
                 .accumulate = false},
                visible);
  for (std::int64_t r = 0; r < queries; ++r) {
    // The strip of six rows is multiplied as far as its last row sees.
    const std::int64_t strip_last = r / 6 * 6 + 5 < queries ? r / 6 * 6 + 5 : queries - 1;
    softmax_step(scores + r * kScoreRow, last_seen(r), padded(last_seen(strip_last)), h.scale, width, running.most[r],
                 running.total[r], running.sum + r * width);
  }
  panel_product({.m = queries,
                 .panels = panels(h.width),
                 .a = scores,
                 .a_row = kScoreRow,
                 .a_step = 1,
                 .b = tile.values,
                 .b_panel = kPanel * tile.keys,
                 .c = running.sum,
                 .c_row = width,
                 .accumulate = tile.first > 0},
                [&](std::int64_t, std::int64_t last, std::int64_t) -> Extent {
                  return {0, last_seen(last)};
                });
}

}  // namespace

std::int64_t attention_queries_per_piece(std::int64_t queries) {
  const std::int64_t pieces = (queries + kPieceQueries - 1) / kPieceQueries;
  return pieces == 0 ? 1 : (queries + pieces - 1) / pieces;
}

std::int64_t attention_scratch_floats(std::int64_t queries, std::int64_t width) {
  return 2 * kKeyTile * padded(width) + kQueryTile * kScoreRow +
         attention_queries_per_piece(queries) * (padded(width) + 2);
}

void attention_head_avx2(const AttentionHead& h, std::int64_t begin, std::int64_t end, float* scratch, float* out,
                         std::int64_t out_stride, float* log_sum_exp) {
  const std::int64_t count = end - begin, width = padded(h.width);
  float *keys_t = scratch, *values = keys_t + kKeyTile * width, *scores = values + kKeyTile * width,
        *sum = scores + kQueryTile * kScoreRow, *most = sum + count * width, *total = most + count;
  for (std::int64_t r = 0; r < count; ++r) {
    most[r] = kLowest;
    total[r] = 0.0f;
  }
  for (std::int64_t key = 0; key < h.seen_by(end - 1); key += kKeyTile) {
    const std::int64_t keys = h.keys - key < kKeyTile ? h.keys - key : kKeyTile;
    pack_transposed(h.k.data + key * h.k.stride, h.k.stride, keys, h.width, keys_t);
    pack_rows(h.v.data + key * h.v.stride, h.v.stride, keys, h.width, values);
    for (std::int64_t query = 0; query < count; query += kQueryTile)
      attend_tile(h, {key, keys, keys_t, values}, begin + query,
                  count - query < kQueryTile ? count - query : kQueryTile, scores,
                  {most + query, total + query, sum + query * width});
  }
  for (std::int64_t r = 0; r < count; ++r) {
    scale_row(sum + r * width, h.width, Vec::all(1.0f / total[r]), out + (begin + r) * out_stride);
    if (log_sum_exp) log_sum_exp[begin + r] = most[r] + __builtin_logf(total[r]);
  }
}

}  // namespace athanor::kernels
