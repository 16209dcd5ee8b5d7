// two_tower: pictures and texts mapped into one space of unit vectors (Radford et al. 2021, arXiv:2103.00020), with a
// convolutional stem before the picture's transformer.
//   picture:  stem -> (project) -> + positions -> blocks -> norm -> mean over tokens -> head -> unit length
//   text:     words + positions -> blocks -> norm -> mean over the words -> head -> unit length
//             or bert -> mean over the words -> head -> unit length
// A sample's result never depends on the other samples of its batch.
// Letters: B batch, H height, W width, T tokens, C channels, D embedding dim.
#pragma once

#include "core/models/bert/bert.h"
#include "core/models/chain.h"
#include "core/nn/conv_stem.h"
#include "core/nn/transformer.h"

#include <optional>
#include <variant>

namespace athanor::models {

struct TwoTowerConfig {
  std::int64_t image_px = 32;  // a multiple of 2^stages
  std::vector<std::int64_t> stem_channels{32, 64, 128, 192};
  std::int64_t image_width = 192, image_depth = 1, image_heads = 4;
  std::int64_t text_width = 128, text_depth = 1, text_heads = 4;
  double mlp_ratio = 2.0;
  float dropout = 0.0f;
  std::int64_t vocabulary = 0;
  std::int64_t max_tokens = 12;
  std::int64_t embedding_dim = 128;
  float initial_temperature = 0.2f;
  std::optional<float> initial_bias = {};  // of the logits; nothing: they have none
  float temperature_rate = 10.0f;          // its learning rate as a multiple of the weights'
  float word_deviation = 0.5f;             // of the initial word vectors
  // In place of the small text tower; text_width, text_depth and text_heads are then not asked.
  std::optional<BertConfig> bert = {};

  [[nodiscard]] std::int64_t grid() const { return image_px >> stem_channels.size(); }
  [[nodiscard]] std::int64_t image_tokens() const { return grid() * grid(); }
};

struct TwoTowerOutput {
  Variable image_BD, text_BD;  // unit rows
  Variable logit_scale;        // [1], the logarithm of 1/temperature
  Variable logit_bias;         // [1]; absent where the logits have none
};

class ImageTower {
 public:
  ImageTower(const nn::Scope& scope, const TwoTowerConfig& config);
  [[nodiscard]] Variable forward(Context& context, const Variable& images_BHWC) const;
  // The same as a part of TwoTower::layers(): input and stream 0.
  void add_layers(const std::string& path, std::vector<ChainLayer>& layers) const;

 private:
  [[nodiscard]] Variable tokens(Context& context, const Variable& grid_BHWC) const;
  [[nodiscard]] Variable embedding(Context& context, const Variable& x_BTC) const;

  std::int64_t tokens_, width_;
  nn::ConvStem stem_;
  std::optional<nn::Linear> project_;  // only when the stem ends in another width
  nn::Positions positions_;
  std::vector<nn::TransformerBlock> blocks_;
  nn::LayerNorm norm_;
  nn::Dropout dropout_;
  nn::Linear head_;
};

class TextTower {
 public:
  TextTower(const nn::Scope& scope, const TwoTowerConfig& config);
  [[nodiscard]] Variable forward(Context& context, const Tensor& ids_BT, const Tensor& lengths_B) const;
  // Inputs 1 and 2, stream 1.
  void add_layers(const std::string& path, std::vector<ChainLayer>& layers) const;

 private:
  [[nodiscard]] Variable embedding(Context& context, const Variable& x_BTC, const Tensor& lengths_B) const;

  nn::Embedding words_;
  nn::Positions positions_;
  std::vector<nn::TransformerBlock> blocks_;
  nn::LayerNorm norm_;
  nn::Dropout dropout_;
  nn::Linear head_;
};

class BertTower {
 public:
  BertTower(const nn::Scope& scope, const TwoTowerConfig& config);
  [[nodiscard]] Variable forward(Context& context, const Tensor& ids_BT, const Tensor& lengths_B) const;
  // Inputs 1 and 2, stream 1.
  void add_layers(const std::string& path, std::vector<ChainLayer>& layers) const;

 private:
  [[nodiscard]] Variable embedding(Context& context, const Variable& x_BTC, const Tensor& lengths_B) const;

  BertEncoder encoder_;
  nn::Dropout dropout_;
  nn::Linear head_;
};

// Where the weights of a text encoder belong that was trained elsewhere.
inline constexpr const char* kTextEncoderPath = "text_tower.encoder";

// Parameters: image_tower.{stem.<i>.conv, stem.<i>.norm, project, positions, blocks.<i>, norm, head},
// text_tower.{words, positions, blocks.<i>, norm, head} or text_tower.{encoder, head}, logit_scale, and
// logit_bias where the logits have one.
class TwoTower {
 public:
  // Throws Failure(invalid_input) naming the field when sizes do not fit together.
  TwoTower(Context& context, const TwoTowerConfig& config, std::uint64_t seed);

  // images f32 [B,px,px,3]; ids i32 [B,T], T <= max_tokens; lengths i32 [B], at least 1 each.
  [[nodiscard]] TwoTowerOutput forward(Context& context, const Variable& images_BHWC, const Tensor& ids_BT,
                                       const Tensor& lengths_B) const;
  [[nodiscard]] Variable encode_images(Context& context, const Variable& images_BHWC) const;
  [[nodiscard]] Variable encode_texts(Context& context, const Tensor& ids_BT, const Tensor& lengths_B) const;
  // The two encoders as a chain, the pictures' first. Inputs: images, ids, lengths; streams: image_BD, text_BD. Refers
  // to the model.
  [[nodiscard]] std::vector<ChainLayer> layers() const;
  [[nodiscard]] const Parameter& logit_scale() const noexcept { return logit_scale_; }
  [[nodiscard]] const Parameter& logit_bias() const noexcept { return logit_bias_; }  // null where there is none

  [[nodiscard]] const nn::ParameterSet& parameters() const noexcept { return parameters_; }
  // For what is added from outside, such as adapters.
  [[nodiscard]] nn::ParameterSet& parameters() noexcept { return parameters_; }
  // All parameters with their dotted paths, in the order in which they were made.
  [[nodiscard]] const std::vector<Parameter>& named_parameters() const noexcept { return parameters_.all(); }
  [[nodiscard]] const TwoTowerConfig& config() const noexcept { return config_; }

 private:
  TwoTowerConfig config_;
  nn::ParameterSet parameters_;
  ImageTower image_tower_;
  std::variant<TextTower, BertTower> text_tower_;
  Parameter logit_scale_, logit_bias_;
};

}  // namespace athanor::models
