#include "core/checkpoint/encoder_folder.h"

#include "core/base/files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace athanor::checkpoint {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr std::uintmax_t kMostBytes = 10'000'000;
constexpr std::array<std::string_view, 3> kActivations = {"gelu", "gelu_new", "relu"};

// Why a configuration cannot be used; thrown to read_encoder_facts().
struct Refused {
  ErrorKind kind;
  std::string cause;
};

json read_json(const fs::path& file) {
  std::error_code code;
  const auto bytes = fs::file_size(file, code);
  if (code)
    throw Refused{ErrorKind::invalid_input, fmt::format("{} cannot be read: {}", file.string(), code.message())};
  if (bytes > kMostBytes) throw Refused{ErrorKind::corrupt, fmt::format("{} is too large", file.string())};
  json document = json::parse(value_or_throw(read_file(file)), nullptr, false);
  if (!document.is_object()) throw Refused{ErrorKind::corrupt, fmt::format("{} is no JSON object", file.string())};
  return document;
}

std::int64_t whole(const json& document, const char* field, std::int64_t low, std::int64_t high) {
  const auto found = document.find(field);
  if (found == document.end()) throw Refused{ErrorKind::invalid_input, fmt::format("it has no {}", field)};
  const bool usable = found->is_number_integer() && *found >= low && *found <= high;
  if (!usable) {
    throw Refused{ErrorKind::invalid_input,
                  fmt::format("its {} is {}, not a whole number from {} to {}", field, found->dump(), low, high)};
  }
  return found->get<std::int64_t>();
}

void demand(const json& document, const char* field, const json& wanted) {
  const auto found = document.find(field);
  if (found == document.end() || *found == wanted) return;
  throw Refused{ErrorKind::invalid_input,
                fmt::format("its {} is {}, only {} is known here", field, found->dump(), wanted.dump())};
}

EncoderFacts read_config(const json& config) {
  if (!config.contains("model_type")) throw Refused{ErrorKind::invalid_input, "it has no model_type"};
  demand(config, "model_type", "bert");
  demand(config, "position_embedding_type", "absolute");
  EncoderFacts out;
  out.vocabulary = whole(config, "vocab_size", 1, 10'000'000);
  out.width = whole(config, "hidden_size", 1, 65'536);
  out.depth = whole(config, "num_hidden_layers", 0, 1'000);
  out.heads = whole(config, "num_attention_heads", 1, 65'536);
  out.feed_forward = whole(config, "intermediate_size", 1, 1'000'000);
  out.positions = whole(config, "max_position_embeddings", 1, 1'000'000);
  out.token_types = whole(config, "type_vocab_size", 1, 1'000);
  out.norm_eps = config.value("layer_norm_eps", json(1e-12)).is_number() ? config.value("layer_norm_eps", 1e-12) : -1;
  if (!(out.norm_eps >= 0 && out.norm_eps < 1))
    throw Refused{ErrorKind::invalid_input, "its layer_norm_eps is no number from 0 to 1"};
  if (out.width % out.heads != 0) {
    throw Refused{ErrorKind::invalid_input,
                  fmt::format("its num_attention_heads ({}) do not divide its hidden_size ({})", out.heads, out.width)};
  }
  const json activation = config.value("hidden_act", json("gelu"));
  if (!activation.is_string() || std::ranges::find(kActivations, activation.get<std::string>()) == kActivations.end()) {
    throw Refused{ErrorKind::invalid_input, fmt::format("its hidden_act {} is not known here", activation.dump())};
  }
  out.activation = activation.get<std::string>();
  out.max_tokens = out.positions;
  return out;
}

}  // namespace

Result<EncoderFacts> read_encoder_facts(const fs::path& folder) {
  const std::string intention = fmt::format("read the text encoder in {}", folder.string());
  try {
    EncoderFacts out = read_config(read_json(folder / "config.json"));
    std::error_code code;
    if (const fs::path file = folder / "sentence_bert_config.json"; fs::exists(file, code)) {
      out.max_tokens = std::min(out.positions, whole(read_json(file), "max_seq_length", 1, 1'000'000));
    }
    if (const fs::path file = folder / "1_Pooling" / "config.json"; fs::exists(file, code)) {
      const json pooling = read_json(file);
      demand(pooling, "pooling_mode_mean_tokens", true);
      demand(pooling, "pooling_mode_cls_token", false);
      demand(pooling, "pooling_mode_max_tokens", false);
    }
    return out;
  } catch (const Refused& refused) {
    return fail(refused.kind, intention, refused.cause, "use a BERT encoder in the Hugging Face layout");
  } catch (const Failure& failure) {
    return tl::unexpected(failure.error());
  }
}

}  // namespace athanor::checkpoint
