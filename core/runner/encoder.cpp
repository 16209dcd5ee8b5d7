#include "core/runner/encoder.h"

#include "core/base/paths.h"
#include "core/checkpoint/encoder_folder.h"
#include "core/checkpoint/foreign_weights.h"
#include "core/models/two_tower/two_tower.h"
#include "core/runner/assembly.h"

#include <fmt/format.h>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

Activation activation_of(const std::string& name) {
  if (name == "relu") return Activation::relu;
  return name == "gelu_new" ? Activation::gelu_tanh : Activation::gelu_erf;
}

recipe::Fault fault(const recipe::Recipe& recipe, std::string_view path, const Error& error) {
  std::string reason = error.cause;
  // The causes of finetuning begin with the field itself.
  if (reason.starts_with(fmt::format("{}: ", path))) reason = reason.substr(path.size() + 2);
  if (!error.remedy.empty()) reason += "; " + error.remedy;
  return {recipe.line(path), std::string(path), std::move(reason)};
}

const char* blamed_field(const Error& error) {
  for (const char* field : {"finetune.freeze", "finetune.lora_targets"}) {
    if (error.cause.starts_with(field)) return field;
  }
  return error.intention.starts_with("load ") ? "finetune.weights" : "model.text_tower";
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
              is_safe_name(name_or_path) ? fmt::format("run `athanor-run prepare {}`", name_or_path) : "");
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
    throw Failure(ErrorKind::io, intention, error.what(), "Make room, or name a folder that can be written");
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

std::optional<train::Pretrained> prepare_learning(const recipe::Recipe& recipe, Context& context,
                                                  nn::ParameterSet& parameters) {
  std::optional<train::Pretrained> loaded;
  if (const std::string& weights = recipe.text("finetune.weights"); !weights.empty()) {
    loaded = value_or_throw(train::load_pretrained(context, parameters.all(), models::kTextEncoderPath,
                                                   value_or_throw(encoder_folder(weights)), checkpoint::bert_names()));
  }
  nn::apply_finetune(context, parameters, finetune_options(recipe),
                     static_cast<std::uint64_t>(recipe.integer("run.seed")));
  return loaded;
}

std::string describe(const train::Pretrained& pretrained, const std::string& weights) {
  std::string out = fmt::format("Weights: {} arrays with {} numbers of {} from {}", pretrained.arrays, pretrained.numel,
                                models::kTextEncoderPath, weights);
  if (!pretrained.unused.empty()) out += fmt::format("; without a place here: {}", fmt::join(pretrained.unused, ", "));
  return out + ".";
}

std::vector<recipe::Fault> judge_encoder(const recipe::Recipe& recipe) {
  std::vector<recipe::Fault> faults;
  if (has_text_encoder(recipe)) {
    if (const auto config = encoder_config(recipe); !config) {
      faults.push_back(fault(recipe, "model.text_tower", config.error()));
    } else if (recipe.integer("data.max_tokens") > config->positions) {
      faults.push_back({recipe.line("data.max_tokens"), "data.max_tokens",
                        fmt::format("must not exceed the {} tokens that the text encoder reads", config->positions)});
    }
  }
  const std::string& weights = recipe.text("finetune.weights");
  const auto folder = weights.empty() ? Result<fs::path>() : encoder_folder(weights);
  if (!folder) faults.push_back(fault(recipe, "finetune.weights", folder.error()));
  if (!faults.empty()) return faults;
  try {
    Context context({.threads = 1, .dry = true});
    models::TwoTower model(context, model_config(recipe, 1), 0);
    (void)prepare_learning(recipe, context, model.parameters());
  } catch (const Failure& failure) {
    faults.push_back(fault(recipe, blamed_field(failure.error()), failure.error()));
  }
  return faults;
}

}  // namespace athanor::runner
