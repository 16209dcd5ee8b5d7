#include "core/journal/text.h"
#include "core/recipe/document.h"
#include "core/runner/commands.h"
#include "core/runner/output.h"
#include "core/runner/replay.h"
#include "core/runner/run_directory.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace athanor::runner {
namespace {

using nlohmann::json;

void warn_of_damage(const Replay& replay, Console& console) {
  for (const journal::Damage& damage : replay.damage) {
    console.warn(fmt::format("The journal is damaged at byte {} ({} bytes): {}; the rest was read", damage.offset,
                             damage.bytes, damage.reason));
  }
}

void show_events(const RunDirectory& run, bool as_json, Console& console) {
  json events = json::array();
  const auto each = [&](const journal::Event& event) {
    if (as_json) {
      events.push_back(json::parse(journal::to_json(event)));
    } else {
      print_line(journal::to_json(event));
    }
  };
  warn_of_damage(value_or_throw(replay(run.journal(), each)), console);
  if (as_json) print_line(json{{"run", run.folder().string()}, {"events", events}}.dump());
}

void show_metric(const RunDirectory& run, const Replay& replay, const std::string& name, bool as_json) {
  const auto found = replay.metrics.find(name);
  if (found == replay.metrics.end()) {
    std::string known;
    for (const auto& [other, points] : replay.metrics) known += (known.empty() ? "" : ", ") + other;
    throw Failure(ErrorKind::invalid_input, fmt::format("show the metric {}", name), "the run has none of this name",
                  known.empty() ? "It has no metrics yet" : "It has " + known);
  }
  json points = json::array();
  std::string text;
  for (const auto& [step, value] : found->second) {
    points.push_back({step, value});
    text += fmt::format("{}{}\t{}", text.empty() ? "" : "\n", step, value);
  }
  print_line(as_json ? json{{"run", run.folder().string()}, {"metric", name}, {"points", points}}.dump() : text);
}

json summary_json(const RunDirectory& run, const Replay& replay) {
  json metrics = json::object();
  std::int64_t step = 0;
  for (const auto& [name, points] : replay.metrics) {
    if (points.empty()) continue;
    metrics[name] = points.rbegin()->second;
    step = std::max(step, points.rbegin()->first);
  }
  json checkpoints = json::array();
  for (const auto& written : replay.checkpoints)
    checkpoints.push_back({{"step", written.step}, {"bytes", written.bytes}});
  json faults = json::array();
  for (const auto& fault : replay.faults) {
    faults.push_back({{"step", fault.step},
                      {"kind", fault.kind},
                      {"intention", fault.intention},
                      {"cause", fault.cause},
                      {"remedy", fault.remedy}});
  }
  return {{"run", run.folder().string()},
          {"state", journal::to_string(replay.state.state)},
          {"cause", replay.state.cause},
          {"step", step},
          {"metrics", metrics},
          {"checkpoints", checkpoints},
          {"faults", faults},
          {"recoveries", replay.recoveries.size()},
          {"events", replay.events},
          {"damage", replay.damage.size()},
          {"torn_tail_bytes", replay.torn_tail_bytes}};
}

std::string summary_text(const json& summary) {
  std::string out =
      fmt::format("run      {}\nstate    {}", summary["run"].get<std::string>(), summary["state"].get<std::string>());
  if (const auto cause = summary["cause"].get<std::string>(); !cause.empty()) out += " (" + cause + ")";
  out += fmt::format("\nstep     {}\n", summary["step"].get<std::int64_t>());
  for (const auto& [name, value] : summary["metrics"].items())
    out += fmt::format("  {:<24} {:.6g}\n", name, value.get<double>());
  out += fmt::format("events   {}", summary["events"].get<std::int64_t>());
  for (const json& fault : summary["faults"]) {
    out += fmt::format("\nfault    step {}: {}", fault["step"].get<std::int64_t>(), fault["cause"].get<std::string>());
  }
  return out;
}

}  // namespace

int run_show(const ShowOptions& options, Console& console) {
  if (options.fields) {
    std::string page = recipe::to_markdown();
    page.pop_back();
    print_line(page);
    return 0;
  }
  if (options.run.empty()) throw Failure(ErrorKind::invalid_input, "show a run", "none is named", "Name its folder");
  const RunDirectory run = value_or_throw(find_run(options.run));
  if (options.events) {
    show_events(run, options.json, console);
    return 0;
  }
  const Replay replayed = value_or_throw(replay(run.journal()));
  warn_of_damage(replayed, console);
  if (!options.metric.empty()) {
    show_metric(run, replayed, options.metric, options.json);
    return 0;
  }
  const json summary = summary_json(run, replayed);
  print_line(options.json ? summary.dump() : summary_text(summary));
  return 0;
}

}  // namespace athanor::runner
