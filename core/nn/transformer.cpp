#include "core/nn/transformer.h"

#include "core/ops/attention.h"

#include <cmath>

namespace athanor::nn {

MultiHeadSelfAttention::MultiHeadSelfAttention(const Scope& scope, std::int64_t width, std::int64_t heads, bool causal)
    : heads_(heads),
      causal_(causal),
      qkv_(scope.child("qkv"), {.in = width, .out = 3 * width}),
      out_(scope.child("out"), {.in = width, .out = width}) {}

Variable MultiHeadSelfAttention::forward(Context& context, const Variable& x_BTC, const Tensor& lengths_B,
                                         const Variable& residual_BTC) const {
  const std::int64_t batch = x_BTC.dim(0), tokens = x_BTC.dim(1), width = x_BTC.dim(2);
  const Variable qkv_BT3HD =
      ops::reshape(context, qkv_.forward(context, x_BTC), {batch, tokens, 3, heads_, width / heads_});
  const Variable mixed_BTHD = ops::attention(context, qkv_BT3HD, {.lengths = lengths_B, .causal = causal_});
  return out_.forward(context, ops::reshape(context, mixed_BTHD, {batch, tokens, width}), {.residual = residual_BTC});
}

MultiHeadCrossAttention::MultiHeadCrossAttention(const Scope& scope, std::int64_t width, std::int64_t heads,
                                                 std::int64_t memory_width)
    : heads_(heads),
      q_(scope.child("q"), {.in = width, .out = width}),
      kv_(scope.child("kv"), {.in = memory_width > 0 ? memory_width : width, .out = 2 * width}),
      out_(scope.child("out"), {.in = width, .out = width}) {}

Variable MultiHeadCrossAttention::forward(Context& context, const Variable& x_BTC, const Variable& memory_BTM,
                                          const Tensor& lengths_B, const Variable& residual_BTC) const {
  const std::int64_t batch = x_BTC.dim(0), width = x_BTC.dim(2);
  const Variable q_BTHD =
      ops::reshape(context, q_.forward(context, x_BTC), {batch, x_BTC.dim(1), heads_, width / heads_});
  const Variable kv_BT2HD = ops::reshape(context, kv_.forward(context, memory_BTM),
                                         {memory_BTM.dim(0), memory_BTM.dim(1), 2, heads_, width / heads_});
  const Variable mixed_BTHD = ops::cross_attention(context, q_BTHD, kv_BT2HD, {.lengths = lengths_B});
  return out_.forward(context, ops::reshape(context, mixed_BTHD, x_BTC.shape()), {.residual = residual_BTC});
}

TransformerBlock::TransformerBlock(const Scope& scope, const TransformerConfig& config)
    : activation_(config.activation),
      norm1_(scope.child("norm1"), config.width),
      attention_(scope.child("attention"), config.width, config.heads, config.causal),
      attention_dropout_(scope.child("attention"), config.dropout),
      norm2_(scope.child("norm2"), config.width),
      up_(scope.child("mlp").child("up"),
          {.in = config.width, .out = std::llround(static_cast<double>(config.width) * config.mlp_ratio)}),
      down_(scope.child("mlp").child("down"),
            {.in = std::llround(static_cast<double>(config.width) * config.mlp_ratio), .out = config.width}),
      mlp_dropout_(scope.child("mlp"), config.dropout) {}

Variable TransformerBlock::forward(Context& context, const Variable& x_BTC, const Tensor& lengths_B) const {
  const ops::LinearOptions activated{.activation = activation_};
  const Variable normed1 = norm1_.forward(context, x_BTC);
  // Dropout stands between branch and sum; without it the sum is part of the last product.
  if (attention_dropout_.active(context)) {
    const Variable branch = attention_.forward(context, normed1, lengths_B);
    const Variable y = ops::add(context, x_BTC, attention_dropout_.forward(context, branch));
    const Variable hidden = up_.forward(context, norm2_.forward(context, y), activated);
    return ops::add(context, y, mlp_dropout_.forward(context, down_.forward(context, hidden)));
  }
  const Variable y = attention_.forward(context, normed1, lengths_B, x_BTC);
  const Variable hidden = up_.forward(context, norm2_.forward(context, y), activated);
  return down_.forward(context, hidden, {.residual = y});
}

std::vector<TransformerBlock> make_blocks(const Scope& scope, std::int64_t depth, const TransformerConfig& config) {
  std::vector<TransformerBlock> blocks;
  blocks.reserve(static_cast<std::size_t>(depth));
  for (std::int64_t index = 0; index < depth; ++index) blocks.emplace_back(scope.child(index), config);
  return blocks;
}

}  // namespace athanor::nn
