#include "core/journal/reader.h"
#include "core/runner/commands.h"
#include "core/runner/output.h"
#include "core/runner/training_run.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

// A resumed run goes on with its own recipe; only what cannot change a bit of the result may be given anew.
bool may_change_on_resume(const std::string& path) {
  return path == "run.name" || path == "run.notes" || path == "data.workers" || path.starts_with("checkpoint.") ||
         path == "eval.every_steps" || path == "eval.probes";
}

void check_resumed_recipe(const recipe::Recipe& wanted, const recipe::Recipe& own) {
  std::string changed;
  for (const std::string& path : wanted.differences(own)) {
    if (!may_change_on_resume(path)) changed += (changed.empty() ? "" : ", ") + path;
  }
  if (changed.empty()) return;
  throw Failure(ErrorKind::invalid_input, "resume the run with this recipe",
                "it differs from the run's own in " + changed, "Leave these as they were, or start a fork with --fork");
}

Beginning resumed(const RunDirectory& directory) {
  Beginning out;
  if (checkpoint::steps(directory.checkpoints()).empty()) {
    out.from = "the start, for there was no checkpoint yet";
    return out;
  }
  out.checkpoint = value_or_throw(checkpoint::load_newest(directory.checkpoints()));
  out.from = fmt::format("checkpoint step-{}", out.checkpoint->contents.state.step);
  return out;
}

Beginning forked(const TrainOptions& options) {
  std::string from = options.fork_from;
  if (from.empty()) {
    std::error_code code;
    const fs::path file = options.recipe.file;
    from = (fs::is_directory(file, code) ? file : file.parent_path()).string();
  }
  const RunDirectory parent = value_or_throw(find_run(from));
  Beginning out;
  out.checkpoint = value_or_throw(checkpoint::load_step(parent.checkpoints(), *options.fork_step));
  out.parent = parent.folder().string();
  out.from = fmt::format("fork of {} at step {}", parent.folder().filename().string(), *options.fork_step);
  return out;
}

void check_length(const recipe::Recipe& recipe, const Beginning& beginning) {
  if (!beginning.checkpoint) return;
  const std::int64_t done = beginning.checkpoint->contents.state.step;
  const std::int64_t steps = recipe.integer("train.steps");
  if (done <= steps) return;
  throw Failure(ErrorKind::invalid_input, fmt::format("go on from step {}", done),
                fmt::format("the recipe ends at train.steps = {}", steps), "Raise train.steps");
}

RunDirectory choose_directory(const TrainOptions& options, const recipe::Recipe& recipe) {
  const fs::path folder = options.run_directory.empty() ? fresh_run_folder(recipe) : options.run_directory;
  RunDirectory directory(fs::absolute(folder).lexically_normal());
  if (directory.has_run()) {
    throw Failure(ErrorKind::invalid_input, fmt::format("start a run in {}", directory.folder().string()),
                  "there is one already", "Go on with --resume, or choose another folder");
  }
  return directory;
}

// True when the journal's last word is that the run finished.
bool has_finished(const RunDirectory& directory) {
  std::int64_t offset = 0;
  bool finished = false;
  while (true) {
    const auto batch = journal::read(directory.journal(), offset);
    if (!batch || batch->next_offset == offset) return finished;
    for (const journal::Event& event : batch->events) {
      if (const auto* changed = std::get_if<journal::StateChanged>(&event.payload)) {
        finished = changed->state == journal::RunState::finished;
      }
    }
    offset = batch->next_offset;
  }
}

int resume(const TrainOptions& options, Console& console) {
  if (options.run_directory.empty()) {
    throw Failure(ErrorKind::invalid_input, "resume", "no run is named", "Name its folder with --run-dir");
  }
  const RunDirectory directory = value_or_throw(find_run(options.run_directory.string()));
  RecipeInput input = options.recipe;
  if (input.file.empty()) input.file = directory.recipe().string();
  SoundRecipe sound = read_sound_recipe(input);
  check_resumed_recipe(sound.recipe, value_or_throw(read_recipe(directory)));
  if (has_finished(directory)) {
    console.info(fmt::format("The run {} has finished; there is nothing left to do", directory.folder().string()));
    if (options.json) print_line(nlohmann::json{{"run", directory.folder().string()}, {"state", "finished"}}.dump());
    return 0;
  }
  Beginning beginning = resumed(directory);
  TrainingRun run(directory, std::move(sound), std::move(beginning), console, options.process_start);
  const int status = run.run();
  if (options.json) print_line(run.result_json());
  return status;
}

}  // namespace

int run_train(const TrainOptions& options, Console& console) {
  if (options.resume) return resume(options, console);
  SoundRecipe sound = read_sound_recipe(options.recipe);
  (void)resolve_device(sound.recipe);  // refuses before anything is made
  Beginning beginning = options.fork_step ? forked(options) : Beginning{};
  check_length(sound.recipe, beginning);
  RunDirectory directory = choose_directory(options, sound.recipe);
  TrainingRun run(std::move(directory), std::move(sound), std::move(beginning), console, options.process_start);
  const int status = run.run();
  if (options.json) print_line(run.result_json());
  return status;
}

}  // namespace athanor::runner
