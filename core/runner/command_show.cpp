#include "core/assembly/replay.h"
#include "core/assembly/run_directory.h"
#include "core/base/command_line.h"
#include "core/checkpoint/checkpoint.h"
#include "core/journal/reader.h"
#include "core/journal/text.h"
#include "core/recipe/document.h"
#include "core/runner/commands.h"
#include "core/timeline/chrome_trace.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace athanor::runner {
namespace {

using nlohmann::json;

// A journal that is not whole, in words; what a living run is about to complete is none of that.
std::vector<std::string> damage_of(const RunDirectory& run, const Replay& replay) {
  std::vector<std::string> out;
  for (const journal::Damage& damage : replay.damage) {
    out.push_back(fmt::format("The journal is damaged at byte {} ({} bytes): {}; the rest was read", damage.offset,
                              damage.bytes, damage.reason));
  }
  if (replay.torn_tail_bytes > 0 && !journal::has_writer(run.journal())) {
    out.push_back(
        fmt::format("The journal ends torn at byte {}: {} bytes are no whole event; what came before was "
                    "read",
                    replay.whole_bytes, replay.torn_tail_bytes));
  }
  return out;
}

// Says what is wrong with the journal; the exit status that follows from it.
int conclude(const RunDirectory& run, const Replay& replay, Console& console) {
  const auto damage = damage_of(run, replay);
  for (const std::string& text : damage) console.warn(text);
  return damage.empty() ? 0 : exit_status(ErrorKind::corrupt);
}

json damage_json(const Replay& replay) {
  json out = json::array();
  for (const journal::Damage& damage : replay.damage) {
    out.push_back({{"offset", damage.offset}, {"bytes", damage.bytes}, {"reason", damage.reason}});
  }
  return out;
}

// Whether the last word is one after which somebody should still be writing.
bool claims_to_go_on(const journal::StateChanged& changed) {
  using enum journal::RunState;
  return changed.state == preparing || changed.state == running || changed.state == stopping;
}

// A run that has not begun has no journal; one that has begun has lost it.
void refuse_without_journal(const RunDirectory& run) {
  if (run.has_run()) return;
  std::error_code code;
  const auto intention = fmt::format("show the run {}", run.folder().string());
  if (std::filesystem::exists(run.provenance(), code)) {
    throw Failure(ErrorKind::corrupt, intention, fmt::format("its {} is gone", run.journal().filename().string()),
                  "Restore it from a copy; the checkpoints are not touched and the run can go on with --resume");
  }
  throw Failure(ErrorKind::invalid_input, intention, "it has not begun: there is no journal yet",
                "Wait until it starts, or start it with athanor-agent");
}

// An event of another rank than the first names it.
std::string event_line(const journal::Event& event, int rank) {
  const std::string text = journal::to_json(event);
  if (rank == 0 || std::holds_alternative<journal::Span>(event.payload)) return text;
  return fmt::format("{{\"rank\":{},{}", rank, text.substr(1));
}

// Rank after rank. Of others than the first whatever cannot be read is passed over.
int show_events(const RunDirectory& run, bool as_json, Console& console) {
  json events = json::array();
  const auto each_of = [&](int rank) {
    return [&events, as_json, rank](const journal::Event& event) {
      if (as_json) {
        events.push_back(json::parse(event_line(event, rank)));
      } else {
        print_line(event_line(event, rank));
      }
    };
  };
  const Replay replayed = value_or_throw(replay(run.journal(), each_of(0)));
  for (const int rank : journal::ranks_in(run.folder())) {
    if (rank == 0) continue;
    if (const auto other = replay(run.journal(rank), each_of(rank)); !other) console.warn(other.error().message());
  }
  if (as_json) {
    print_line(json{{"run", run.folder().string()},
                    {"events", events},
                    {"damage", damage_json(replayed)},
                    {"torn_tail_bytes", replayed.torn_tail_bytes}}
                   .dump());
  }
  return conclude(run, replayed, console);
}

timeline::TraceRange trace_range(const ShowOptions& options) {
  static constexpr double kMost = 9e9;  // seconds; more nanoseconds cannot be counted
  const auto nanoseconds = [](double seconds) {
    return static_cast<std::int64_t>(std::clamp(seconds, 0.0, kMost) * 1e9);
  };
  timeline::TraceRange range;
  range.from_beginning = true;
  if (options.trace_from_s > 0) range.begin_ns = nanoseconds(options.trace_from_s);
  if (options.trace_to_s) range.end_ns = nanoseconds(*options.trace_to_s);
  return range;
}

int show_trace(const RunDirectory& run, const ShowOptions& options, Console& console) {
  const timeline::TraceWritten written =
      value_or_throw(timeline::write_chrome_trace(run.folder(), options.trace, trace_range(options)));
  for (const Error& error : written.passed_over) console.warn(error.message());
  print_line(options.json ? json{{"run", run.folder().string()},
                                 {"trace", options.trace.string()},
                                 {"ranks", written.ranks},
                                 {"spans", written.spans},
                                 {"marks", written.marks}}
                                .dump()
                          : fmt::format("{} spans of {} ranks and {} marks in {}", written.spans, written.ranks,
                                        written.marks, options.trace.string()));
  return 0;
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

// Only what is known of where the time went.
json recovery_json(const journal::Recovery& recovery) {
  json out = {{"step", recovery.step}, {"from", recovery.from}};
  if (recovery.rank >= 0) out["rank"] = recovery.rank;
  if (recovery.replicas > 0) out["replicas"] = recovery.replicas;
  for (const auto& [name, ms] : {std::pair("detect_ms", recovery.detect_ms), std::pair("decide_ms", recovery.decide_ms),
                                 std::pair("respawn_ms", recovery.respawn_ms), std::pair("load_ms", recovery.load_ms),
                                 std::pair("replay_ms", recovery.replay_ms)})
    if (ms >= 0) out[name] = ms;
  return out;
}

// "recovery step 29: …: detect 12 ms, decide 0 ms, …"
std::string recovery_text(const json& recovery) {
  std::string out =
      fmt::format("\nrecovery step {}: {}", recovery["step"].get<std::int64_t>(), recovery["from"].get<std::string>());
  std::string times;
  for (const char* part : {"detect", "decide", "respawn", "load", "replay"})
    if (const auto found = recovery.find(part + std::string("_ms")); found != recovery.end())
      times += fmt::format("{}{} {:.0f} ms", times.empty() ? ": " : ", ", part, found->get<double>());
  return out + times;
}

json straggler_json(const journal::StragglerSeen& seen) {
  json out = {{"step", seen.step},     {"rank", seen.rank},    {"since", seen.since},
              {"slower", seen.slower}, {"over", seen.is_over}, {"against_past", seen.against_past}};
  if (!seen.remedy.empty()) out["remedy"] = seen.remedy;
  return out;
}

// "straggler step 96: rank 1 takes 103 % longer than ranks with the same work, since step 49: see …"
std::string straggler_text(const json& seen) {
  const std::string rank =
      fmt::format("\nstraggler step {}: rank {}", seen["step"].get<std::int64_t>(), seen["rank"].get<int>());
  if (seen["over"].get<bool>())
    return rank + fmt::format(" has caught up since step {}", seen["since"].get<std::int64_t>());
  return rank + fmt::format(" takes {:.0f} % longer than {}, since step {}: {}", seen["slower"].get<double>() * 100,
                            seen["against_past"].get<bool>() ? "at the beginning" : "ranks with the same work",
                            seen["since"].get<std::int64_t>(), seen["remedy"].get<std::string>());
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
  for (const checkpoint::Saved& saved : checkpoint::saved(run.checkpoints()))
    checkpoints.push_back({{"step", saved.step}, {"bytes", saved.bytes}});
  json faults = json::array();
  for (const auto& fault : replay.faults) {
    faults.push_back({{"step", fault.step},
                      {"kind", fault.kind},
                      {"intention", fault.intention},
                      {"cause", fault.cause},
                      {"remedy", fault.remedy}});
  }
  json recovered = json::array();
  for (const auto& recovery : replay.recoveries) recovered.push_back(recovery_json(recovery));
  json stragglers = json::array();
  for (const auto& seen : replay.stragglers) stragglers.push_back(straggler_json(seen));
  json shifts = json::array();
  for (const auto& shift : replay.shifts)
    shifts.push_back({{"step", shift.step},
                      {"what", shift.is_of_layers ? "layers" : "micro_batches"},
                      {"from", shift.from},
                      {"to", shift.to},
                      {"gain", shift.gain}});
  return {{"run", run.folder().string()},
          {"state", journal::to_string(replay.state.state)},
          {"cause", replay.state.cause},
          {"live", journal::has_writer(run.journal())},
          {"step", step},
          {"metrics", metrics},
          {"checkpoints", checkpoints},
          {"faults", faults},
          {"recoveries", replay.recoveries.size()},
          {"recovered", recovered},
          {"stragglers", stragglers},
          {"shifts", shifts},
          {"events", replay.events},
          {"damage", damage_json(replay)},
          {"torn_tail_bytes", replay.torn_tail_bytes}};
}

std::string summary_text(const json& summary, bool abandoned) {
  std::string out =
      fmt::format("run      {}\nstate    {}", summary["run"].get<std::string>(), summary["state"].get<std::string>());
  if (const auto cause = summary["cause"].get<std::string>(); !cause.empty()) out += " (" + cause + ")";
  if (abandoned) out += ", but no process of this machine writes its journal: it ended without a word";
  out += fmt::format("\nstep     {}\n", summary["step"].get<std::int64_t>());
  for (const auto& [name, value] : summary["metrics"].items())
    out += fmt::format("  {:<24} {:.6g}\n", name, value.get<double>());
  std::string saved;
  for (const json& one : summary["checkpoints"])
    saved += fmt::format("{}{}", saved.empty() ? "" : ", ", one["step"].get<std::int64_t>());
  if (!saved.empty()) out += fmt::format("saved    {}\n", saved);
  out += fmt::format("events   {}", summary["events"].get<std::int64_t>());
  for (const json& recovery : summary["recovered"]) out += recovery_text(recovery);
  for (const json& seen : summary["stragglers"]) out += straggler_text(seen);
  for (const json& shift : summary["shifts"])
    out += fmt::format("\nshares   step {}: {} {} instead of {}, for a step {:.0f} % shorter",
                       shift["step"].get<std::int64_t>(), shift["to"].get<std::string>(),
                       shift["what"] == "layers" ? "layers" : "micro-batches", shift["from"].get<std::string>(),
                       shift["gain"].get<double>() * 100);
  for (const json& fault : summary["faults"]) {
    out += fmt::format("\nfault    step {}: {}", fault["step"].get<std::int64_t>(), fault["cause"].get<std::string>());
  }
  return out;
}

}  // namespace

int run_show(const ShowOptions& options, Console& console) {
  if (options.fields) {
    std::string page = options.json ? recipe::to_json() : recipe::to_markdown();
    if (page.ends_with('\n')) page.pop_back();
    print_line(page);
    return 0;
  }
  if (options.run.empty()) {
    throw Failure(ErrorKind::invalid_input, "show a run", "none is named", "Give its folder, name or number");
  }
  const RunDirectory run = value_or_throw(find_run(options.run));
  refuse_without_journal(run);
  if (options.events) return show_events(run, options.json, console);
  if (!options.trace.empty()) return show_trace(run, options, console);
  const Replay replayed = value_or_throw(replay(run.journal()));
  if (!options.metric.empty()) {
    show_metric(run, replayed, options.metric, options.json);
    return conclude(run, replayed, console);
  }
  const json summary = summary_json(run, replayed);
  const bool abandoned = claims_to_go_on(replayed.state) && !summary["live"].get<bool>();
  print_line(options.json ? summary.dump(-1, ' ', false, json::error_handler_t::replace)
                          : summary_text(summary, abandoned));
  return conclude(run, replayed, console);
}

}  // namespace athanor::runner
