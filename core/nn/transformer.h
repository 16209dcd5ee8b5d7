// The transformer encoder of Vaswani et al. 2017 (arXiv:1706.03762) in its pre-norm form (Xiong et al. 2020,
// arXiv:2002.04745):  x = x + attention(norm(x));  x = x + mlp(norm(x)).
// In a tensor group attention is divided by heads and the mlp by its inner width.
// Letters: B batch, T tokens, C channels, H heads, D head dim, F feed-forward.
#pragma once

#include "core/nn/layers.h"

#include <vector>

namespace athanor::nn {

struct TransformerConfig {
  std::int64_t width = 0;
  std::int64_t heads = 1;  // divides width
  double mlp_ratio = 4.0;
  float dropout = 0.0f;
  Activation activation = Activation::gelu_erf;
  bool causal = false;  // a token looks at itself and those before it
};

// Parameters: qkv.{weight,bias} with rows ordered q, k, v and then by head; out.{weight,bias}.
class MultiHeadSelfAttention {
 public:
  MultiHeadSelfAttention(const Scope& scope, std::int64_t width, std::int64_t heads, bool causal = false);
  // Keys beyond lengths[b] are not looked at. The residual, if present, is added to the result.
  [[nodiscard]] Variable forward(Context& context, const Variable& x_BTC, const Tensor& lengths_B,
                                 const Variable& residual_BTC = {}, const TokenRows& rows = {}) const;

 private:
  std::int64_t heads_;  // of this rank
  std::int64_t head_dim_;
  bool causal_;
  Linear qkv_, out_;
};

// Queries from one stream, keys and values from another of memory_width channels (0: the same width).
// Parameters: q.{weight,bias}; kv.{weight,bias} with rows ordered k, v and then by head; out.{weight,bias}.
class MultiHeadCrossAttention {
 public:
  MultiHeadCrossAttention(const Scope& scope, std::int64_t width, std::int64_t heads, std::int64_t memory_width = 0);
  // x [B,Tq,C], memory [B,Tk,M]; memory beyond lengths[b] is not looked at. The residual is added to the result.
  [[nodiscard]] Variable forward(Context& context, const Variable& x_BTC, const Variable& memory_BTM,
                                 const Tensor& lengths_B, const Variable& residual_BTC = {}) const;

 private:
  std::int64_t heads_;  // of this rank
  std::int64_t head_dim_;
  Linear q_, kv_, out_;
};

// Parameters: norm1, attention, norm2, mlp.up, mlp.down.
class TransformerBlock {
 public:
  TransformerBlock(const Scope& scope, const TransformerConfig& config);
  [[nodiscard]] Variable forward(Context& context, const Variable& x_BTC, const Tensor& lengths_B,
                                 const TokenRows& rows = {}) const;

 private:
  Activation activation_;
  LayerNorm norm1_;
  MultiHeadSelfAttention attention_;
  Dropout attention_dropout_;
  LayerNorm norm2_;
  Linear up_, down_;
  Dropout mlp_dropout_;
};

// `depth` blocks under the names 0, 1, …
[[nodiscard]] std::vector<TransformerBlock> make_blocks(const Scope& scope, std::int64_t depth,
                                                        const TransformerConfig& config);
// All of them in order, with the rows of tokens divided between ranks where the context's tensor group does that.
[[nodiscard]] Variable forward_blocks(Context& context, const std::vector<TransformerBlock>& blocks,
                                      const Variable& x_BTC, const Tensor& lengths_B);

}  // namespace athanor::nn
