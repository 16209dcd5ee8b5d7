#include "core/assembly/recipe_input.h"

#include "core/base/paths.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

// A file, or a run that is named as other commands name it.
fs::path file_of(const std::string& named) {
  std::error_code code;
  const fs::path file = named;
  if (fs::is_directory(file, code)) {
    if (fs::exists(file / "recipe.toml", code)) return file / "recipe.toml";
    throw Failure(ErrorKind::invalid_input, "read the recipe of " + named,
                  "this folder is no run: it holds no recipe.toml",
                  "name a recipe, for example one of the folder experiments, or the folder of a run");
  }
  if (fs::exists(file, code) || file.has_parent_path()) return file;
  const auto run = find_run(named);
  if (run) return run->recipe();
  if (file.extension() == ".toml") return file;  // it will be said that there is none
  throw Failure(run.error().kind, "read the recipe of " + named,
                "there is no such file, and as a run: " + run.error().cause, run.error().remedy);
}

recipe::Parsed read(const std::string& file) {
  if (file == "-") return recipe::parse(std::string(std::istreambuf_iterator<char>(std::cin), {}));
  return value_or_throw(recipe::parse_file(file_of(file).string()));
}

// Values, their ranges and rules, with what replaces them.
recipe::Parsed read_values(const RecipeInput& input) {
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
  return parsed;
}

// Says of each fault what would do; what several share is said after the last of them.
std::vector<recipe::Fault> with_advice(std::vector<recipe::Fault> faults, const char* prefix) {
  for (auto fault = faults.begin(); fault != faults.end(); ++fault) {
    const bool said_later = std::any_of(fault + 1, faults.end(), [&](const auto& f) { return f.cure == fault->cure; });
    if (fault->cure.empty() || said_later) continue;
    std::string words;
    for (const std::string& assignment : fault->cure)
      words += fmt::format("{}{}{}", words.empty() ? "" : " ", prefix, assignment);
    fault->reason += fmt::format("; {} would do", words);
  }
  return faults;
}

// The one that is named, or the one whose recipe is given.
Result<RunDirectory> run_to_fork(const RecipeInput& input) {
  if (!input.fork->from.empty()) return find_run(input.fork->from);
  if (input.file != "-") {
    const fs::path file = file_of(input.file);
    RunDirectory run(whole_folder(file.parent_path()));
    std::error_code code;
    if (file.filename() == run.recipe().filename() && fs::exists(run.checkpoints(), code)) return run;
  }
  return fail(ErrorKind::invalid_input, fmt::format("fork a run at step {}", input.fork->step),
              fmt::format("no run is named, and {} is the recipe of none", shown_name(input)),
              "name it with --from: its folder, its name, or its number as athanor-agent list shows it");
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
    if (!fault.rule.empty()) faults.back()["rule"] = fault.rule;
    if (!fault.cure.empty()) faults.back()["cure"] = fault.cure;
  }
  const nlohmann::json error = {{"kind", to_string(ErrorKind::invalid_input)},
                                {"intention", "use the recipe " + file_},
                                {"cause", text()},
                                {"remedy", "correct the recipe"}};
  return nlohmann::json{{"error", error}, {"faults", faults}}.dump(-1, ' ', false,
                                                                   nlohmann::json::error_handler_t::replace);
}

SoundRecipe read_sound_recipe(const RecipeInput& input) {
  recipe::Parsed parsed = read_values(input);
  SoundRecipe out{std::move(parsed.recipe), {}, {}};
  Faults faults(out.recipe, std::move(parsed.faults), std::move(parsed.doubtful));
  out.data = judge_data(out.recipe, faults);
  judge_learner(out.recipe, out.data.dataset.get(), faults);
  judge_layout(out.recipe, input.may_change, faults);
  if (input.fork) out.fork = judge_fork(out.recipe, run_to_fork(input), input.fork->step, faults);
  if (faults.empty()) return out;
  if (const Error* error = faults.alone()) throw Failure(*error);
  throw RecipeRefused(shown_name(input), with_advice(faults.sorted(), input.overrides.empty() ? "" : "--set "));
}

}  // namespace athanor::runner
