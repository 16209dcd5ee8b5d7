// The AVX2 bodies of attention for one sample and one head. Rows are dense; the strides between them are given.
#pragma once

#include <cstdint>

namespace athanor::kernels {

struct AttentionRows {
  const float* data;
  std::int64_t stride;
};

struct AttentionHead {
  std::int64_t queries, keys, width;  // keys: those that are valid
  bool causal;
  std::int64_t offset;  // with causal, query t sees the keys <= t + offset; offset >= 0
  float scale;
  AttentionRows q, k, v;

  // How many keys query t sees.
  [[nodiscard]] std::int64_t seen_by(std::int64_t t) const {
    return causal && t + offset + 1 < keys ? t + offset + 1 : keys;
  }
};

// Queries [begin, end) of a head are one piece of work; the size of a piece depends on the number of queries only.
[[nodiscard]] std::int64_t attention_queries_per_piece(std::int64_t queries);

// Floats of scratch that one call needs.
[[nodiscard]] std::int64_t attention_scratch_floats(std::int64_t queries, std::int64_t width);
[[nodiscard]] std::int64_t attention_grad_scratch_floats(std::int64_t queries, std::int64_t width);

// out points at query 0; log_sum_exp [queries] may be null.
void attention_head_avx2(const AttentionHead& head, std::int64_t begin, std::int64_t end, float* scratch, float* out,
                         std::int64_t out_stride, float* log_sum_exp);

struct AttentionHeadGrad {
  AttentionRows out, dout;
  const float* log_sum_exp;
  float *dq, *dk, *dv;
  std::int64_t dq_stride, dk_stride, dv_stride;
};

// Overwrites dq for all queries, dk and dv for the valid keys.
void attention_head_grad_avx2(const AttentionHead& head, const AttentionHeadGrad& grad, float* scratch);

}  // namespace athanor::kernels
