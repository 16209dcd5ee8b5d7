// What of a model learns, and how fast: freezing, adapters and rates by layer, all chosen by dotted paths and applied
// from outside after the model was built and its weights were loaded.
//
// A pattern is a dotted path in which `*` stands for any run of characters. It means the parameter of that path and
// everything beneath it: "text_tower" is the whole tower, "text_tower.encoder.blocks.*.attention" every block's
// attention.
#pragma once

#include "core/nn/low_rank.h"

#include <string>
#include <string_view>
#include <vector>

namespace athanor::nn {

[[nodiscard]] bool path_matches(std::string_view pattern, std::string_view path) noexcept;

struct FinetuneOptions {
  std::vector<std::string> freeze;        // patterns
  std::vector<std::string> lora_targets;  // patterns; of what they match, the weights of linear layers are adapted
  LowRankConfig lora = {.rank = 0};       // rank 0: no adapters
  // The rates beneath `pretrained` ("text_tower.encoder") are multiplied by layer_decay ^ (distance from its top):
  // 1 for the last block, depth + 1 for what stands before the first (Howard and Ruder 2018, arXiv:1801.06146).
  std::string pretrained;
  float layer_decay = 1.0f;
};

// Throws Failure(invalid_input) naming a pattern that matches nothing, with the nearest path, and when nothing at all
// would learn.
void apply_finetune(Context& context, ParameterSet& parameters, const FinetuneOptions& options, std::uint64_t seed);

enum class Learning { trained, frozen, adapter };
[[nodiscard]] const char* to_string(Learning learning) noexcept;

// Parameters of like place and like treatment, counted together; numbers in paths are "*".
struct PartSummary {
  std::string path;  // "text_tower.encoder.blocks.*"
  Learning learning = Learning::trained;
  std::int64_t arrays = 0;
  std::int64_t numel = 0;
};
[[nodiscard]] std::vector<PartSummary> summarise(const ParameterSet& parameters);
[[nodiscard]] std::int64_t trainable_numel(const ParameterSet& parameters);

}  // namespace athanor::nn
