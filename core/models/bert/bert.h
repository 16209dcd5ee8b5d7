// bert: the text encoder of Devlin et al. 2018 (arXiv:1810.04805), post-norm, with learned positions.
//   x = norm(words[id] + positions[t] + types[0])
//   block:  x = norm1(x + attention(x));  x = norm2(x + mlp(x))
// One text a row, so the second token type is never read; it is a parameter because the weights of others hold it.
// Letters: B batch, T tokens, C channels.
#pragma once

#include "core/nn/transformer.h"

#include <vector>

namespace athanor::models {

struct BertConfig {
  std::int64_t vocabulary = 30522;
  std::int64_t width = 384, depth = 6, heads = 12;
  std::int64_t feed_forward = 1536;
  std::int64_t positions = 512;  // most tokens of a text
  std::int64_t token_types = 2;
  float norm_eps = 1e-12f;
  float dropout = 0.0f;
  Activation activation = Activation::gelu_erf;
};

// Parameters: embeddings.{words,positions,types}.weight, embeddings.norm,
// blocks.<i>.{attention,norm1,mlp.up,mlp.down,norm2}.
class BertEncoder {
 public:
  // Throws Failure(invalid_input) when sizes do not fit together.
  BertEncoder(const nn::Scope& scope, const BertConfig& config);

  // ids i32 [B,T], T <= positions; lengths i32 [B], at least 1 each. [B,T,C]; rows beyond a text's length mean nothing.
  [[nodiscard]] Variable forward(Context& context, const Tensor& ids_BT, const Tensor& lengths_B) const;
  // The mean over each text's tokens: [B,C].
  [[nodiscard]] Variable pooled(Context& context, const Tensor& ids_BT, const Tensor& lengths_B) const;
  // What forward() is made of: the sum of its tables, then one block after another.
  [[nodiscard]] Variable embed(Context& context, const Tensor& ids_BT) const;
  [[nodiscard]] Variable forward_block(Context& context, std::size_t block, const Variable& x_BTC,
                                       const Tensor& lengths_B, const nn::TokenRows& rows = {}) const;
  [[nodiscard]] std::size_t blocks() const noexcept { return blocks_.size(); }
  [[nodiscard]] const BertConfig& config() const noexcept { return config_; }

 private:
  struct Block {
    nn::MultiHeadSelfAttention attention;
    nn::LayerNorm norm1;
    nn::Linear up, down;
    nn::LayerNorm norm2;
    nn::Dropout attention_dropout, mlp_dropout;
  };

  BertConfig config_;
  nn::Embedding words_;
  nn::Positions positions_;
  Parameter types_;
  nn::LayerNorm norm_;
  nn::Dropout dropout_;
  std::vector<Block> blocks_;
};

}  // namespace athanor::models
