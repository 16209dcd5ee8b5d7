#include "core/base/command_line.h"
#include "core/base/files.h"
#include "core/base/paths.h"
#include "core/journal/reader.h"
#include "core/ranks/fault_plan.h"
#include "core/runner/commands.h"
#include "core/runner/provenance.h"
#include "core/runner/rank_processes.h"
#include "core/runner/training_run.h"
#include "core/runner/unchanged.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

void check_resumed_recipe(const recipe::Recipe& wanted, const recipe::Recipe& own) {
  std::string changed;
  for (const std::string& path : wanted.differences(own)) {
    if (!recipe::may_change_on_resume(path)) changed += (changed.empty() ? "" : ", ") + path;
  }
  if (changed.empty()) return;
  throw Failure(ErrorKind::invalid_input, "resume the run with this recipe",
                "it differs from the run's own in " + changed, "Leave these as they were, or start a fork with --fork");
}

Beginning from_parent(const RunDirectory& parent, const checkpoint::Saved& found) {
  Beginning out;
  out.checkpoint = value_or_throw(checkpoint::open(found));
  out.parent = parent.folder().string();
  out.from = fmt::format("fork of {} at step {}", parent.folder().filename().string(), found.step);
  return out;
}

Beginning from_parent(const RunDirectory& parent, std::int64_t step) {
  return from_parent(parent, value_or_throw(checkpoint::find_step(parent.checkpoints(), step)));
}

// What the agent noted when it made the folder; the run itself may have died before it could note anything.
std::optional<Beginning> from_ticket(const RunDirectory& directory) {
  const auto ticket = nlohmann::json::parse(read_file(directory.folder() / "ticket.json").value_or(""), nullptr, false);
  if (!ticket.is_object() || !ticket.contains("parent") || !ticket["parent"].is_number_integer()) return std::nullopt;
  const auto step = ticket.find("fork_step");
  if (step == ticket.end() || !step->is_number_integer()) return std::nullopt;
  const auto parent = std::to_string(ticket["parent"].get<std::int64_t>());
  return from_parent(value_or_throw(find_run(parent)), step->get<std::int64_t>());
}

Beginning resumed(const RunDirectory& directory, const std::optional<Origin>& origin) {
  Beginning out;
  if (!checkpoint::steps(directory.checkpoints()).empty()) {
    out.checkpoint = value_or_throw(checkpoint::find_newest(directory.checkpoints()));
    out.from = fmt::format("checkpoint step-{}", out.checkpoint->state.step);
  } else if (origin && !origin->parent.empty()) {
    out = from_parent(RunDirectory(origin->parent), origin->fork_step);
  } else if (auto ticket = from_ticket(directory)) {
    out = std::move(*ticket);
  } else if (origin && origin->is_fork) {
    throw Failure(ErrorKind::corrupt, fmt::format("go on with the fork {}", directory.folder().string()),
                  "it has no checkpoint yet, and its provenance.json does not name the run and the step it comes from",
                  "restore that file from a copy, or fork the run again");
  } else {
    out.from = "the start, for there was no checkpoint yet";
  }
  out.resumed = true;
  return out;
}

RunDirectory choose_directory(const TrainOptions& options, const recipe::Recipe& recipe) {
  const fs::path folder = options.run_directory.empty() ? fresh_run_folder(recipe) : options.run_directory;
  RunDirectory directory(whole_folder(folder));
  if (directory.has_run()) {
    throw Failure(ErrorKind::invalid_input, fmt::format("start a run in {}", directory.folder().string()),
                  "there is one already", "Go on with --resume, or choose another folder");
  }
  return directory;
}

// What the journal says so far.
struct Told {
  bool has_finished = false;  // its last word
  std::int64_t step = -1;     // the last of which it has figures
};
Told read_told(const RunDirectory& directory) {
  std::int64_t offset = 0;
  Told told;
  while (true) {
    const auto batch = journal::read(directory.journal(), offset);
    if (!batch || batch->next_offset == offset) return told;
    for (const journal::Event& event : batch->events) {
      if (const auto* changed = std::get_if<journal::StateChanged>(&event.payload))
        told.has_finished = changed->state == journal::RunState::finished;
      if (const auto* figures = std::get_if<journal::MetricSamples>(&event.payload); figures && is_of_a_step(*figures))
        told.step = figures->step;
    }
    offset = batch->next_offset;
  }
}

