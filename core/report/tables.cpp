#include "core/report/tables.h"

#include "core/import/csv_cells.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <set>

namespace athanor::report {
namespace {

using imports::csv_cell;
using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// JSON knows no others.
std::string json_number(double value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  return exact(value);
}

Json facts_json(const RunFacts& facts) {
  const store::Run& run = facts.run;
  Json json = {{"id", run.id},
               {"name", run.name},
               {"status", store::to_string(run.status)},
               {"cause", run.cause},
               {"model", run.model},
               {"created_ns", run.created_ns},
               {"started_ns", run.started_ns},
               {"ended_ns", run.ended_ns},
               {"step", run.step},
               {"steps", run.steps},
               {"tags", run.tags},
               {"note", run.note},
               {"directory", run.directory},
               {"recipe", run.recipe_toml}};
  if (run.parent) json["parent"] = *run.parent;
  if (run.parent) json["fork_step"] = run.fork_step;
  json["settings"] = Json::object();
  for (const auto& [path, value] : facts.settings) {
    if (const auto* number = std::get_if<double>(&value))
      json["settings"][path] = *number;
    else
      json["settings"][path] = std::get<std::string>(value);
  }
  json["provenance"] = Json::object();
  for (const auto& [name, text] : facts.provenance) json["provenance"][name] = text;
  return json;
}

}  // namespace

void write_samples_csv(store::Reader& history, std::span<const RunFacts> runs, OutFile& out) {
  out.add("run,name,metric,step,time_ns,value\n");
  for (const RunFacts& facts : runs) {
    for (const auto& [metric, known] : facts.metrics) {
      const std::string head = fmt::format("{},{},{},", facts.run.id, csv_cell(facts.run.name), csv_cell(metric));
      each_sample(history, facts.run.id, metric, known, [&](const store::Point& point) {
        out.add(fmt::format("{}{},{},{}\n", head, point.step, point.time_ns, point.value));
      });
    }
  }
}

void write_runs_csv(std::span<const RunFacts> runs, OutFile& out) {
  std::set<std::string> settings, metrics;
  for (const RunFacts& facts : runs) {
    for (const auto& [path, value] : facts.settings) settings.insert(path);
    for (const auto& [metric, value] : facts.metrics) metrics.insert(metric);
  }
  std::string head =
      "run,name,status,cause,model,created_ns,started_ns,ended_ns,step,steps,parent,fork_step,tags,note,directory";
  for (const std::string& path : settings) head += ',' + csv_cell(path);
  for (const std::string& metric : metrics) head += ',' + csv_cell(metric);
  out.add(head + '\n');
  for (const RunFacts& facts : runs) {
    const store::Run& run = facts.run;
    std::string row = fmt::format(
        "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}", run.id, csv_cell(run.name), store::to_string(run.status),
        csv_cell(run.cause), csv_cell(run.model), run.created_ns, run.started_ns, run.ended_ns, run.step, run.steps,
        run.parent ? std::to_string(*run.parent) : "", run.parent ? std::to_string(run.fork_step) : "",
        csv_cell(fmt::format("{}", fmt::join(run.tags, ";"))), csv_cell(run.note), csv_cell(run.directory));
    for (const std::string& path : settings) {
      const auto found = facts.settings.find(path);
      row += ',' + (found == facts.settings.end() ? std::string() : csv_cell(exact(found->second)));
    }
    for (const std::string& metric : metrics) {
      const auto found = facts.metrics.find(metric);
      row += ',' + (found == facts.metrics.end() ? std::string() : exact(found->second.last));
    }
    out.add(row + '\n');
  }
}

void write_runs_json(store::Reader& history, std::span<const RunFacts> runs, OutFile& out) {
  out.add("{\"runs\": [");
  for (const RunFacts& facts : runs) {
    std::string head = dumped(facts_json(facts));
    head.pop_back();  // the bracket that closes it
    out.add(&facts == runs.data() ? "\n" : ",\n");
    out.add(head + ",\"metrics\":{");
    bool is_first = true;
    for (const auto& [metric, known] : facts.metrics) {
      out.add(fmt::format("{}\n{}:[", is_first ? "" : ",", dumped(metric)));
      is_first = false;
      const char* between = "";
      each_sample(history, facts.run.id, metric, known, [&](const store::Point& point) {
        out.add(fmt::format("{}[{},{},{}]", between, point.step, point.time_ns, json_number(point.value)));
        between = ",";
      });
      out.add("]");
    }
    out.add("}}");
  }
  out.add("]}\n");
}

}  // namespace athanor::report
