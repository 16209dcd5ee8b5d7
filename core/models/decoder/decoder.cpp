#include "core/models/decoder/decoder.h"

#include "core/ops/index.h"
#include "core/ops/loss.h"
#include "kernels/base/error.h"

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
                 .parameter("weight", {config.vocabulary, config.width},
                            {.init = nn::Init::normal(config.word_deviation)})),
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
                                         {.init = nn::Init::fan_in(config.width)})) {}

Variable Decoder::hidden(Context& context, const Tensor& ids_BT) const {
  if (ids_BT.rank() != 2 || ids_BT.dim(1) < 1 || ids_BT.dim(1) > config_.max_tokens)
    throw Failure(ErrorKind::invalid_input, "read tokens",
                  "their ids have shape " + to_string(ids_BT.shape()) + ", the model reads [batch, at most " +
                      std::to_string(config_.max_tokens) + "]");
  Variable x_BTC = positions_.forward(context, ops::embedding(context, words_, ids_BT));
  for (const auto& block : blocks_) x_BTC = block.forward(context, x_BTC, {});
  return norm_.forward(context, x_BTC);
}

Variable Decoder::forward(Context& context, const Tensor& ids_BT) const {
  return ops::linear(context, hidden(context, ids_BT), head_, {});
}

Variable Decoder::loss(Context& context, const Tensor& ids_BT, const Tensor& next_BT) const {
  return ops::linear_cross_entropy(context, hidden(context, ids_BT), head_, {}, next_BT);
}

}  // namespace athanor::models
