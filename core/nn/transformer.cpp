#include "core/nn/transformer.h"

#include "core/ops/attention.h"

#include <cmath>

namespace athanor::nn {

MultiHeadSelfAttention::MultiHeadSelfAttention(const Scope& scope, std::int64_t width, std::int64_t heads, bool causal)
    : heads_(scope.share_of(heads, "heads")),
      head_dim_(width / heads),
      causal_(causal),
      qkv_(scope.child("qkv"), {.in = width, .out = 3 * width, .divide = Divide::outputs, .blocks = 3}),
      out_(scope.child("out"), {.in = width, .out = width, .divide = Divide::inputs}) {}

Variable MultiHeadSelfAttention::forward(Context& context, const Variable& x_BTC, const Tensor& lengths_B,
                                         const Variable& residual_BTC, const TokenRows& rows) const {
  const std::int64_t batch = rows.divided() ? rows.batch : x_BTC.dim(0);
  const std::int64_t tokens = rows.divided() ? rows.tokens : x_BTC.dim(1);
  const Variable qkv_BT3HD =
      ops::reshape(context, qkv_.forward(context, x_BTC, {}, rows), {batch, tokens, 3, heads_, head_dim_});
  const Variable mixed_BTHD = ops::attention(context, qkv_BT3HD, {.lengths = lengths_B, .causal = causal_});
  const std::int64_t width = heads_ * head_dim_;
  const Shape flat = rows.divided() ? Shape{batch * tokens, width} : Shape{batch, tokens, width};
  return out_.forward(context, ops::reshape(context, mixed_BTHD, flat), {.residual = residual_BTC}, rows);
}

MultiHeadCrossAttention::MultiHeadCrossAttention(const Scope& scope, std::int64_t width, std::int64_t heads,
                                                 std::int64_t memory_width)
    : heads_(scope.share_of(heads, "heads")),
      head_dim_(width / heads),
      q_(scope.child("q"), {.in = width, .out = width, .divide = Divide::outputs}),
      kv_(scope.child("kv"),
          {.in = memory_width > 0 ? memory_width : width, .out = 2 * width, .divide = Divide::outputs, .blocks = 2}),
      out_(scope.child("out"), {.in = width, .out = width, .divide = Divide::inputs}) {}

Variable MultiHeadCrossAttention::forward(Context& context, const Variable& x_BTC, const Variable& memory_BTM,
                                          const Tensor& lengths_B, const Variable& residual_BTC) const {
  const std::int64_t batch = x_BTC.dim(0), tokens = x_BTC.dim(1);
  const Variable q_BTHD = ops::reshape(context, q_.forward(context, x_BTC), {batch, tokens, heads_, head_dim_});
  const Variable kv_BT2HD = ops::reshape(context, kv_.forward(context, memory_BTM),
                                         {memory_BTM.dim(0), memory_BTM.dim(1), 2, heads_, head_dim_});
  const Variable mixed_BTHD = ops::cross_attention(context, q_BTHD, kv_BT2HD, {.lengths = lengths_B});
  return out_.forward(context, ops::reshape(context, mixed_BTHD, {batch, tokens, heads_ * head_dim_}),
                      {.residual = residual_BTC});
}

namespace {

std::int64_t inner_width(const TransformerConfig& config) {
  return std::llround(static_cast<double>(config.width) * config.mlp_ratio);
}

}  // namespace

TransformerBlock::TransformerBlock(const Scope& scope, const TransformerConfig& config)
    : activation_(config.activation),
      norm1_(scope.child("norm1"), config.width),
      attention_(scope.child("attention"), config.width, config.heads, config.causal),
      attention_dropout_(scope.child("attention"), config.dropout),
      norm2_(scope.child("norm2"), config.width),
      up_(scope.child("mlp").child("up"), {.in = config.width, .out = inner_width(config), .divide = Divide::outputs}),
      down_(scope.child("mlp").child("down"),
            {.in = inner_width(config), .out = config.width, .divide = Divide::inputs}),
      mlp_dropout_(scope.child("mlp"), config.dropout) {}

Variable TransformerBlock::forward(Context& context, const Variable& x_BTC, const Tensor& lengths_B,
                                   const TokenRows& rows) const {
  const ops::LinearOptions activated{.activation = activation_};
  const Variable normed1 = norm1_.forward(context, x_BTC, rows);
  // Dropout stands between branch and sum; without it the sum is part of the last product.
  if (attention_dropout_.active(context)) {
    const Variable branch = attention_.forward(context, normed1, lengths_B, {}, rows);
    const Variable y = ops::add(context, x_BTC, attention_dropout_.forward(context, branch, rows));
    const Variable hidden = up_.forward(context, norm2_.forward(context, y, rows), activated, rows);
    return ops::add(context, y, mlp_dropout_.forward(context, down_.forward(context, hidden, {}, rows), rows));
  }
  const Variable y = attention_.forward(context, normed1, lengths_B, x_BTC, rows);
  const Variable hidden = up_.forward(context, norm2_.forward(context, y, rows), activated, rows);
  return down_.forward(context, hidden, {.residual = y}, rows);
}

Variable forward_blocks(Context& context, const std::vector<TransformerBlock>& blocks, const Variable& x_BTC,
                        const Tensor& lengths_B) {
  if (blocks.empty()) return x_BTC;
  const TokenRows rows = token_rows(context, x_BTC);
  Variable x = divide_rows(context, x_BTC, rows);
  for (const TransformerBlock& block : blocks) x = block.forward(context, x, lengths_B, rows);
  return join_rows(context, x, rows);
}

std::vector<TransformerBlock> make_blocks(const Scope& scope, std::int64_t depth, const TransformerConfig& config) {
  std::vector<TransformerBlock> blocks;
  blocks.reserve(static_cast<std::size_t>(depth));
  for (std::int64_t index = 0; index < depth; ++index) blocks.emplace_back(scope.child(index), config);
  return blocks;
}

}  // namespace athanor::nn
