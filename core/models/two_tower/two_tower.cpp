#include "core/models/two_tower/two_tower.h"

#include "core/ops/index.h"
#include "kernels/base/error.h"

#include <cmath>

namespace athanor::models {

namespace {

[[noreturn]] void refuse(const std::string& cause, const std::string& remedy) {
  throw Failure(ErrorKind::invalid_input, "build the two_tower model", cause, remedy);
}

const TwoTowerConfig& checked(const TwoTowerConfig& config) {
  const auto text = [](std::int64_t number) { return std::to_string(number); };
  const std::int64_t halvings = std::int64_t{1} << config.stem_channels.size();
  if (config.image_px < halvings || config.image_px % halvings != 0)
    refuse("pictures of " + text(config.image_px) + " px cannot be halved " +
               std::to_string(config.stem_channels.size()) + " times",
           "Make data.image_px a multiple of " + text(halvings));
  if (config.image_heads < 1 || config.image_width % config.image_heads != 0)
    refuse("model.image_heads does not divide model.image_width", "Choose a divisor of " + text(config.image_width));
  if (config.bert && config.max_tokens > config.bert->positions)
    refuse("texts of " + text(config.max_tokens) + " tokens are longer than the text encoder reads",
           "Set data.max_tokens to at most " + text(config.bert->positions));
  if (config.bert && config.vocabulary > config.bert->vocabulary)
    refuse("the tokenizer knows " + text(config.vocabulary) + " words, the text encoder's table " +
               text(config.bert->vocabulary),
           "Use the tokenizer that the encoder came with");
  if (config.bert) return config;
  if (config.text_heads < 1 || config.text_width % config.text_heads != 0)
    refuse("model.text_heads does not divide model.text_width", "Choose a divisor of " + text(config.text_width));
  if (config.vocabulary < 1) refuse("the vocabulary is empty", "Prepare the data set again");
  return config;
}

nn::TransformerConfig blocks_config(const TwoTowerConfig& config, std::int64_t width, std::int64_t heads) {
  return {.width = width, .heads = heads, .mlp_ratio = config.mlp_ratio, .dropout = config.dropout};
}

}  // namespace

ImageTower::ImageTower(const nn::Scope& scope, const TwoTowerConfig& config)
    : tokens_(config.image_tokens()),
      width_(config.image_width),
      stem_(scope.child("stem"), {.channels = config.stem_channels}),
      positions_(scope.child("positions"), tokens_, width_),
      blocks_(nn::make_blocks(scope.child("blocks"), config.image_depth,
                              blocks_config(config, width_, config.image_heads))),
      norm_(scope.child("norm"), width_),
      dropout_(scope.child("head"), config.dropout),
      head_(scope.child("head"), {.in = width_, .out = config.embedding_dim}) {
  const std::int64_t stem_width = config.stem_channels.empty() ? 3 : config.stem_channels.back();
  if (stem_width != width_) project_.emplace(scope.child("project"), nn::LinearConfig{.in = stem_width, .out = width_});
}

Variable ImageTower::forward(Context& context, const Variable& images_BHWC) const {
  const Variable grid_BHWC = stem_.forward(context, images_BHWC);
  Variable x_BTC = ops::reshape(context, grid_BHWC, {grid_BHWC.dim(0), tokens_, grid_BHWC.dim(3)});
  if (project_) x_BTC = project_->forward(context, x_BTC);
  x_BTC = positions_.forward(context, x_BTC);
  for (const auto& block : blocks_) x_BTC = block.forward(context, x_BTC, {});
  const Variable pooled_BC = ops::masked_mean(context, norm_.forward(context, x_BTC));
  return ops::l2_normalize(context, head_.forward(context, dropout_.forward(context, pooled_BC)));
}

TextTower::TextTower(const nn::Scope& scope, const TwoTowerConfig& config)
    : words_(scope.child("words"), config.vocabulary, config.text_width, config.word_deviation),
      positions_(scope.child("positions"), config.max_tokens, config.text_width),
      blocks_(nn::make_blocks(scope.child("blocks"), config.text_depth,
                              blocks_config(config, config.text_width, config.text_heads))),
      norm_(scope.child("norm"), config.text_width),
      dropout_(scope.child("head"), config.dropout),
      head_(scope.child("head"), {.in = config.text_width, .out = config.embedding_dim}) {}

Variable TextTower::forward(Context& context, const Tensor& ids_BT, const Tensor& lengths_B) const {
  Variable x_BTC = positions_.forward(context, words_.forward(context, ids_BT));
  for (const auto& block : blocks_) x_BTC = block.forward(context, x_BTC, lengths_B);
  const Variable pooled_BC = ops::masked_mean(context, norm_.forward(context, x_BTC), lengths_B);
  return ops::l2_normalize(context, head_.forward(context, dropout_.forward(context, pooled_BC)));
}

BertTower::BertTower(const nn::Scope& scope, const TwoTowerConfig& config)
    : encoder_(scope.child("encoder"), *config.bert),
      dropout_(scope.child("head"), config.dropout),
      head_(scope.child("head"), {.in = config.bert->width, .out = config.embedding_dim}) {}

Variable BertTower::forward(Context& context, const Tensor& ids_BT, const Tensor& lengths_B) const {
  const Variable pooled_BC = encoder_.pooled(context, ids_BT, lengths_B);
  return ops::l2_normalize(context, head_.forward(context, dropout_.forward(context, pooled_BC)));
}

namespace {

std::variant<TextTower, BertTower> make_text_tower(const nn::Scope& scope, const TwoTowerConfig& config) {
  if (config.bert) return BertTower(scope, config);
  return TextTower(scope, config);
}

}  // namespace

TwoTower::TwoTower(Context& context, const TwoTowerConfig& config, std::uint64_t seed)
    : config_(checked(config)),
      image_tower_(nn::Scope(context, parameters_, seed, "image_tower"), config_),
      text_tower_(make_text_tower(nn::Scope(context, parameters_, seed, "text_tower"), config_)),
      logit_scale_(nn::Scope(context, parameters_, seed)
                       .parameter("logit_scale", {1},
                                  {.init = nn::Init::constant(-std::log(config.initial_temperature)),
                                   .decays = false,
                                   .rate = config.temperature_rate})) {
  if (!config.initial_bias) return;
  logit_bias_ =
      nn::Scope(context, parameters_, seed)
          .parameter(
              "logit_bias", {1},
              {.init = nn::Init::constant(*config.initial_bias), .decays = false, .rate = config.temperature_rate});
}

Variable TwoTower::encode_images(Context& context, const Variable& images_BHWC) const {
  const Shape needed{images_BHWC.dim(0), config_.image_px, config_.image_px, 3};
  if (images_BHWC.rank() != 4 || images_BHWC.shape() != needed)
    throw Failure(ErrorKind::invalid_input, "encode pictures",
                  "they have shape " + to_string(images_BHWC.shape()) + ", the model reads " + to_string(needed));
  return image_tower_.forward(context, images_BHWC);
}

Variable TwoTower::encode_texts(Context& context, const Tensor& ids_BT, const Tensor& lengths_B) const {
  if (ids_BT.rank() != 2 || ids_BT.dim(1) < 1 || ids_BT.dim(1) > config_.max_tokens)
    throw Failure(ErrorKind::invalid_input, "encode texts",
                  "their ids have shape " + to_string(ids_BT.shape()) + ", the model reads [batch, at most " +
                      std::to_string(config_.max_tokens) + "]");
  return std::visit([&](const auto& tower) { return tower.forward(context, ids_BT, lengths_B); }, text_tower_);
}

TwoTowerOutput TwoTower::forward(Context& context, const Variable& images_BHWC, const Tensor& ids_BT,
                                 const Tensor& lengths_B) const {
  return {.image_BD = encode_images(context, images_BHWC),
          .text_BD = encode_texts(context, ids_BT, lengths_B),
          .logit_scale = logit_scale_,
          .logit_bias = logit_bias_ ? Variable(logit_bias_) : Variable()};
}

}  // namespace athanor::models
