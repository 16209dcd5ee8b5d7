// A BERT text encoder in the Hugging Face layout, small enough to be written by each test.
#pragma once

#include "core/base/files.h"
#include "core/checkpoint/safetensors.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

namespace athanor::runner {

inline constexpr std::int64_t kTinyWidth = 16;
inline constexpr std::int64_t kTinyForward = 32;
inline constexpr std::int64_t kTinyPositions = 16;

// 4 special tokens, the letters, and the letters within words.
inline std::string tiny_vocabulary() {
  std::string out = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n";
  for (char c = 'a'; c <= 'z'; ++c) out += fmt::format("{}\n##{}\n", c, c);
  return out;
}

struct TinyArray {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

// Numbers that differ from array to array and from place to place.
inline std::vector<TinyArray> tiny_arrays(int depth) {
  std::vector<TinyArray> out;
  const auto add = [&out](std::string name, std::vector<std::int64_t> shape) {
    std::size_t count = 1;
    for (const std::int64_t dim : shape) count *= static_cast<std::size_t>(dim);
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = (static_cast<float>((i * 37 + out.size() * 11) % 101) - 50.0F) / 400.0F;
    }
    if (name.find("LayerNorm.weight") != std::string::npos) values.assign(count, 1.0F);
    out.push_back({std::move(name), std::move(shape), std::move(values)});
  };
  const auto layer = [&](const std::string& name, std::int64_t rows, std::int64_t columns) {
    add(name + ".weight", {rows, columns});
    add(name + ".bias", {rows});
  };
  const auto norm = [&](const std::string& name) {
    add(name + ".LayerNorm.weight", {kTinyWidth});
    add(name + ".LayerNorm.bias", {kTinyWidth});
  };
  add("embeddings.word_embeddings.weight", {56, kTinyWidth});
  add("embeddings.position_embeddings.weight", {kTinyPositions, kTinyWidth});
  add("embeddings.token_type_embeddings.weight", {2, kTinyWidth});
  norm("embeddings");
  for (int i = 0; i < depth; ++i) {
    const std::string block = fmt::format("encoder.layer.{}.", i);
    for (const char* part : {"query", "key", "value"}) {
      layer(block + "attention.self." + part, kTinyWidth, kTinyWidth);
    }
    layer(block + "attention.output.dense", kTinyWidth, kTinyWidth);
    norm(block + "attention.output");
    layer(block + "intermediate.dense", kTinyForward, kTinyWidth);
    layer(block + "output.dense", kTinyWidth, kTinyForward);
    norm(block + "output");
  }
  layer("pooler.dense", kTinyWidth, kTinyWidth);
  return out;
}

inline void write_tiny_encoder(const std::filesystem::path& folder, int depth = 2, int weights_depth = 2) {
  std::filesystem::create_directories(folder);
  (void)value_or_throw(write_file_flushed(folder / "vocab.txt", tiny_vocabulary()).map([] { return 0; }));
  (void)value_or_throw(
      write_file_flushed(folder / "config.json",
                         fmt::format(R"({{"model_type":"bert","vocab_size":56,"hidden_size":{},"num_hidden_layers":{},)"
                                     R"("num_attention_heads":2,"intermediate_size":{},"max_position_embeddings":{},)"
                                     R"("type_vocab_size":2,"layer_norm_eps":1e-12,"hidden_act":"gelu"}})",
                                     kTinyWidth, depth, kTinyForward, kTinyPositions))
          .map([] { return 0; }));
  const auto arrays = tiny_arrays(weights_depth);
  std::vector<checkpoint::ArrayView> views;
  for (const TinyArray& array : arrays) views.push_back({array.name, array.shape, array.values});
  (void)value_or_throw(checkpoint::write_safetensors(folder / "model.safetensors", views));
}

}  // namespace athanor::runner
