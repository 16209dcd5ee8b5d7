#include "core/agent/queueing.h"

#include "core/agent/needs.h"
#include "core/base/files.h"
#include "core/recipe/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestName = 80;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Letters that are safe in a folder's name.
std::string folder_name(const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
    if (plain) {
      safe += c;
    } else if (!safe.empty() && safe.back() != '-') {
      safe += '-';
    }
  }
  while (!safe.empty() && (safe.front() == '.' || safe.front() == '-')) safe.erase(0, 1);
  safe.resize(std::min(safe.size(), kLongestName));
  return safe.empty() ? "run" : safe;
}

tl::unexpected<Error> refuse(std::string intention, const std::vector<recipe::Fault>& faults, std::string remedy) {
  return fail(ErrorKind::invalid_input, std::move(intention), recipe::to_string(faults, "recipe"), std::move(remedy));
}

// The values of a text with what replaces them.
Result<recipe::Recipe> sound_recipe(const std::string& text, const std::vector<std::string>& overrides,
                                    const std::string& intention) {
  recipe::Parsed parsed = recipe::parse(text);
  const auto judged = recipe::validate(parsed.recipe, parsed.doubtful);
  std::erase_if(parsed.faults,
                [&](const recipe::Fault& fault) { return std::ranges::find(judged, fault) != judged.end(); });
  for (const std::string& assignment : overrides) {
    auto fault = recipe::apply_override(parsed.recipe, assignment);
    if (fault) parsed.faults.push_back(std::move(*fault));
  }
  std::ranges::move(recipe::validate(parsed.recipe, parsed.doubtful), std::back_inserter(parsed.faults));
  if (parsed.faults.empty()) return std::move(parsed.recipe);
  return refuse(intention, parsed.faults, "correct the recipe");
}

std::string intention_to_fork(const store::Job& parent, std::int64_t step) {
  return fmt::format("fork run {} at step {}", parent.run, step);
}

// The recipe that a fork at this step is held against; nothing without a parent.
Result<std::optional<recipe::Recipe>> recipe_to_suit(const std::optional<store::Job>& parent, std::int64_t step) {
  if (!parent) return std::nullopt;
  const std::string intention = intention_to_fork(*parent, step);
  std::error_code code;
  if (!fs::exists(parent->directory / "checkpoints" / fmt::format("step-{}", step) / "COMPLETE", code)) {
    return fail(ErrorKind::invalid_input, intention, "it has no whole checkpoint of that step",
                "choose a step of which the run has a checkpoint");
  }
  const std::string file = (parent->directory / "recipe.toml").string();
  const auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  recipe::Parsed parsed = recipe::parse(*text);
  if (parsed.faults.empty()) return std::move(parsed.recipe);
  return fail(ErrorKind::corrupt, intention, recipe::to_string(parsed.faults.front(), file), "restore it from a copy");
}

Result<void> judge_fork(const std::optional<store::Job>& parent, const std::optional<recipe::Recipe>& before,
                        const recipe::Recipe& recipe, std::int64_t step) {
  if (!parent || !before) return {};
  const auto faults = recipe::judge_fork(*before, recipe);
  if (faults.empty()) return {};
  return refuse(intention_to_fork(*parent, step), faults,
                "set these fields as that run has them, or start from nothing");
}

store::NewRun row_of(const Enqueue& request, const recipe::Recipe& recipe, std::string text,
                     const std::optional<store::Job>& parent, const fs::path& runs) {
  store::NewRun run;
  run.name = recipe.text("run.name");
  run.folder = folder_name(run.name);
  run.recipe_toml = std::move(text);
  run.steps = recipe.integer("train.steps");
  run.created_ns = now_ns();
  run.launch = parent ? store::Launch::fork : store::Launch::fresh;
  run.directory = runs;
  run.id_in_directory = true;
  run.wish = request.wish;
  run.needs = needs_of(recipe);
  if (!parent) return run;
  run.parent = parent->run;
  run.fork_step = request.fork_step;
  return run;
}

// What differs from the recipe with which it has begun.
Result<std::vector<std::string>> changes_of(const store::Job& job, const recipe::Recipe& recipe,
                                            const std::string& intention) {
  const fs::path file = job.directory / "recipe.toml";
  const auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  std::vector<recipe::Fault> faults;
  std::vector<std::string> changes;
  const recipe::Recipe own = recipe::parse(*text).recipe;
  for (const std::string& path : recipe.differences(own)) {
    changes.push_back(path + "=" + recipe::format_value(recipe.value(path)));
    if (!recipe::may_change_on_resume(path))
      faults.push_back(
          {0, path, fmt::format("must be {}, with which it has begun", recipe::format_value(own.value(path)))});
  }
  if (faults.empty()) return changes;
  return refuse(intention, faults, "leave these as they were, or fork the run");
}

}  // namespace

