#include "kernels/ops/attention/attention_avx2.h"

#include "kernels/cpu/small_gemm.h"
#include "kernels/cpu/vec_math.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

constexpr std::int64_t round_up(std::int64_t n) { return (n + 7) / 8 * 8; }

// Eight rows of eight, columns become rows.
void transpose_eight(const float* in, std::int64_t row, Vec scale, float* out, std::int64_t out_row) {
  __m256 r[8], s[8];
  for (int i = 0; i < 8; ++i) r[i] = (Vec::load(in + i * row) * scale).v;
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xEE);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xEE);
  }
  for (int i = 0; i < 4; ++i) {
    Vec{_mm256_permute2f128_ps(r[i], r[i + 4], 0x20)}.store(out + i * out_row);
    Vec{_mm256_permute2f128_ps(r[i], r[i + 4], 0x31)}.store(out + (i + 4) * out_row);
  }
}

// out[d, key] = scale * in[key, d], rows of out padded with zeros to `padded` keys.
void transpose_scaled(const float* in, std::int64_t row, std::int64_t keys, std::int64_t padded, std::int64_t width,
                      float scale, float* out) {
  const std::int64_t whole_keys = keys / 8 * 8, whole_width = width / 8 * 8;
  for (std::int64_t key = 0; key < whole_keys; key += 8)
    for (std::int64_t d = 0; d < whole_width; d += 8)
      transpose_eight(in + key * row + d, row, Vec::all(scale), out + d * padded + key, padded);
  for (std::int64_t d = 0; d < width; ++d) {
    float* to = out + d * padded;
    for (std::int64_t key = d < whole_width ? whole_keys : 0; key < keys; ++key) to[key] = scale * in[key * row + d];
    for (std::int64_t key = keys; key < padded; ++key) to[key] = 0.0f;
  }
}

// Calls body(i) for every vector of a padded row; lanes from `keys` on of the last vector are padding.
template <class Body>
void for_padded(std::int64_t keys, Body&& body) {
  for (std::int64_t i = 0; i < keys; i += 8) body(i, keys - i);
}

Vec without_padding(Vec value, std::int64_t rest, float padding) {
  return rest >= 8 ? value : value.keep_first(rest, padding);
}

// Turns a row of scores into probabilities and returns its log-sum-exp. Padding becomes 0.
float softmax_row(float* row, std::int64_t keys) {
  Vec top = Vec::all(-__builtin_huge_valf());
  for_padded(keys, [&](std::int64_t i, std::int64_t rest) {
    top = maximum(top, without_padding(Vec::load(row + i), rest, -__builtin_huge_valf()));
  });
  const float peak = top.maximum();
  Vec sum = Vec::zero();
  for_padded(keys, [&](std::int64_t i, std::int64_t rest) {
    const Vec e = without_padding(cpu::exponential(Vec::load(row + i) - Vec::all(peak)), rest, 0.0f);
    sum = sum + e;
    e.store(row + i);
  });
  const float total = sum.sum();
  const Vec inverse = Vec::all(1.0f / total);
  for_padded(keys, [&](std::int64_t i, std::int64_t) { (Vec::load(row + i) * inverse).store(row + i); });
  return peak + __builtin_logf(total);
}

float dot(const float* a, const float* b, std::int64_t n) {
  Vec sum = Vec::zero();
  cpu::for_each_vec(
      n, [&](std::int64_t i) { sum = multiply_add(Vec::load(a + i), Vec::load(b + i), sum); },
      [&](std::int64_t i, std::int64_t rest) {
        sum = multiply_add(Vec::load_first(a + i, rest), Vec::load_first(b + i, rest), sum);
      });
  return sum.sum();
}

void clear_rows(float* p, std::int64_t begin, std::int64_t end, std::int64_t row, std::int64_t width) {
  for (std::int64_t r = begin; r < end; ++r)
    for (std::int64_t d = 0; d < width; ++d) p[r * row + d] = 0.0f;
}

}  // namespace

std::int64_t attention_scratch_floats(std::int64_t tokens, std::int64_t width) {
  return round_up(tokens) * (tokens + width);
}

std::int64_t attention_grad_scratch_floats(std::int64_t tokens, std::int64_t width) {
  return 2 * round_up(tokens) * (tokens + width);
}

void attention_head_avx2(const AttentionHead& h, float* scratch, float* out, float* log_sum_exp) {
  const std::int64_t padded = round_up(h.keys);
  float *keys_t = scratch, *p = scratch + padded * h.width;
  transpose_scaled(h.k, h.qkv_row, h.keys, padded, h.width, h.scale, keys_t);
  cpu::small_gemm({h.tokens, padded, h.width, h.q, h.qkv_row, 1, keys_t, padded, p, padded});
  for (std::int64_t t = 0; t < h.tokens; ++t) {
    const float lse = softmax_row(p + t * padded, h.keys);
    if (log_sum_exp) log_sum_exp[t] = lse;
  }
  cpu::small_gemm({h.tokens, h.width, h.keys, p, padded, 1, h.v, h.qkv_row, out, h.out_row});
}

void attention_head_grad_avx2(const AttentionHead& h, const AttentionHeadGrad& grad, float* scratch) {
  const std::int64_t padded = round_up(h.keys);
  float *keys_t = scratch, *values_t = keys_t + padded * h.width, *p = values_t + padded * h.width,
        *ds = p + padded * h.tokens;
  transpose_scaled(h.k, h.qkv_row, h.keys, padded, h.width, h.scale, keys_t);
  transpose_scaled(h.v, h.qkv_row, h.keys, padded, h.width, 1.0f, values_t);
  cpu::small_gemm({h.tokens, padded, h.width, h.q, h.qkv_row, 1, keys_t, padded, p, padded});
  cpu::small_gemm({h.tokens, padded, h.width, grad.dout, h.out_row, 1, values_t, padded, ds, padded});
  for (std::int64_t t = 0; t < h.tokens; ++t) {
    const Vec delta = Vec::all(dot(grad.dout + t * h.out_row, grad.out + t * h.out_row, h.width));
    const Vec lse = Vec::all(grad.log_sum_exp[t]), scale = Vec::all(h.scale);
    float *p_row = p + t * padded, *ds_row = ds + t * padded;
    for_padded(h.keys, [&](std::int64_t i, std::int64_t rest) {
      const Vec probability = without_padding(cpu::exponential(Vec::load(p_row + i) - lse), rest, 0.0f);
      probability.store(p_row + i);
      (probability * (Vec::load(ds_row + i) - delta) * scale).store(ds_row + i);
    });
  }
  cpu::small_gemm({h.tokens, h.width, h.keys, ds, padded, 1, h.k, h.qkv_row, grad.dq, h.qkv_row});
  cpu::small_gemm({h.keys, h.width, h.tokens, ds, 1, padded, h.q, h.qkv_row, grad.dk, h.qkv_row});
  cpu::small_gemm({h.keys, h.width, h.tokens, p, 1, padded, grad.dout, h.out_row, grad.dv, h.qkv_row});
  clear_rows(grad.dk, h.keys, h.tokens, h.qkv_row, h.width);
  clear_rows(grad.dv, h.keys, h.tokens, h.qkv_row, h.width);
}

}  // namespace athanor::kernels
