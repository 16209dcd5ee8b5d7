#include "core/models/decoder/decoder.h"

#include "core/ops/layout.h"
#include "core/ops/loss.h"
#include "kernels/base/error.h"

#include <array>

namespace athanor::models {

namespace {

[[noreturn]] void refuse(const std::string& cause, const std::string& remedy) {
  throw Failure(ErrorKind::invalid_input, "build the decoder model", cause, remedy);
}

const DecoderConfig& checked(const DecoderConfig& config) {
  if (config.vocabulary < 1) refuse("the vocabulary is empty", "Prepare the data set again");
  if (config.heads < 1 || config.width % config.heads != 0)
    refuse("model.heads does not divide model.width", "Choose a divisor of " + std::to_string(config.width));
  return config;
}

}  // namespace

Decoder::Decoder(Context& context, const DecoderConfig& config, std::uint64_t seed)
    : config_(checked(config)),
      words_(nn::Scope(context, parameters_, seed, "words")
                 .parameter(
                     "weight", {config.vocabulary, config.width},
                     {.init = nn::Init::normal(config.word_deviation),
                      .division = nn::vocabulary_division(nn::Scope(context, parameters_, seed), config.vocabulary)})),
      positions_(nn::Scope(context, parameters_, seed, "positions"), config.max_tokens, config.width),
      blocks_(nn::make_blocks(nn::Scope(context, parameters_, seed, "blocks"), config.depth,
                              {.width = config.width,
                               .heads = config.heads,
                               .mlp_ratio = config.mlp_ratio,
                               .dropout = config.dropout,
                               .causal = true})),
      norm_(nn::Scope(context, parameters_, seed, "norm"), config.width),
      head_(config.tied ? words_
                        : nn::Scope(context, parameters_, seed, "head")
                              .parameter("weight", {config.vocabulary, config.width},
                                         {.init = nn::Init::fan_in(config.width),
                                          .division = nn::vocabulary_division(nn::Scope(context, parameters_, seed),
                                                                              config.vocabulary)})) {}

Variable Decoder::hidden(Context& context, const Tensor& ids_BT) const {
  if (ids_BT.rank() != 2 || ids_BT.dim(1) < 1 || ids_BT.dim(1) > config_.max_tokens)
    throw Failure(ErrorKind::invalid_input, "read tokens",
                  "their ids have shape " + to_string(ids_BT.shape()) + ", the model reads [batch, at most " +
                      std::to_string(config_.max_tokens) + "]");
  const Variable x_BTC = positions_.forward(context, nn::look_up(context, words_, ids_BT));
  return norm_.forward(context, nn::forward_blocks(context, blocks_, x_BTC, {}));
}

namespace {

std::int64_t first_word(const Parameter& head) { return head->shard->boxes.front().offset.front(); }

}  // namespace

Variable Decoder::forward(Context& context, const Tensor& ids_BT) const {
  const Variable x_BTC = hidden(context, ids_BT);
  if (!head_->shard) return ops::linear(context, x_BTC, head_, {});
  // Everybody's logits between zeros, and the sum of all.
  const Variable own = ops::linear(context, ops::copy_to_group(context, x_BTC), head_, {});
  const std::int64_t before = first_word(head_), behind = config_.vocabulary - before - own.dim(-1);
  const auto zeros = [&](std::int64_t words) {
    return Variable(
        context.full({x_BTC.dim(0), x_BTC.dim(1), words}, 0.0F, MemoryTag::activations, own.value().dtype()));
  };
  const std::array parts{zeros(before), own, zeros(behind)};
  return ops::reduce_from_group(context, ops::concat(context, parts, -1));
}

Variable Decoder::loss(Context& context, const Tensor& ids_BT, const Tensor& next_BT) const {
  const Variable x_BTC = hidden(context, ids_BT);
  if (!head_->shard) return ops::linear_cross_entropy(context, x_BTC, head_, {}, next_BT);
  const Variable own = ops::linear(context, ops::copy_to_group(context, x_BTC), head_, {});
  return ops::divided_cross_entropy(context, ops::cast(context, own, DType::f32), next_BT,
                                    static_cast<std::int32_t>(first_word(head_)));
}

}  // namespace athanor::models
