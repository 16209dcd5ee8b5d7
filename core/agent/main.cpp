// athanor-agent: serves this user's home, or speaks to the one that does.
#include "core/agent/commands.h"
#include "core/base/command_line.h"
#include "core/base/paths.h"

#include <CLI/CLI.hpp>

#include <iostream>
#include <limits>
#include <span>

namespace {

using namespace athanor;
using agent::Client;
using agent::CommandLine;

constexpr const char* kRun = "Its number, its name or its folder";
constexpr const char* kRuns = "Their numbers, names or folders";

int speak(const CLI::App& app, const CommandLine& line) {
  if (app.got_subcommand("enqueue")) return agent::run_enqueue(line);
  if (app.got_subcommand("sweep")) return agent::run_sweep(line);
  const auto connected = Client::connect(athanor_home());
  if (!connected) return agent::refuse(connected.error());
  Client& client = **connected;
  if (app.got_subcommand("list")) return agent::run_list(client, line);
  if (app.got_subcommand("show")) return agent::run_show(client, line);
  if (app.got_subcommand("wait")) return agent::run_wait(client, line);
  if (app.got_subcommand("stop")) return agent::run_stop(client, line);
  if (app.got_subcommand("resume")) return agent::run_resume(client, line);
  if (app.got_subcommand("restore")) return agent::run_restore(client, line);
  if (app.got_subcommand("empty")) return agent::run_empty(client, line);
  if (app.got_subcommand("import")) return agent::run_import(client, line);
  if (app.got_subcommand("export")) return agent::run_export(client, line);
  if (app.got_subcommand("queue")) return agent::run_queue(client);
  if (app.got_subcommand("move")) return agent::run_move(client, line);
  if (app.got_subcommand("hold")) return agent::run_hold(client, line, true);
  if (app.got_subcommand("release")) return agent::run_hold(client, line, false);
  if (app.got_subcommand("edit")) return agent::run_edit(client, line);
  if (app.got_subcommand("limits")) return agent::run_limits(client, line);
  if (const CLI::App* alert = app.get_subcommand("alert"); alert->parsed()) {
    if (alert->got_subcommand("add")) return agent::run_alert_add(client, line);
    if (alert->got_subcommand("remove")) return agent::run_alert_remove(client, line);
    return agent::run_alert_list(client);
  }
  if (app.got_subcommand("sweeps")) return agent::run_sweeps(client, line);
  return agent::run_inject(client, line);
}

void describe_deleted(CLI::App& app, CommandLine& line) {
  app.add_subcommand("restore", "Brings deleted runs back")->add_option("RUN", line.runs, kRuns)->required();
  CLI::App& empty = *app.add_subcommand("empty", "Takes deleted runs away for ever, with their folders; asks once");
  CLI::Option_group& which = *empty.add_option_group("Which");
  which.add_option("RUN", line.runs, kRuns);
  which.add_flag("--all", line.all, "All deleted ones");
  which.require_option(1);
  empty.add_flag("--yes", line.yes, "Does not ask");
}

void describe_files(CLI::App& app, CommandLine& line) {
  CLI::App& in = *app.add_subcommand("import", "Takes in runs of TensorBoard, MLflow, Weights & Biases or CSV files");
  in.add_option("PATH", line.paths, "Folders or files that hold them")->required();
  in.add_option("--format", line.format, "auto (default), tensorboard, mlflow, wandb or csv");
  CLI::App& out = *app.add_subcommand("export", "Writes runs into files, with every sample as it is");
  out.add_option("RUN", line.runs, kRuns)->required();
  CLI::Option_group& where = *out.add_option_group("Where");
  CLI::Option* to = where.add_option("--to", line.to, "A file, or a folder for several")->option_text("PATH");
  where.add_option("--report", line.report, "A page with curves and tables, to read and to print")
      ->option_text("FILE.html");
  where.require_option(1, 2);
  out.add_option("--format", line.format, "csv, json or html; default: as the file's name ends")->needs(to);
}

CLI::Range priorities() { return {-1'000'000, 1'000'000}; }

// What may be said of a run, or of each trial of a sweep, that is queued.
void describe_wish(CLI::App& command, CommandLine& line) {
  command.add_option("RECIPE", line.recipe, "A recipe file")->required();
  command.add_option("--set", line.overrides, "Replaces one value: path=value")->allow_extra_args(false);
  CLI::Option* fork = command.add_option("--fork", line.fork_step, "As a new run from this step of another")
                          ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40));
  CLI::Option* from =
      command.add_option("--from", line.fork_from, "The run to fork: its number, its name or its folder");
  fork->needs(from);
  from->needs(fork);
  command.add_option("--priority", line.wish.priority, "Higher ones begin first; default: 0")->check(priorities());
  command.add_flag("--hold", line.wish.held, "Stays in the queue until it is released");
  CLI::Option* after = command.add_option("--after", line.after, "Begins once this run has finished; more with commas")
                           ->allow_extra_args(false)
                           ->delimiter(',');
  command.add_flag("--continue-on-error", line.wish.continue_on_error, "Or has ended in any other way")->needs(after);
  CLI::Option* retries =
      command.add_option("--retries", line.wish.retries, "So often it goes on by itself after a fault that may pass")
          ->check(CLI::Range(0, 1000));
  command.add_flag("--retry-numeric", line.wish.retry_numeric, "Also after numbers that are not finite")
      ->needs(retries);
}

