// From what was typed to a sound recipe, or every fault at once.
#pragma once

#include "core/recipe/recipe.h"
#include "core/runner/assembly.h"

#include <string>
#include <vector>

namespace athanor::runner {

struct RecipeInput {
  std::string file;                    // a path, a run directory, or "-" for standard input
  std::vector<std::string> overrides;  // "path=value"
  std::string shown_as;                // what messages call it; empty: as it was named
};

struct SoundRecipe {
  recipe::Recipe recipe;
  DataJudgement data;
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
  // {"error": {kind, intention, cause, remedy}, "faults": [{line, field, reason}]}
  [[nodiscard]] std::string json() const;

 private:
  std::string file_;
  std::vector<recipe::Fault> faults_;
};

// What messages call it.
[[nodiscard]] std::string shown_name(const RecipeInput& input);

// Values, their ranges and rules, and then what the data set allows. Throws RecipeRefused or Failure.
[[nodiscard]] SoundRecipe read_sound_recipe(const RecipeInput& input);

}  // namespace athanor::runner
