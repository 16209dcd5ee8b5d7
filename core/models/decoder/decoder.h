// decoder: a causal transformer that predicts the next token (Radford et al. 2019, "Language models are unsupervised
// multitask learners").
//   words + positions -> causal blocks -> norm -> head; the head may be the table of words itself
// Letters: B batch, T tokens, C channels, V vocabulary.
#pragma once

#include "core/nn/transformer.h"

#include <vector>

namespace athanor::models {

struct DecoderConfig {
  std::int64_t vocabulary = 0;
  std::int64_t max_tokens = 256;
  std::int64_t width = 256, depth = 6, heads = 4;
  double mlp_ratio = 4.0;
  float dropout = 0.0f;
  bool tied = true;              // the head is the table of words, without a bias
  float word_deviation = 0.02f;  // of the initial word vectors
};

// Parameters: words, positions, blocks.<i>, norm; without `tied` also head.weight.
class Decoder {
 public:
  // Throws Failure(invalid_input) naming the field when sizes do not fit together.
  Decoder(Context& context, const DecoderConfig& config, std::uint64_t seed);

  // ids i32 [B,T], T <= max_tokens -> [B,T,C]
  [[nodiscard]] Variable hidden(Context& context, const Tensor& ids_BT) const;
  // Logits [B,T,V] of the token after each.
  [[nodiscard]] Variable forward(Context& context, const Tensor& ids_BT) const;
  // Mean cross-entropy [1] of the token after each, next i32 [B,T] (kIgnoredTarget: not counted), without the logits.
  [[nodiscard]] Variable loss(Context& context, const Tensor& ids_BT, const Tensor& next_BT) const;

  [[nodiscard]] const std::vector<Parameter>& named_parameters() const noexcept { return parameters_.all(); }
  [[nodiscard]] const DecoderConfig& config() const noexcept { return config_; }

 private:
  DecoderConfig config_;
  nn::ParameterSet parameters_;
  Parameter words_;
  nn::Positions positions_;
  std::vector<nn::TransformerBlock> blocks_;
  nn::LayerNorm norm_;
  Parameter head_;
};

}  // namespace athanor::models
