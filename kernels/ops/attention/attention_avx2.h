// The AVX2 bodies of attention for one sample and one head.
#pragma once

#include <cstdint>

namespace athanor::kernels {

// q, k, v, out (and their gradients) are [tokens, width] with the given row strides; keys beyond `keys` are padding.
struct AttentionHead {
  std::int64_t tokens, keys, width, qkv_row, out_row;
  float scale;
  const float *q, *k, *v;
};

// Floats of scratch that one call needs.
[[nodiscard]] std::int64_t attention_scratch_floats(std::int64_t tokens, std::int64_t width);
[[nodiscard]] std::int64_t attention_grad_scratch_floats(std::int64_t tokens, std::int64_t width);

// log_sum_exp [tokens] may be null.
void attention_head_avx2(const AttentionHead& head, float* scratch, float* out, float* log_sum_exp);

struct AttentionHeadGrad {
  const float *out, *dout, *log_sum_exp;
  float *dq, *dk, *dv;  // row stride qkv_row
};

void attention_head_grad_avx2(const AttentionHead& head, const AttentionHeadGrad& grad, float* scratch);

}  // namespace athanor::kernels
