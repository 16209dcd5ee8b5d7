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
  const Variable x_BTC = tokens(context, stem_.forward(context, images_BHWC));
  return embedding(context, nn::forward_blocks(context, blocks_, x_BTC, {}));
}

Variable ImageTower::tokens(Context& context, const Variable& grid_BHWC) const {
  Variable x_BTC = ops::reshape(context, grid_BHWC, {grid_BHWC.dim(0), tokens_, grid_BHWC.dim(3)});
  if (project_) x_BTC = project_->forward(context, x_BTC);
  return positions_.forward(context, x_BTC);
}

Variable ImageTower::embedding(Context& context, const Variable& x_BTC) const {
  const Variable pooled_BC = ops::masked_mean(context, norm_.forward(context, x_BTC));
  return ops::l2_normalize(context, head_.forward(context, dropout_.forward(context, pooled_BC)));
}

void ImageTower::add_layers(const std::string& path, std::vector<ChainLayer>& layers) const {
  const auto add = [&](std::vector<std::string> modules, auto step) {
    for (std::string& module : modules) module = path + "." + module;
    layers.push_back(
        {std::move(modules), [step](Context& context, const std::vector<Tensor>& inputs, Streams& streams) {
           Variable& image = streams[0];
           image = step(context, image.present() ? image : Variable(inputs[0]));
         }});
  };
  for (std::size_t stage = 0; stage < stem_.stages(); ++stage)
    add({"stem." + std::to_string(stage)},
        [this, stage](Context& context, const Variable& x) { return stem_.forward_stage(context, stage, x); });
  add({"project", "positions"}, [this](Context& context, const Variable& x) { return tokens(context, x); });
  for (std::size_t block = 0; block < blocks_.size(); ++block)
    add({"blocks." + std::to_string(block)},
        [this, block](Context& context, const Variable& x) { return blocks_[block].forward(context, x, {}); });
  add({"norm", "head"}, [this](Context& context, const Variable& x) { return embedding(context, x); });
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
  const Variable x_BTC = positions_.forward(context, words_.forward(context, ids_BT));
  return embedding(context, nn::forward_blocks(context, blocks_, x_BTC, lengths_B), lengths_B);
}

Variable TextTower::embedding(Context& context, const Variable& x_BTC, const Tensor& lengths_B) const {
  const Variable pooled_BC = ops::masked_mean(context, norm_.forward(context, x_BTC), lengths_B);
  return ops::l2_normalize(context, head_.forward(context, dropout_.forward(context, pooled_BC)));
}

namespace {

void add_text_layer(const std::string& path, std::vector<std::string> modules, std::vector<ChainLayer>& layers,
                    std::function<Variable(Context&, const std::vector<Tensor>& inputs, const Variable& x)> step) {
  for (std::string& module : modules) module = path + "." + module;
  layers.push_back({std::move(modules),
                    [step = std::move(step)](Context& context, const std::vector<Tensor>& inputs, Streams& streams) {
                      streams[1] = step(context, inputs, streams[1]);
                    }});
}

}  // namespace

void TextTower::add_layers(const std::string& path, std::vector<ChainLayer>& layers) const {
  using Inputs = std::vector<Tensor>;
  add_text_layer(path, {"words", "positions"}, layers, [this](Context& context, const Inputs& inputs, const Variable&) {
    return positions_.forward(context, words_.forward(context, inputs[1]));
  });
  for (std::size_t block = 0; block < blocks_.size(); ++block)
    add_text_layer(path, {"blocks." + std::to_string(block)}, layers,
                   [this, block](Context& context, const Inputs& inputs, const Variable& x) {
                     return blocks_[block].forward(context, x, inputs[2]);
                   });
  add_text_layer(path, {"norm", "head"}, layers, [this](Context& context, const Inputs& inputs, const Variable& x) {
    return embedding(context, x, inputs[2]);
  });
}

BertTower::BertTower(const nn::Scope& scope, const TwoTowerConfig& config)
    : encoder_(scope.child("encoder"), *config.bert),
      dropout_(scope.child("head"), config.dropout),
      head_(scope.child("head"), {.in = config.bert->width, .out = config.embedding_dim}) {}

Variable BertTower::forward(Context& context, const Tensor& ids_BT, const Tensor& lengths_B) const {
  return embedding(context, encoder_.forward(context, ids_BT, lengths_B), lengths_B);
}

Variable BertTower::embedding(Context& context, const Variable& x_BTC, const Tensor& lengths_B) const {
  const Variable pooled_BC = ops::masked_mean(context, x_BTC, lengths_B);
  return ops::l2_normalize(context, head_.forward(context, dropout_.forward(context, pooled_BC)));
}

void BertTower::add_layers(const std::string& path, std::vector<ChainLayer>& layers) const {
  using Inputs = std::vector<Tensor>;
  add_text_layer(path, {"encoder.embeddings"}, layers, [this](Context& context, const Inputs& inputs, const Variable&) {
    return encoder_.embed(context, inputs[1]);
  });
  for (std::size_t block = 0; block < encoder_.blocks(); ++block)
    add_text_layer(path, {"encoder.blocks." + std::to_string(block)}, layers,
                   [this, block](Context& context, const Inputs& inputs, const Variable& x) {
                     return encoder_.forward_block(context, block, x, inputs[2]);
                   });
  add_text_layer(path, {"head"}, layers, [this](Context& context, const Inputs& inputs, const Variable& x) {
    return embedding(context, x, inputs[2]);
  });
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

std::vector<ChainLayer> TwoTower::layers() const {
  std::vector<ChainLayer> out;
  image_tower_.add_layers("image_tower", out);
  std::visit([&](const auto& tower) { tower.add_layers("text_tower", out); }, text_tower_);
  return out;
}

TwoTowerOutput TwoTower::forward(Context& context, const Variable& images_BHWC, const Tensor& ids_BT,
                                 const Tensor& lengths_B) const {
  return {.image_BD = encode_images(context, images_BHWC),
          .text_BD = encode_texts(context, ids_BT, lengths_B),
          .logit_scale = logit_scale_,
          .logit_bias = logit_bias_ ? Variable(logit_bias_) : Variable()};
}

}  // namespace athanor::models
