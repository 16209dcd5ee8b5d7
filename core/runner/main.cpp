// athanor-run: prepares data, trains, predicts, evaluates and shows, one run at a time.
#include "core/base/command_line.h"
#include "core/runner/commands.h"
#include "core/runner/interrupt.h"
#include "core/runner/provenance.h"
#include "core/runner/trouble.h"

#include <CLI/CLI.hpp>

#include <exception>
#include <malloc.h>
#include <span>

namespace {

using namespace athanor;
using namespace athanor::runner;

struct CommandLine {
  PrepareOptions prepare;
  TrainOptions train;
  CheckOptions check;
  PlanOptions plan;
  EvalOptions eval;
  ExportOptions exported;
  ShowOptions show;
  DoctorOptions doctor;
  ForkInput fork{-1, {}};
  RankPlace place;
  std::int64_t eval_step = -1;
  std::int64_t export_step = -1;
};

constexpr const char* kRunHelp = "A run's folder, its name below ATHANOR_HOME/runs, or its number in the history";

void add_recipe(CLI::App& command, RecipeInput& input, const char* help) {
  command.add_option("RECIPE", input.file, help);
  command.add_option("--set", input.overrides, "Replaces one value: path=value")->allow_extra_args(false);
  command.add_option("--recipe-name", input.shown_as, "What messages call a recipe from standard input")
      ->type_name("NAME");
}

CLI::Range steps() { return {std::int64_t{0}, std::int64_t{1} << 40}; }

CLI::Option* add_fork(CLI::App& command, ForkInput& fork) {
  CLI::Option* step = command.add_option("--fork", fork.step, "As a new run from this step of another")->check(steps());
  command.add_option("--from", fork.from, "The run to fork; default: RECIPE, where that is a run")->needs(step);
  return step;
}

void add_json(CLI::App& command, bool& json) { command.add_flag("--json", json, "One JSON object on standard output"); }

void describe(CLI::App& app, CommandLine& line) {
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(version()) + " " + std::string(build_commit()));

  CLI::App& prepare =
      *app.add_subcommand("prepare", "Makes a data set or a text encoder ready out of its unpacked sources");
  prepare.add_option("DATASET", line.prepare.dataset, "emoji or minilm")->required();
  prepare.add_flag("--force", line.prepare.force, "Makes it again even if it is there");
  add_json(prepare, line.prepare.json);

  CLI::App& train = *app.add_subcommand("train", "Trains a recipe in a run directory");
  add_recipe(train, line.train.recipe,
             "A recipe, a run, or - for standard input; with --resume and no --run-dir: the run");
  train.add_option(
      "--run-dir", line.train.run_directory,
      "The run's folder; default: a fresh one below ATHANOR_HOME/runs. With --resume also its name or number");
  CLI::Option* resume = train.add_flag("--resume", line.train.resume, "Goes on from the run's newest whole checkpoint");
  add_fork(train, line.fork)->excludes(resume);
  train.add_option("--until", line.train.until, "Stops after this step, with a checkpoint to go on from")
      ->check(steps());
  // Between the ranks of one run: how one that was started finds the others.
  train.add_option("--rank", line.place.rank)->group("");
  train.add_option("--meeting", line.place.meeting)->group("");
  train.add_option("--epoch", line.place.epoch)->group("");
  train.add_option("--parent", line.place.parent)->group("");
  train.add_option("--inject", line.train.faults)->group("");  // for those who develop Athanor: fault_plan.h
  add_json(train, line.train.json);

  CLI::App& check = *app.add_subcommand("check", "Says what is wrong with a recipe before anything is made for it");
  add_recipe(check, line.check.recipe, "A recipe, a run, or - for standard input");
  add_fork(check, line.fork);
  add_json(check, line.check.json);

  CLI::App& plan = *app.add_subcommand("plan", "Predicts memory and time of a recipe");
  add_recipe(plan, line.plan.recipe, "A recipe, a run, or - for standard input");
  plan.add_flag("--quick", line.plan.quick,
                "Uses what is known of this machine and measures only when nothing is; the way with -");
  CLI::Option* layouts = plan.add_flag("--layouts", line.plan.layouts,
                                       "Instead: the quickest ways to share the work between ranks, by prediction");
  plan.add_option("--ranks", line.plan.ranks, "At most; default: the cores or GPUs of this machine")
      ->check(CLI::Range(1, 4096))
      ->needs(layouts);
  CLI::Option* fill = plan.add_option("--fill", line.plan.fill,
                                      "Instead: the batch size that fills this share of the memory, such as 0.65; "
                                      "predicted, and measured at two sizes")
                          ->check(CLI::Range(0.01, 1.0))
                          ->excludes(layouts);
  plan.add_option("--memory", line.plan.memory_bytes, "Bytes that all ranks of this machine may take, such as 4GiB")
      ->transform(CLI::AsSizeValue(false));
  add_fork(plan, line.fork)->excludes(layouts)->excludes(fill);
  add_json(plan, line.plan.json);

