#include "core/recipe/recipe.h"

#include <fmt/format.h>

#include <functional>

namespace athanor::recipe {
namespace {

using Holds = std::function<bool(const Recipe&)>;

bool is_small(const Recipe& recipe) { return recipe.text("model.text_tower") == kSmallTextTower; }
bool has_adapters(const Recipe& recipe) { return recipe.integer("finetune.lora_rank") > 0; }
bool always(const Recipe&) { return true; }

struct Shaping {
  const char* path;
  Holds decides = always;  // asked of both recipes
};

// What decides which arrays a checkpoint holds and how large they are.
const Shaping kShaping[] = {
    {"model.family"},
    {"model.stem"},
    {"model.image_width"},
    {"model.image_depth"},
    {"model.text_tower"},
    {"model.text_width", is_small},
    {"model.text_depth", is_small},
    {"model.mlp_ratio"},
    {"model.embedding_dim"},
    {"train.loss"},  // sigmoid learns a bias
    {"data.dataset", is_small},
    {"data.language", is_small},
    {"data.image_px"},
    {"data.max_tokens", is_small},
    {"finetune.freeze"},
    {"finetune.lora_rank"},
    {"finetune.lora_targets", has_adapters},
};

// The arrays that the optimizer keeps for each weight.
std::string optimizer_arrays(const Recipe& recipe) {
  if (recipe.text("train.optimizer") == "sgd") return recipe.real("train.momentum") > 0 ? "momentum" : "";
  return recipe.text("precision.master") == "bf16_kahan" ? "m, v, compensation" : "m, v";
}

}  // namespace

std::vector<Fault> judge_fork(const Recipe& parent, const Recipe& fork) {
  std::vector<Fault> faults;
  const auto blame = [&](const char* path) {
    faults.push_back({fork.line(path), path,
                      fmt::format("must be {}, as in the run that is forked: what it learnt is taken over",
                                  format_value(parent.value(path)))});
  };
  for (const Shaping& field : kShaping) {
    if (parent.value(field.path) != fork.value(field.path) && field.decides(parent) && field.decides(fork))
      blame(field.path);
  }
  if (optimizer_arrays(parent) == optimizer_arrays(fork)) return faults;
  for (const char* path : {"train.optimizer", "train.momentum", "precision.master"}) {
    if (parent.value(path) != fork.value(path)) blame(path);
  }
  return faults;
}

bool may_change_on_resume(std::string_view path) {
  return path == "run.name" || path == "run.notes" || path == "data.workers" || path.starts_with("checkpoint.") ||
         path == "parallel.data" || path == "parallel.tensor" || path == "parallel.sequence" ||
         path == "parallel.shard" || path == "parallel.deadline" || path == "parallel.balance" ||
         path == "eval.every_steps" || path == "eval.probes";
}

}  // namespace athanor::recipe
