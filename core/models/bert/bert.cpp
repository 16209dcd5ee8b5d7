#include "core/models/bert/bert.h"

#include "core/ops/index.h"
#include "kernels/base/error.h"

namespace athanor::models {
namespace {

constexpr float kWordDeviation = 0.02f;

const BertConfig& checked(const BertConfig& config) {
  const auto refuse = [](const char* cause) {
    throw Failure(ErrorKind::invalid_input, "build the bert text encoder", cause,
                  "Use the configuration that the weights came with");
  };
  if (config.vocabulary < 1 || config.positions < 1 || config.token_types < 1) refuse("a table has no rows");
  if (config.heads < 1 || config.width < 1 || config.width % config.heads != 0)
    refuse("the heads do not share the width evenly");
  if (config.feed_forward < 1 || config.depth < 0) refuse("a size is not positive");
  return config;
}

}  // namespace

BertEncoder::BertEncoder(const nn::Scope& scope, const BertConfig& config)
    : config_(checked(config)),
      words_(scope.child("embeddings").child("words"), config.vocabulary, config.width, kWordDeviation),
      positions_(scope.child("embeddings").child("positions"), config.positions, config.width),
      types_(scope.child("embeddings")
                 .child("types")
                 .parameter("weight", {config.token_types, config.width},
                            {.init = nn::Init::normal(kWordDeviation), .decays = false})),
      norm_(scope.child("embeddings").child("norm"), config.width, config.norm_eps),
      dropout_(scope.child("embeddings"), config.dropout) {
  blocks_.reserve(static_cast<std::size_t>(config.depth));
  for (std::int64_t index = 0; index < config.depth; ++index) {
    const nn::Scope block = scope.child("blocks").child(index);
    const nn::Scope mlp = block.child("mlp");
    blocks_.push_back(
        {nn::MultiHeadSelfAttention(block.child("attention"), config.width, config.heads),
         nn::LayerNorm(block.child("norm1"), config.width, config.norm_eps),
         nn::Linear(mlp.child("up"), {.in = config.width, .out = config.feed_forward, .divide = nn::Divide::outputs}),
         nn::Linear(mlp.child("down"), {.in = config.feed_forward, .out = config.width, .divide = nn::Divide::inputs}),
         nn::LayerNorm(block.child("norm2"), config.width, config.norm_eps),
         nn::Dropout(block.child("attention"), config.dropout), nn::Dropout(mlp, config.dropout)});
  }
}

Variable BertEncoder::embed(Context& context, const Tensor& ids_BT) const {
  const Variable type_C = ops::reshape(context, ops::leading(context, types_, 1), {config_.width});
  const Variable x_BTC = positions_.forward(context, words_.forward(context, ids_BT));
  return dropout_.forward(context, norm_.forward(context, ops::add(context, x_BTC, type_C)));
}

Variable BertEncoder::forward_block(Context& context, std::size_t index, const Variable& x_BTC, const Tensor& lengths_B,
                                    const nn::TokenRows& rows) const {
  const Block& block = blocks_[index];
  const auto mlp = [&](const Variable& x, const Variable& residual) {
    const Variable hidden = block.up.forward(context, x, {.activation = config_.activation}, rows);
    return block.down.forward(context, hidden, {.residual = residual}, rows);
  };
  // Dropout stands between branch and sum; without it the sum is part of the last product.
  if (block.attention_dropout.active(context)) {
    const Variable branch = block.attention.forward(context, x_BTC, lengths_B, {}, rows);
    const Variable y = block.norm1.forward(
        context, ops::add(context, x_BTC, block.attention_dropout.forward(context, branch, rows)), rows);
    return block.norm2.forward(context, ops::add(context, y, block.mlp_dropout.forward(context, mlp(y, {}), rows)),
                               rows);
  }
  const Variable y =
      block.norm1.forward(context, block.attention.forward(context, x_BTC, lengths_B, x_BTC, rows), rows);
  return block.norm2.forward(context, mlp(y, y), rows);
}

Variable BertEncoder::forward(Context& context, const Tensor& ids_BT, const Tensor& lengths_B) const {
  if (ids_BT.rank() != 2 || ids_BT.dim(1) < 1 || ids_BT.dim(1) > config_.positions)
    throw Failure(ErrorKind::invalid_input, "encode texts",
                  "their ids have shape " + to_string(ids_BT.shape()) + ", the encoder reads [batch, at most " +
                      std::to_string(config_.positions) + "]");
  const Variable x_BTC = embed(context, ids_BT);
  const nn::TokenRows rows = nn::token_rows(context, x_BTC);
  Variable x = nn::divide_rows(context, x_BTC, rows);
  for (std::size_t block = 0; block < blocks_.size(); ++block) x = forward_block(context, block, x, lengths_B, rows);
  return nn::join_rows(context, x, rows);
}

Variable BertEncoder::pooled(Context& context, const Tensor& ids_BT, const Tensor& lengths_B) const {
  return ops::masked_mean(context, forward(context, ids_BT, lengths_B), lengths_B);
}

}  // namespace athanor::models
