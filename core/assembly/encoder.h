// A recipe's foreign text encoder: where its folder is, and its facts in the model's own words.
#pragma once

#include "core/base/result.h"
#include "core/models/bert/bert.h"
#include "core/nn/finetune.h"
#include "core/recipe/recipe.h"
#include "core/train/pretrained.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace athanor::runner {

[[nodiscard]] bool has_text_encoder(const recipe::Recipe& recipe);
// The folder that a name or path in model.text_tower or finetune.weights means: <ATHANOR_HOME>/weights/<name> where
// that is there, else the path itself. invalid_input, with what to run, when there is neither.
[[nodiscard]] Result<std::filesystem::path> encoder_folder(const std::string& name_or_path);
// Of model.text_tower, which must name an encoder.
[[nodiscard]] Result<models::BertConfig> encoder_config(const recipe::Recipe& recipe);

// Writes the text encoder of a recipe's model as a folder in the layout it was read from, which any program that read
// the one can read: weights under their foreign names, and beside them what came with them. Throws Failure:
// invalid_input when the recipe has no encoder, io.
void store_encoder(const recipe::Recipe& recipe, const Context& context, const std::vector<Parameter>& parameters,
                   const std::filesystem::path& folder);

// What the recipe says of freezing, adapters and rates.
[[nodiscard]] nn::FinetuneOptions finetune_options(const recipe::Recipe& recipe);
// Loads the weights where the recipe names some; in a dry context names and shapes are compared. What was loaded;
// nothing without weights. Throws Failure.
std::optional<train::Pretrained> load_weights(const recipe::Recipe& recipe, Context& context,
                                              const std::vector<Parameter>& parameters);

// One line for people: how much was loaded from where, and which of the file's arrays have no place here.
[[nodiscard]] std::string describe(const train::Pretrained& pretrained, const std::string& weights);

}  // namespace athanor::runner