// With --resume and no --run-dir the one thing that is named is the run.
RunDirectory run_to_resume(const TrainOptions& options, RecipeInput& recipe) {
  std::string run = options.run_directory.string();
  if (run.empty()) run = std::exchange(recipe.file, {});
  if (run.empty()) {
    throw Failure(ErrorKind::invalid_input, "resume", "no run is named",
                  "Name its folder, name or number, as in: athanor-run train --resume --run-dir DIR");
  }
  return value_or_throw(find_run(run));
}

bool takes_ranks(const SoundRecipe& sound, const TrainOptions& options) {
  return !options.place && parallel::world_size(mesh_of(sound.recipe)) > 1;
}

// A result that cannot be printed fails the command, and says that it was not the run that failed.
int finish(TrainingRun& run, const TrainOptions& options) {
  const int status = run.run();
  if (options.json) print_line(run.result_json(), run.ended());
  return status;
}

int resume(const TrainOptions& options, Console& console) {
  RecipeInput input = options.recipe;
  const RunDirectory directory = run_to_resume(options, input);
  const std::string intention = fmt::format("go on with the run {}", directory.folder().string());
  if (journal::has_writer(directory.journal())) {
    throw Failure(ErrorKind::unavailable, intention, "it is still running", "Wait for its end, or stop it first");
  }
  if (input.file.empty()) input.file = directory.recipe().string();
  input.may_change = recipe::may_change_on_resume;
  SoundRecipe sound = read_sound_recipe(input);
  check_resumed_recipe(sound.recipe, value_or_throw(read_recipe(directory)));
  const Told told = read_told(directory);
  if (told.has_finished) {
    console.info(fmt::format("The run {} has finished; there is nothing left to do", directory.folder().string()));
    if (options.json) print_line(nlohmann::json{{"run", directory.folder().string()}, {"state", "finished"}}.dump());
    return 0;
  }
  if (takes_ranks(sound, options)) return run_ranks(directory, sound, options, console);
  const auto origin = value_or_throw(read_origin(directory));
  Beginning beginning;
  if (options.place && options.place->epoch > 0) {
    beginning.from = "the ranks that are left";
    beginning.resumed = true;
    beginning.told = told.step;
  } else {
    beginning = resumed(directory, origin);
  }
  beginning.otherwise = [&] { return resumed(directory, origin); };
  check_unchanged(intention, sound, origin, beginning.checkpoint ? &beginning.checkpoint->state : nullptr);
  TrainingRun run(directory, std::move(sound), std::move(beginning), console, options);
  return finish(run, options);
}

}  // namespace

int run_train(const TrainOptions& options, Console& console) {
  if (options.place && options.place->rank > 0) return run_follower(options, console);
  if (options.resume) return resume(options, console);
  if (options.recipe.file.empty()) {
    throw Failure(ErrorKind::invalid_input, "train", "no recipe is named",
                  "Name one, such as experiments/starter.toml, or - for standard input; an earlier run goes on with "
                  "--resume --run-dir DIR");
  }
  (void)value_or_throw(read_fault_plan(options.faults));
  SoundRecipe sound = read_sound_recipe(options.recipe);  // refuses before anything is made
  RunDirectory directory = choose_directory(options, sound.recipe);
  if (takes_ranks(sound, options)) return run_ranks(directory, sound, options, console);
  Beginning beginning = sound.fork ? from_parent(sound.fork->parent, sound.fork->from) : Beginning{};
  beginning.otherwise = [directory] { return resumed(directory, value_or_throw(read_origin(directory))); };
  TrainingRun run(std::move(directory), std::move(sound), std::move(beginning), console, options);
  return finish(run, options);
}

}  // namespace athanor::runner
