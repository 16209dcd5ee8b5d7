#include "core/assembly/encoder.h"

#include "core/assembly/assembly.h"
#include "core/assembly/judge.h"
#include "core/base/files.h"
#include "core/base/paths.h"
#include "core/checkpoint/encoder_folder.h"
#include "core/checkpoint/foreign_weights.h"
#include "core/models/two_tower/two_tower.h"

#include <fmt/format.h>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

Activation activation_of(const std::string& name) {
  if (name == "relu") return Activation::relu;
  return name == "gelu_new" ? Activation::gelu_tanh : Activation::gelu_erf;
}

// Configurations, vocabularies and licences; never weights, nor what says where they lie and what their digests are.
bool comes_along(const fs::path& file) {
  const std::string name = file.filename().string(), extension = file.extension().string();
  if (file.stem() == "card") return false;
  return (extension == ".json" && !name.ends_with(".index.json")) || extension == ".txt" || extension == ".md" ||
         name.starts_with("LICENSE");
}

}  // namespace

bool has_text_encoder(const recipe::Recipe& recipe) {
  return recipe.text("model.text_tower") != recipe::kSmallTextTower;
}

Result<fs::path> encoder_folder(const std::string& name_or_path) {
  std::error_code code;
  if (is_safe_name(name_or_path)) {
    if (fs::path folder = weights_dir() / name_or_path; fs::is_directory(folder, code)) return folder;
  }
  if (fs::is_directory(name_or_path, code)) return fs::absolute(name_or_path);
  return fail(ErrorKind::invalid_input, "find the text encoder " + name_or_path,
              fmt::format("there is neither {} nor a folder of that name", (weights_dir() / name_or_path).string()),
              fmt::format("name a folder in the Hugging Face layout, or {}, which `athanor-run prepare {}` makes",
                          kTextEncoder, kTextEncoder));
}

Result<models::BertConfig> encoder_config(const recipe::Recipe& recipe) {
  const auto folder = encoder_folder(recipe.text("model.text_tower"));
  if (!folder) return tl::unexpected(folder.error());
  const auto facts = checkpoint::read_encoder_facts(*folder);
  if (!facts) return tl::unexpected(facts.error());
  models::BertConfig out;
  out.vocabulary = facts->vocabulary;
  out.width = facts->width;
  out.depth = facts->depth;
  out.heads = facts->heads;
  out.feed_forward = facts->feed_forward;
  out.positions = facts->positions;
  out.token_types = facts->token_types;
  out.norm_eps = static_cast<float>(facts->norm_eps);
  out.activation = activation_of(facts->activation);
  out.dropout = static_cast<float>(recipe.real("model.dropout"));
  return out;
}

void store_encoder(const recipe::Recipe& recipe, const Context& context, const std::vector<Parameter>& parameters,
                   const fs::path& folder) {
  const std::string intention = fmt::format("write the text encoder to {}", folder.string());
  if (!has_text_encoder(recipe)) {
    throw Failure(ErrorKind::invalid_input, intention, "the run's text tower is small and no encoder of others",
                  "Export its weights with --weights");
  }
  const fs::path source = value_or_throw(encoder_folder(recipe.text("model.text_tower")));
  try {
    std::vector<fs::path> files;  // listed first: the folder may lie within the source
    for (const auto& entry : fs::recursive_directory_iterator(source)) {
      if (entry.is_regular_file() && comes_along(entry.path())) files.push_back(entry.path());
    }
    fs::create_directories(folder);
    if (fs::equivalent(source, folder)) {
      throw Failure(ErrorKind::invalid_input, intention, "the encoder that the run began with lies there",
                    "Name another folder");
    }
    for (const fs::path& file : files) {
      const fs::path target = folder / fs::relative(file, source);
      fs::create_directories(target.parent_path());
      fs::copy_file(file, target, fs::copy_options::overwrite_existing);
    }
  } catch (const fs::filesystem_error& error) {
    Error refused = write_refusal(intention, error.code().value());
    refused.remedy = "Make room, or name a folder that can be written";
    throw Failure(std::move(refused));
  }
  value_or_throw(train::store_pretrained(context, parameters, models::kTextEncoderPath, folder / "model.safetensors",
                                         checkpoint::bert_names()));
}

nn::FinetuneOptions finetune_options(const recipe::Recipe& recipe) {
  nn::FinetuneOptions out;
  out.freeze = recipe.list("finetune.freeze");
  out.lora_targets = recipe.list("finetune.lora_targets");
  out.lora = {.rank = recipe.integer("finetune.lora_rank"),
              .alpha = static_cast<float>(recipe.real("finetune.lora_alpha")),
              .dropout = static_cast<float>(recipe.real("finetune.lora_dropout"))};
  out.pretrained = models::kTextEncoderPath;
  out.layer_decay = static_cast<float>(recipe.real("finetune.layer_decay"));
  return out;
}

std::optional<train::Pretrained> load_weights(const recipe::Recipe& recipe, Context& context,
                                              const std::vector<Parameter>& parameters) {
  const std::string& weights = recipe.text("finetune.weights");
  if (weights.empty()) return std::nullopt;
  return value_or_throw(train::load_pretrained(context, parameters, models::kTextEncoderPath,
                                               value_or_throw(encoder_folder(weights)), checkpoint::bert_names()));
}

std::string describe(const train::Pretrained& pretrained, const std::string& weights) {
  std::string out = fmt::format("Weights: {} arrays with {} numbers of {} from {}", pretrained.arrays, pretrained.numel,
                                models::kTextEncoderPath, weights);
  if (!pretrained.unused.empty()) out += fmt::format("; without a place here: {}", fmt::join(pretrained.unused, ", "));
  return out + ".";
}

}  // namespace athanor::runner
