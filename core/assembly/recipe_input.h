// From what was typed to a sound recipe, or every fault at once.
#pragma once

#include "core/assembly/judge.h"
#include "core/recipe/recipe.h"

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace athanor::runner {

// A new run from a step of another.
struct ForkInput {
  std::int64_t step = 0;
  std::string from;  // the run; empty: the one whose recipe is given
};

struct RecipeInput {
  std::string file;                    // a path, a run's folder, name or number, or "-" for standard input
  std::vector<std::string> overrides;  // "path=value"
  // Whether a value may be chosen anew, of which advice is then made; empty: all may.
  std::function<bool(const std::string& path)> may_change = {};
  std::string shown_as = {};  // what messages call it; empty: as it was named
  std::optional<ForkInput> fork = {};
};

struct SoundRecipe {
  recipe::Recipe recipe;
  DataJudgement data;
  std::optional<Fork> fork;  // where one is asked for
};

// What is wrong with a recipe, thrown by read_sound_recipe(); exit status 2.
class RecipeRefused : public std::exception {
 public:
  RecipeRefused(std::string file, std::vector<recipe::Fault> faults)
      : file_(std::move(file)), faults_(std::move(faults)) {}
  [[nodiscard]] const char* what() const noexcept override { return "the recipe has faults"; }
  [[nodiscard]] const std::vector<recipe::Fault>& faults() const { return faults_; }
  // "file:line: field: reason", one per line.
  [[nodiscard]] std::string text() const;
  // {"error": {kind, intention, cause, remedy}, "faults": [{line, field, reason, rule, cure: [assignment]}]}
  [[nodiscard]] std::string json() const;

 private:
  std::string file_;
  std::vector<recipe::Fault> faults_;
};

// What messages call it.
[[nodiscard]] std::string shown_name(const RecipeInput& input);

// The one judgement of check, plan, train and all that open a run: values, their ranges and rules, and then what
// judge.h says of this place. Throws RecipeRefused, or Failure for what is alone and no slip of the recipe. Starts no
// work.
[[nodiscard]] SoundRecipe read_sound_recipe(const RecipeInput& input);

}  // namespace athanor::runner