  CLI::App& eval = *app.add_subcommand("eval", "Judges a checkpoint of a run");
  eval.add_option("RUN", line.eval.run, kRunHelp)->required();
  eval.add_option("--checkpoint", line.eval_step, "Step; default: the newest whole one")->check(steps());
  add_json(eval, line.eval.json);

  CLI::App& exported =
      *app.add_subcommand("export", "Writes a run's weights, adapters merged, as one safetensors file");
  exported.add_option("RUN", line.exported.run, kRunHelp)->required();
  CLI::Option_group& what = *exported.add_option_group("What to write");
  what.add_option("--weights", line.exported.weights, "A safetensors file of all weights");
  what.add_option("--encoder", line.exported.encoder,
                  "A folder for the finetuned text encoder, in the Hugging Face layout");
  what.require_option(1, 2);
  exported.add_option("--checkpoint", line.export_step, "Step; default: the newest whole one")->check(steps());
  add_json(exported, line.exported.json);

  CLI::App& show = *app.add_subcommand("show", "Tells what a run's journal says");
  show.add_option("RUN", line.show.run, kRunHelp);
  show.add_flag("--events", line.show.events, "Every event, one JSON object a line");
  show.add_option("--metric", line.show.metric, "The points of one metric, such as train/loss");
  show.add_option("--trace", line.show.trace,
                  "Writes a trace of all ranks that Perfetto and Chrome open into this file");
  show.add_option("--from", line.show.trace_from_s, "With --trace: from this second of the run on")->needs("--trace");
  show.add_option("--to", line.show.trace_to_s, "With --trace: up to this second of the run")->needs("--trace");
  show.add_flag("--fields", line.show.fields, "The fields of a recipe, as a Markdown page or, with --json, an object");
  add_json(show, line.show.json);

  CLI::App& doctor = *app.add_subcommand("doctor", "Tells what this machine and installation can do");
  CLI::Option* gradients =
      doctor.add_option("--gradients", line.doctor.gradients.file,
                        "Holds the gradients of this recipe's model against differences of its loss");
  doctor.add_option("--set", line.doctor.gradients.overrides, "Replaces one value: path=value")
      ->allow_extra_args(false)
      ->needs(gradients);
  add_json(doctor, line.doctor.json);
}

int dispatch(const CLI::App& app, CommandLine& line, Console& console) {
  for (RecipeInput* recipe : {&line.train.recipe, &line.check.recipe, &line.plan.recipe})
    if (line.fork.step >= 0) recipe->fork = line.fork;
  if (!line.place.meeting.empty()) line.train.place = line.place;
  if (line.eval_step >= 0) line.eval.checkpoint = line.eval_step;
  if (line.export_step >= 0) line.exported.checkpoint = line.export_step;
  if (app.got_subcommand("prepare")) return run_prepare(line.prepare, console);
  if (app.got_subcommand("train")) return run_train(line.train, console);
  if (app.got_subcommand("check")) return run_check(line.check, console);
  if (app.got_subcommand("plan")) return run_plan(line.plan, console);
  if (app.got_subcommand("eval")) return run_eval(line.eval, console);
  if (app.got_subcommand("export")) return run_export(line.exported, console);
  if (app.got_subcommand("show")) return run_show(line.show, console);
  return line.doctor.gradients.file.empty() ? run_doctor(line.doctor, console)
                                            : run_gradient_doctor(line.doctor, console);
}

bool wants_json(const CommandLine& line) {
  return line.prepare.json || line.train.json || line.check.json || line.plan.json || line.eval.json ||
         line.exported.json || line.show.json || line.doctor.json;
}

int refuse(const Error& error, bool json, Console& console) {
  console.end_progress();
  console.error(error.message());
  if (json) print_line(error_json(error));
  return exit_status(error.kind);
}

// Told on both channels; a result that cannot be written is said on the one that is left.
int run(CLI::App& app, CommandLine& line, Console& console, std::span<char*> words) {
  try {
    app.parse(static_cast<int>(words.size()), words.data());
    return dispatch(app, line, console);
  } catch (const CLI::ParseError& error) {
    return answer_arguments(app, error, words);
  } catch (const RecipeRefused& refused) {
    std::fputs((refused.text() + "\n").c_str(), stderr);
    if (wants_json(line)) print_line(refused.json());
    return exit_status(ErrorKind::invalid_input);
  } catch (...) {
    return refuse(error_of(std::current_exception(), "go on"), wants_json(line), console);
  }
}

}  // namespace

int main(int argc, char** argv) {
  // Large blocks that are given back leave the process, whatever it had before: what memory is predicted is what it
  // has.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  CommandLine line;
  line.train.process_start = std::chrono::steady_clock::now();
  CLI::App app("Trains multimodal models and tells what it will cost.", "athanor-run");
  describe(app, line);
  install_signal_handlers();
  Console console;
  try {
    return run(app, line, console, std::span(argv, static_cast<std::size_t>(argc)));
  } catch (...) {  // what there was to say could not be printed
    const Error error = error_of(std::current_exception(), "go on");
    console.error(error.message());
    return exit_status(error.kind);
  }
}
