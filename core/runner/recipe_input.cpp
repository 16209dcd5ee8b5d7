#include "core/runner/recipe_input.h"

#include "core/runner/encoder.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <set>

namespace athanor::runner {
namespace {

recipe::Parsed read(const std::string& file) {
  if (file == "-") return recipe::parse(std::string(std::istreambuf_iterator<char>(std::cin), {}));
  std::error_code code;
  if (!std::filesystem::is_directory(file, code)) return value_or_throw(recipe::parse_file(file));
  const std::filesystem::path inside = std::filesystem::path(file) / "recipe.toml";
  if (std::filesystem::exists(inside, code)) return value_or_throw(recipe::parse_file(inside.string()));
  throw Failure(ErrorKind::invalid_input, "read the recipe of " + file,
                "this folder is no run: it holds no recipe.toml",
                "name a recipe, for example one of the folder experiments, or the folder of a run");
}

}  // namespace

std::string shown_name(const RecipeInput& input) {
  if (!input.shown_as.empty()) return input.shown_as;
  return input.file == "-" ? "recipe" : input.file;
}

std::string RecipeRefused::text() const { return recipe::to_string(faults_, file_); }

std::string RecipeRefused::json() const {
  nlohmann::json faults = nlohmann::json::array();
  for (const recipe::Fault& fault : faults_) {
    faults.push_back({{"line", fault.line}, {"field", fault.field}, {"reason", fault.reason}});
  }
  const nlohmann::json error = {{"kind", to_string(ErrorKind::invalid_input)},
                                {"intention", "use the recipe " + file_},
                                {"cause", text()},
                                {"remedy", "correct the recipe"}};
  return nlohmann::json{{"error", error}, {"faults", faults}}.dump(-1, ' ', false,
                                                                   nlohmann::json::error_handler_t::replace);
}

SoundRecipe read_sound_recipe(const RecipeInput& input) {
  recipe::Parsed parsed = read(input.file);
  // Overrides replace what the file says, so only the faults of understanding it are kept and the values judged anew.
  const auto judged = recipe::validate(parsed.recipe, parsed.doubtful);
  std::erase_if(parsed.faults,
                [&](const recipe::Fault& fault) { return std::ranges::find(judged, fault) != judged.end(); });
  for (const std::string& assignment : input.overrides) {
    auto fault = recipe::apply_override(parsed.recipe, assignment);
    if (!fault) parsed.doubtful.erase(assignment.substr(0, assignment.find('=')));
    if (fault) parsed.faults.push_back(std::move(*fault));
  }
  std::ranges::move(recipe::validate(parsed.recipe, parsed.doubtful), std::back_inserter(parsed.faults));
  for (recipe::Fault& fault : parsed.faults) {
    if (fault.cure.empty()) continue;
    fault.reason += fmt::format("; {}{} would do", input.overrides.empty() ? "" : "--set ", fault.cure);
  }

  SoundRecipe out{std::move(parsed.recipe), {}};
  std::set<std::string, std::less<>> spoiled = parsed.doubtful;
  for (const recipe::Fault& fault : parsed.faults) spoiled.insert(fault.field);
  if (!spoiled.contains("data.dataset")) {
    auto judgement = judge_data(out.recipe, spoiled);
    if (!judgement && parsed.faults.empty()) throw Failure(std::move(judgement.error()));
    if (judgement) out.data = std::move(*judgement);
    const bool sound = parsed.faults.empty() && out.data.faults.empty();
    std::ranges::move(out.data.faults, std::back_inserter(parsed.faults));
    if (sound) std::ranges::move(judge_encoder(out.recipe), std::back_inserter(parsed.faults));
  }
  if (parsed.faults.empty()) return out;
  std::ranges::stable_sort(parsed.faults, {}, [](const recipe::Fault& fault) { return fault.line; });
  throw RecipeRefused(shown_name(input), std::move(parsed.faults));
}

}  // namespace athanor::runner