void describe_sweep(CLI::App& app, CommandLine& line) {
  CLI::App& sweep = *app.add_subcommand("sweep", "Queues a recipe with many values of some of its fields");
  describe_wish(sweep, line);
  sweep.add_option("--over", line.over, "A field and its values: path=1,2,3 or path=1e-4..1e-2[,log|linear][,COUNT]")
      ->allow_extra_args(false)
      ->required();
  CLI::Option* random = sweep.add_option("--random", line.random, "So many random draws instead of the whole grid")
                            ->check(CLI::Range(1, 10'000));
  sweep.add_option("--seed", line.seed, "Of the draws; default: 1")->needs(random);
  CLI::Option* halving = sweep.add_option("--halving", line.halving,
                                          "Only the best 1/eta go on, after min_steps and each eta times as many: "
                                          "eta=3,min_steps=100,metric=eval/t2i_r1,max");
  sweep.add_option("--metric", line.metric, "By which trials are told apart; default: eval/t2i_r1,max")
      ->excludes(halving);
  CLI::App& sweeps = *app.add_subcommand("sweeps", "Lists all sweeps, or the trials of one");
  sweeps.add_option("SWEEP", line.sweep, "Its number")->check(CLI::PositiveNumber);
}

void describe_queue(CLI::App& app, CommandLine& line) {
  app.add_subcommand("queue", "Tells what goes on and what waits for what, in the order of the queue");
  CLI::App& move = *app.add_subcommand("move", "Moves queued runs to another place, or gives them another priority");
  move.add_option("RUN", line.runs, kRuns)->required();
  CLI::Option_group& where = *move.add_option_group("Where");
  where.add_flag("--front", line.front, "Before all others");
  where.add_flag("--end", line.end, "Behind all others");
  where.add_option("--before", line.before, "Before this run, with its priority");
  where.add_option("--after", line.behind, "Behind this run, with its priority");
  where
      .add_option_function<int>(
          "--priority",
          [&line](int priority) {
            line.wish.priority = priority;
            line.has_priority = true;
          },
          "Among those of this priority")
      ->check(priorities());
  where.require_option(1);
  for (const auto& [name, help] :
       {std::pair("hold", "Keeps queued runs, or the whole queue, from beginning"),
        {"release", "Lets what is held begin; runs follow no more what has not ended well"}}) {
    CLI::App& command = *app.add_subcommand(name, help);
    CLI::Option_group& which = *command.add_option_group("Which");
    which.add_option("RUN", line.runs, kRuns);
    which.add_option("--sweep", line.sweep, "All trials of a sweep")->check(CLI::PositiveNumber);
    which.add_flag("--queue", line.queue, "The whole queue: nothing more begins");
    which.require_option(1);
  }
  CLI::App& edit = *app.add_subcommand("edit", "Changes the recipe of a queued run");
  edit.add_option("RUN", line.run, kRun)->required();
  CLI::Option_group& what = *edit.add_option_group("What");
  what.add_option("--set", line.overrides, "Replaces one value: path=value")->allow_extra_args(false);
  what.add_option("--recipe", line.recipe, "A recipe file in place of the run's own");
  what.require_option(1, 2);
  CLI::App& limits = *app.add_subcommand("limits", "Tells and sets how much of the machine runs may use");
  limits.add_option("--cores", line.cores, "So many cores, or all");
  limits.add_option("--gpus", line.gpus, "So many GPUs, or all");
  limits.add_option("--slots", line.slots, "So many runs at a time, or all that fit");
}

void describe_alerts(CLI::App& app, CommandLine& line) {
  CLI::App& alert = *app.add_subcommand("alert", "Rules that are asked of every point of runs' curves");
  alert.require_subcommand(1);
  CLI::App& add = *alert.add_subcommand("add", "Adds a rule: of kind nan, spike, plateau, drop, stall or condition");
  agent::AlertWords& words = line.alert;
  add.add_option("NAME", words.name, "By which it is told and removed")->required();
  add.add_option("KIND", words.kind, "What is looked at: see core/alerts/README.md")->required();
  add.add_option("--metric", words.metric, "Of which curve; default: train/loss, of drop train/samples_per_s");
  add.add_option("--when", words.when,
                 "Of a condition: a query over newest values and windows, 'loss > 2 * min(loss)'");
  std::string bounds;
  for (const alerts::KindRow& row : alerts::kinds())
    if (row.bound_help != nullptr) bounds += std::string(bounds.empty() ? "" : "; ") + row.name + ": " + row.bound_help;
  add.add_option("--bound", words.bound, bounds);
  add.add_option("--window", words.window, "So many points are looked at");
  add.add_option("--raise-after", words.raise_after, "It is raised after so many points in a row beyond the bound");
  add.add_option("--clear-after", words.clear_after, "And cleared after so many within");
  add.add_flag("--more-is-better", words.more_is_better, "As of accuracy; else less is, as of loss");
  add.add_option("--do", words.action, "notify, pause, roll-back (to the last checkpoint before) or stop");
  add.add_option("--run", line.run, "Of this run; else of all")->option_text("RUN");
  CLI::App& remove = *alert.add_subcommand("remove", "Removes a rule");
  remove.add_option("NAME", words.name, "As it was added")->required();
  remove.add_option("--run", line.run, "Of this run; else of all")->option_text("RUN");
  alert.add_subcommand("list", "Lists all rules");
  for (CLI::App* command : alert.get_subcommands({}))
    command->add_flag("--json", agent::wants_json(), "One JSON object on standard output");
}

void describe(CLI::App& app, CommandLine& line) {
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", "athanor-agent " ATH_VERSION);
  app.add_flag("--foreground", line.foreground, "Serves without leaving the terminal");
  describe_wish(*app.add_subcommand("enqueue", "Puts a recipe into the queue and prints the number of its run"), line);
  describe_sweep(app, line);
  describe_queue(app, line);
  describe_alerts(app, line);
  CLI::App& list = *app.add_subcommand("list", "Lists all runs, newest first, or those a query finds");
  list.add_flag("--deleted", line.deleted, "Only those that were deleted");
  list.add_option("--where", line.query.where, "Only those a query finds: 'loss < 0.3 and tag ~ abl'")
      ->option_text("QUERY");
  list.add_option("--sort", line.query.sort, "By a value, least first: 'min(train/loss)', -step, name")
      ->option_text("VALUE");
  describe_deleted(app, line);
  describe_files(app, line);
  for (CLI::App* command :
       {app.add_subcommand("show", "Tells what the history knows of a run"),
        app.add_subcommand("wait",
                           "Waits until a run has ended; exits with 0 when it finished, 130 when it was stopped"),
        app.add_subcommand("resume", "Puts a run back into the queue, to go on from its last checkpoint")}) {
    command->add_option("RUN", line.run, kRun)->required();
  }
  CLI::App& stop =
      *app.add_subcommand("stop", "Lets a run write a checkpoint and end; takes a queued one out of the queue");
  CLI::Option_group& which = *stop.add_option_group("Which");
  which.add_option("RUN", line.run, kRun);
  which.add_option("--sweep", line.sweep, "All trials of a sweep, which ends with that")->check(CLI::PositiveNumber);
  which.require_option(1);
  CLI::App& inject = *app.add_subcommand("inject")->group("");  // for those who develop Athanor
  inject.add_option("RUN", line.run)->required();
  inject.add_option("FAULTS", line.faults)->required();
  app.add_subcommand("rebuild", "Builds the history again from the run directories; the old one is kept");
  app.add_subcommand("quit", "Ends the agent; runs go on, and the next agent takes them up");
  app.add_flag("--json", agent::wants_json(), "One JSON object on standard output");
  for (CLI::App* command : app.get_subcommands({}))
    command->add_flag("--json", agent::wants_json(), "One JSON object on standard output");
}

int dispatch(CLI::App& app, const CommandLine& line, std::span<char*> words) {
  try {
    app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::ParseError& error) {
    return answer_arguments(app, error, words);
  }
  if (app.got_subcommand("rebuild")) return agent::run_rebuild();
  if (app.got_subcommand("quit")) return agent::run_quit();
  if (!app.get_subcommands().empty()) return speak(app, line);
  return line.foreground ? agent::serve_here() : agent::serve_detached();
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  CLI::App app("Keeps the queue, the runs and their history. Without a command: serves, detached from the terminal.",
               "athanor-agent");
  describe(app, line);
  try {
    try {
      return dispatch(app, line, std::span(argv, static_cast<std::size_t>(argc)));
    } catch (const Failure& failure) {
      return agent::refuse(failure.error());
    } catch (const std::exception& exception) {
      return agent::refuse(
          {ErrorKind::internal, "go on", exception.what(), "please report this with the command you used"});
    }
  } catch (const Failure& failure) {  // the refusal itself could not be printed
    std::cerr << failure.error().message() << '\n';
    return exit_status(failure.error().kind);
  }
}
