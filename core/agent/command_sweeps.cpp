// Sweeps and their trials, from a terminal.
#include "core/agent/commands.h"
#include "core/agent/protocol_queue.h"
#include "core/base/command_line.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace athanor::agent {
namespace {

constexpr const char* kColumns = "{:>5} {:<24} {:>6} {:>6} {:>5} {:>5} {:>4} {:>6}  {}";
constexpr const char* kTrialColumns = "{:>5} {:>6} {:<9} {:>17} {:>12} {}";

std::string best_of(const SweepView& view) {
  if (!view.best) return "";
  const store::TrialState& best = view.trials[*view.best];
  return fmt::format("{:.6g}: run {} ({})", best.last, best.run, best.trial.values);
}

int print_all(const std::vector<SweepView>& sweeps) {
  if (wants_json()) {
    nlohmann::json out = {{"sweeps", nlohmann::json::array()}};
    for (const SweepView& each : sweeps) out["sweeps"].push_back(to_json(each));
    print(out);
    return 0;
  }
  std::string text = fmt::format(fmt::runtime(kColumns), "sweep", "name", "trials", "queued", "going", "done", "out",
                                 "failed", "best");
  for (const SweepView& each : sweeps) {
    std::string name = each.sweep.name;
    if (each.sweep.ended) name += " (ended)";
    if (each.sweep.held) name += " (held)";
    text +=
        "\n" + fmt::format(fmt::runtime(kColumns), each.sweep.id, name, each.trials.size(), each.queued + each.waiting,
                           each.going_on, each.finished, each.left_out + each.stopped, each.failed, best_of(each));
  }
  print_line(text);
  return 0;
}

int print_one(const SweepView& view) {
  if (wants_json()) {
    print(to_json(view));
    return 0;
  }
  std::string text = fmt::format("sweep {}, {}\n{}", view.sweep.id, view.sweep.name, view.sweep.definition);
  text += fmt::format(fmt::runtime(kTrialColumns), "trial", "run", "status", "steps", "figure", "values");
  for (const store::TrialState& each : view.trials) {
    const std::string figure = std::isfinite(each.last) ? fmt::format("{:.6g}", each.last) : "";
    text += "\n" + fmt::format(fmt::runtime(kTrialColumns), each.trial.number, each.run, store::to_string(each.status),
                               fmt::format("{}/{}", each.step, each.steps), figure, each.trial.values);
  }
  if (view.best) text += "\nbest so far: " + best_of(view);
  print_line(text);
  return 0;
}

}  // namespace

int run_sweeps(Client& client, const CommandLine& line) {
  if (line.sweep != 0) {
    const auto view = client.sweep(line.sweep);
    return view ? print_one(*view) : refuse(view.error());
  }
  const auto sweeps = client.sweeps();
  return sweeps ? print_all(*sweeps) : refuse(sweeps.error());
}

}  // namespace athanor::agent
