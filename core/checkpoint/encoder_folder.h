// What the configuration in a Hugging Face folder says of a BERT text encoder, as plain numbers, each checked before
// anything is made of it.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace athanor::checkpoint {

struct EncoderFacts {
  std::int64_t vocabulary = 0, width = 0, depth = 0, heads = 0, feed_forward = 0, positions = 0, token_types = 0;
  double norm_eps = 0;
  std::string activation;       // "gelu", "gelu_new", "relu"
  std::int64_t max_tokens = 0;  // that texts are cut to; positions where nothing is said
};

// Reads config.json, and where they are there sentence_bert_config.json and 1_Pooling/config.json. invalid_input names
// the field that is missing, out of range, or asks for what is not known here (another model_type, another pooling).
[[nodiscard]] Result<EncoderFacts> read_encoder_facts(const std::filesystem::path& folder);

}  // namespace athanor::checkpoint