Result<store::NewRun> new_run(const Enqueue& request, const std::optional<store::Job>& parent, const fs::path& runs) {
  const auto recipe = sound_recipe(request.recipe_toml, {}, "queue this recipe");
  if (!recipe) return tl::unexpected(recipe.error());
  const auto before = recipe_to_suit(parent, request.fork_step);
  if (!before) return tl::unexpected(before.error());
  if (auto suits = judge_fork(parent, *before, *recipe, request.fork_step); !suits)
    return tl::unexpected(suits.error());
  return row_of(request, *recipe, request.recipe_toml, parent, runs);
}

Result<std::pair<store::NewSweep, std::vector<store::NewRun>>> new_sweep(const Enqueue& request,
                                                                         const std::string& plan_text,
                                                                         const std::optional<store::Job>& parent,
                                                                         const fs::path& runs) {
  const auto base = sound_recipe(request.recipe_toml, {}, "queue this recipe");
  if (!base) return tl::unexpected(base.error());
  const auto plan = recipe::parse_sweep(plan_text);
  if (!plan) return tl::unexpected(plan.error());
  const auto before = recipe_to_suit(parent, request.fork_step);
  if (!before) return tl::unexpected(before.error());
  const auto trials = recipe::trials_of(*base, *plan);
  if (!trials) return tl::unexpected(trials.error());
  const auto rungs = recipe::rungs_of(*plan, base->integer("train.steps"));
  if (parent && rungs.front() <= request.fork_step) {
    return fail(ErrorKind::invalid_input, intention_to_fork(*parent, request.fork_step),
                fmt::format("trials are first told apart after step {}", rungs.front()),
                "fork an earlier step, or set min_steps higher");
  }
  std::pair<store::NewSweep, std::vector<store::NewRun>> out;
  out.first = {base->text("run.name"), recipe::to_text(*plan), request.recipe_toml, now_ns()};
  for (const recipe::SweepTrial& trial : *trials) {
    if (auto suits = judge_fork(parent, *before, trial.recipe, request.fork_step); !suits)
      return tl::unexpected(suits.error());
    store::NewRun run =
        row_of(request, trial.recipe, recipe::to_toml(trial.recipe, recipe::Detail::changed_only), parent, runs);
    run.until = rungs.size() > 1 ? rungs.front() : 0;
    run.trial = static_cast<int>(out.second.size()) + 1;
    run.trial_values = trial.values;
    out.second.push_back(std::move(run));
  }
  return out;
}

Result<store::NewRecipe> new_recipe(const store::Run& run, const store::Job& job,
                                    const std::optional<store::Job>& parent, const Edit& edit) {
  const std::string intention = fmt::format("change run {}", run.id);
  if (job.trial) {
    return fail(ErrorKind::invalid_input, intention, fmt::format("it is a trial of sweep {}", job.trial->sweep),
                "queue its recipe as a run of its own");
  }
  const std::string& text = edit.recipe_toml.empty() ? run.recipe_toml : edit.recipe_toml;
  const auto recipe = sound_recipe(text, edit.overrides, intention);
  if (!recipe) return tl::unexpected(recipe.error());
  store::NewRecipe out;
  if (job.launch == store::Launch::resume) {
    auto changes = changes_of(job, *recipe, intention);
    if (!changes) return tl::unexpected(changes.error());
    out.changes = std::move(*changes);
  }
  if (job.launch == store::Launch::fork) {
    const auto before = recipe_to_suit(parent, job.fork_step);
    if (!before) return tl::unexpected(before.error());
    if (auto suits = judge_fork(parent, *before, *recipe, job.fork_step); !suits) return tl::unexpected(suits.error());
  }
  out.recipe_toml = edit.overrides.empty() ? text : recipe::to_toml(*recipe, recipe::Detail::changed_only);
  out.name = recipe->text("run.name");
  out.old_name = recipe::parse(run.recipe_toml).recipe.text("run.name");
  out.steps = recipe->integer("train.steps");
  out.needs = needs_of(*recipe);
  return out;
}

}  // namespace athanor::agent
