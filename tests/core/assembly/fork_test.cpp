// What a fork takes over: the fields that judge_fork() names are those that change the arrays of model and optimizer.
#include "core/assembly/assembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::runner {
namespace {

using Arrays = std::vector<std::pair<std::string, std::string>>;
constexpr std::int64_t kWords = 300;

Arrays arrays_of(const recipe::Recipe& recipe) {
  Context context({.threads = 1, .dry = true});
  const Learner learner = make_learner(recipe, context, kWords);
  Arrays out;
  for (const Parameter& parameter : learner.model->named_parameters())
    out.emplace_back(parameter->path, to_string(parameter->value.shape()));
  for (const auto& [name, tensor] : learner.optimizer->named_state()) out.emplace_back(name, to_string(tensor.shape()));
  return out;
}

// Another value of the field that the schema allows; nothing where there is none or it cannot be told here.
std::optional<recipe::Value> other_value(const recipe::Recipe& recipe, const recipe::Field& field) {
  using recipe::FieldType;
  if (field.path == "model.stem") return std::string("32, 64");
  if (field.path == "finetune.freeze") return std::vector<std::string>{"image_tower.stem"};
  if (field.path == "finetune.lora_targets") return std::vector<std::string>{"image_tower.blocks"};
  switch (field.type) {
    case FieldType::boolean: return !recipe.boolean(field.path);
    case FieldType::integer: {
      const std::int64_t now = recipe.integer(field.path);
      const std::int64_t other = now == 0 ? 4 : now * 2;
      return static_cast<double>(other) <= field.maximum ? std::optional<recipe::Value>(other) : std::nullopt;
    }
    case FieldType::real: return recipe.real(field.path) == field.minimum ? field.maximum : field.minimum;
    case FieldType::choice:
      for (const std::string& choice : field.choices)
        if (choice != recipe.text(field.path)) return choice;
      return std::nullopt;
    default: return std::nullopt;
  }
}

void compare(const recipe::Recipe& parent) {
  ASSERT_TRUE(recipe::validate(parent).empty());
  const Arrays before = arrays_of(parent);
  int shaping = 0;
  for (const recipe::Field& field : recipe::fields()) {
    const auto other = other_value(parent, field);
    if (!other || field.path == "data.language") continue;  // a vocabulary, of which there is one size here
    recipe::Recipe fork = parent;
    fork.set(field.path, *other);
    if (!recipe::validate(fork).empty()) continue;
    const bool fits = arrays_of(fork) == before;
    shaping += fits ? 0 : 1;
    EXPECT_EQ(recipe::judge_fork(parent, fork).empty(), fits) << field.path << " = " << recipe::format_value(*other);
  }
  EXPECT_GE(shaping, 8);
}

TEST(Forks, AreRefusedForTheFieldsThatChangeTheirArrays) {
  recipe::Recipe parent;
  parent.set("train.warmup_steps", std::int64_t{0});
  parent.set("finetune.lora_targets", std::vector<std::string>{"text_tower.blocks"});
  compare(parent);
  parent.set("finetune.lora_rank", std::int64_t{2});
  compare(parent);
}

TEST(Forks, AreRefusedForAnOptimizerThatKeepsOtherArrays) {
  recipe::Recipe adamw, lamb, sgd, plain, kahan;
  lamb.set("train.optimizer", std::string("lamb"));
  sgd.set("train.optimizer", std::string("sgd"));
  plain.set("train.optimizer", std::string("sgd"));
  plain.set("train.momentum", 0.0);
  kahan.set("precision.policy", std::string("bf16"));
  kahan.set("precision.master", std::string("bf16_kahan"));
  const std::vector<recipe::Recipe> all = {adamw, lamb, sgd, plain, kahan};
  for (const recipe::Recipe& parent : all)
    for (const recipe::Recipe& fork : all)
      EXPECT_EQ(recipe::judge_fork(parent, fork).empty(), arrays_of(parent) == arrays_of(fork))
          << recipe::to_toml(parent, recipe::Detail::changed_only) << "then\n"
          << recipe::to_toml(fork, recipe::Detail::changed_only);
}

}  // namespace
}  // namespace athanor::runner
